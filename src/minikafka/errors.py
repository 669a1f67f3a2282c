"""Kafka's error codes, and the exceptions of this package.

The codes, names and default sentences are Apache Kafka's (``org.apache.kafka.common.protocol.Errors``):
they travel on the wire, so clients and people see Kafka's own words. A leaf: imports nothing of the package.
"""

from __future__ import annotations

from typing import Final

_MESSAGES: dict[int, str] = {}
_RETRIABLE: set[int] = set()


def _error(code: int, message: str, *, retriable: bool = False) -> int:
    _MESSAGES[code] = message
    if retriable:
        _RETRIABLE.add(code)
    return code


UNKNOWN_SERVER_ERROR: Final = _error(
    -1,
    "The server experienced an unexpected error when processing the request.",
)
NONE: Final = _error(0, "NONE")
OFFSET_OUT_OF_RANGE: Final = _error(
    1,
    "The requested offset is not within the range of offsets maintained by the server.",
)
CORRUPT_MESSAGE: Final = _error(
    2,
    "This message has failed its CRC checksum, exceeds the valid size, has a null key for a "
    "compacted topic, or is otherwise corrupt.",
    retriable=True,
)
UNKNOWN_TOPIC_OR_PARTITION: Final = _error(
    3,
    "This server does not host this topic-partition.",
    retriable=True,
)
INVALID_FETCH_SIZE: Final = _error(4, "The requested fetch size is invalid.")
LEADER_NOT_AVAILABLE: Final = _error(
    5,
    "There is no leader for this topic-partition as we are in the middle of a leadership election.",
    retriable=True,
)
NOT_LEADER_OR_FOLLOWER: Final = _error(
    6,
    "For requests intended only for the leader, this error indicates that the broker is not the "
    "current leader. For requests intended for any replica, this error indicates that the broker is "
    "not a replica of the topic partition.",
    retriable=True,
)
REQUEST_TIMED_OUT: Final = _error(7, "The request timed out.", retriable=True)
BROKER_NOT_AVAILABLE: Final = _error(8, "The broker is not available.")
REPLICA_NOT_AVAILABLE: Final = _error(
    9,
    "The replica is not available for the requested topic-partition. Produce/Fetch requests and "
    "other requests intended only for the leader or follower return NOT_LEADER_OR_FOLLOWER if the "
    "broker is not a replica of the topic-partition.",
    retriable=True,
)
MESSAGE_TOO_LARGE: Final = _error(
    10,
    "The request included a message larger than the max message size the server will accept.",
)
STALE_CONTROLLER_EPOCH: Final = _error(11, "The controller moved to another broker.")
OFFSET_METADATA_TOO_LARGE: Final = _error(12, "The metadata field of the offset request was too large.")
NETWORK_EXCEPTION: Final = _error(
    13,
    "The server disconnected before a response was received.",
    retriable=True,
)
COORDINATOR_LOAD_IN_PROGRESS: Final = _error(
    14,
    "The coordinator is loading and hence can't process requests.",
    retriable=True,
)
COORDINATOR_NOT_AVAILABLE: Final = _error(15, "The coordinator is not available.", retriable=True)
NOT_COORDINATOR: Final = _error(16, "This is not the correct coordinator.", retriable=True)
INVALID_TOPIC_EXCEPTION: Final = _error(
    17,
    "The request attempted to perform an operation on an invalid topic.",
)
RECORD_LIST_TOO_LARGE: Final = _error(
    18,
    "The request included message batch larger than the configured segment size on the server.",
)
NOT_ENOUGH_REPLICAS: Final = _error(
    19,
    "Messages are rejected since there are fewer in-sync replicas than required.",
    retriable=True,
)
NOT_ENOUGH_REPLICAS_AFTER_APPEND: Final = _error(
    20,
    "Messages are written to the log, but to fewer in-sync replicas than required.",
    retriable=True,
)
INVALID_REQUIRED_ACKS: Final = _error(21, "Produce request specified an invalid value for required acks.")
ILLEGAL_GENERATION: Final = _error(22, "Specified group generation id is not valid.")
INCONSISTENT_GROUP_PROTOCOL: Final = _error(
    23,
    "The group member's supported protocols are incompatible with those of existing members or first "
    "group member tried to join with empty protocol type or empty protocol list.",
)
INVALID_GROUP_ID: Final = _error(24, "The group id is invalid.")
UNKNOWN_MEMBER_ID: Final = _error(25, "The coordinator is not aware of this member.")
INVALID_SESSION_TIMEOUT: Final = _error(
    26,
    "The session timeout is not within the range allowed by the broker (as configured by "
    "group.min.session.timeout.ms and group.max.session.timeout.ms).",
)
REBALANCE_IN_PROGRESS: Final = _error(27, "The group is rebalancing, so a rejoin is needed.")
INVALID_COMMIT_OFFSET_SIZE: Final = _error(28, "The committing offset data size is not valid.")
TOPIC_AUTHORIZATION_FAILED: Final = _error(29, "Topic authorization failed.")
GROUP_AUTHORIZATION_FAILED: Final = _error(30, "Group authorization failed.")
CLUSTER_AUTHORIZATION_FAILED: Final = _error(31, "Cluster authorization failed.")
INVALID_TIMESTAMP: Final = _error(32, "The timestamp of the message is out of acceptable range.")
UNSUPPORTED_SASL_MECHANISM: Final = _error(33, "The broker does not support the requested SASL mechanism.")
ILLEGAL_SASL_STATE: Final = _error(34, "Request is not valid given the current SASL state.")
UNSUPPORTED_VERSION: Final = _error(35, "The version of API is not supported.")
TOPIC_ALREADY_EXISTS: Final = _error(36, "Topic with this name already exists.")
INVALID_PARTITIONS: Final = _error(37, "Number of partitions is below 1.")
INVALID_REPLICATION_FACTOR: Final = _error(
    38,
    "Replication factor is below 1 or larger than the number of available brokers.",
)
INVALID_REPLICA_ASSIGNMENT: Final = _error(39, "Replica assignment is invalid.")
INVALID_CONFIG: Final = _error(40, "Configuration is invalid.")
NOT_CONTROLLER: Final = _error(41, "This is not the correct controller for this cluster.", retriable=True)
INVALID_REQUEST: Final = _error(
    42,
    "This most likely occurs because of a request being malformed by the client library or the "
    "message was sent to an incompatible broker. See the broker logs for more details.",
)
UNSUPPORTED_FOR_MESSAGE_FORMAT: Final = _error(
    43,
    "The message format version on the broker does not support the request.",
)
POLICY_VIOLATION: Final = _error(44, "Request parameters do not satisfy the configured policy.")
OUT_OF_ORDER_SEQUENCE_NUMBER: Final = _error(45, "The broker received an out of order sequence number.")
DUPLICATE_SEQUENCE_NUMBER: Final = _error(46, "The broker received a duplicate sequence number.")
INVALID_PRODUCER_EPOCH: Final = _error(47, "Producer attempted to produce with an old epoch.")
INVALID_TXN_STATE: Final = _error(48, "The producer attempted a transactional operation in an invalid state.")
INVALID_PRODUCER_ID_MAPPING: Final = _error(
    49,
    "The producer attempted to use a producer id which is not currently assigned to its transactional id.",
)
INVALID_TRANSACTION_TIMEOUT: Final = _error(
    50,
    "The transaction timeout is larger than the maximum value allowed by the broker (as configured "
    "by transaction.max.timeout.ms).",
)
CONCURRENT_TRANSACTIONS: Final = _error(
    51,
    "The producer attempted to update a transaction while another concurrent operation on the same "
    "transaction was ongoing.",
    retriable=True,
)
TRANSACTION_COORDINATOR_FENCED: Final = _error(
    52,
    "Indicates that the transaction coordinator sending a WriteTxnMarker is no longer the current "
    "coordinator for a given producer.",
)
TRANSACTIONAL_ID_AUTHORIZATION_FAILED: Final = _error(53, "Transactional Id authorization failed.")
SECURITY_DISABLED: Final = _error(54, "Security features are disabled.")
OPERATION_NOT_ATTEMPTED: Final = _error(
    55,
    "The broker did not attempt to execute this operation. This may happen for batched RPCs where "
    "some operations in the batch failed, causing the broker to respond without trying the rest.",
)
KAFKA_STORAGE_ERROR: Final = _error(
    56,
    "Disk error when trying to access log file on the disk.",
    retriable=True,
)
LOG_DIR_NOT_FOUND: Final = _error(57, "The user-specified log directory is not found in the broker config.")
SASL_AUTHENTICATION_FAILED: Final = _error(58, "SASL Authentication failed.")
UNKNOWN_PRODUCER_ID: Final = _error(
    59,
    "This exception is raised by the broker if it could not locate the producer metadata associated "
    "with the producerId in question. This could happen if, for instance, the producer's records "
    "were deleted because their retention time had elapsed. Once the last records of the producerId "
    "are removed, the producer's metadata is removed from the broker, and future appends by the "
    "producer will return this exception.",
)
REASSIGNMENT_IN_PROGRESS: Final = _error(60, "A partition reassignment is in progress.")
DELEGATION_TOKEN_AUTH_DISABLED: Final = _error(61, "Delegation Token feature is not enabled.")
DELEGATION_TOKEN_NOT_FOUND: Final = _error(62, "Delegation Token is not found on server.")
DELEGATION_TOKEN_OWNER_MISMATCH: Final = _error(63, "Specified Principal is not valid Owner/Renewer.")
DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: Final = _error(
    64,
    "Delegation Token requests are not allowed on PLAINTEXT/1-way SSL channels and on delegation "
    "token authenticated channels.",
)
DELEGATION_TOKEN_AUTHORIZATION_FAILED: Final = _error(65, "Delegation Token authorization failed.")
DELEGATION_TOKEN_EXPIRED: Final = _error(66, "Delegation Token is expired.")
INVALID_PRINCIPAL_TYPE: Final = _error(67, "Supplied principalType is not supported.")
NON_EMPTY_GROUP: Final = _error(68, "The group is not empty.")
GROUP_ID_NOT_FOUND: Final = _error(69, "The group id does not exist.")
FETCH_SESSION_ID_NOT_FOUND: Final = _error(70, "The fetch session ID was not found.", retriable=True)
INVALID_FETCH_SESSION_EPOCH: Final = _error(71, "The fetch session epoch is invalid.", retriable=True)
LISTENER_NOT_FOUND: Final = _error(
    72,
    "There is no listener on the leader broker that matches the listener on which metadata request was processed.",
    retriable=True,
)
TOPIC_DELETION_DISABLED: Final = _error(73, "Topic deletion is disabled.")
FENCED_LEADER_EPOCH: Final = _error(
    74,
    "The leader epoch in the request is older than the epoch on the broker.",
    retriable=True,
)
UNKNOWN_LEADER_EPOCH: Final = _error(
    75,
    "The leader epoch in the request is newer than the epoch on the broker.",
    retriable=True,
)
UNSUPPORTED_COMPRESSION_TYPE: Final = _error(
    76,
    "The requesting client does not support the compression type of given partition.",
)
STALE_BROKER_EPOCH: Final = _error(77, "Broker epoch has changed.")
OFFSET_NOT_AVAILABLE: Final = _error(
    78,
    "The leader high watermark has not caught up from a recent leader election so the offsets cannot "
    "be guaranteed to be monotonically increasing.",
    retriable=True,
)
MEMBER_ID_REQUIRED: Final = _error(
    79,
    "The group member needs to have a valid member id before actually entering a consumer group.",
)
PREFERRED_LEADER_NOT_AVAILABLE: Final = _error(80, "The preferred leader was not available.", retriable=True)
GROUP_MAX_SIZE_REACHED: Final = _error(81, "The group has reached its maximum size.")
FENCED_INSTANCE_ID: Final = _error(
    82,
    "The broker rejected this static consumer since another consumer with the same group.instance.id "
    "has registered with a different member.id.",
)
ELIGIBLE_LEADERS_NOT_AVAILABLE: Final = _error(
    83,
    "Eligible topic partition leaders are not available.",
    retriable=True,
)
ELECTION_NOT_NEEDED: Final = _error(84, "Leader election not needed for topic partition.", retriable=True)
NO_REASSIGNMENT_IN_PROGRESS: Final = _error(85, "No partition reassignment is in progress.")
GROUP_SUBSCRIBED_TO_TOPIC: Final = _error(
    86,
    "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.",
)
INVALID_RECORD: Final = _error(
    87,
    "This record has failed the validation on broker and hence will be rejected.",
)
UNSTABLE_OFFSET_COMMIT: Final = _error(
    88,
    "There are unstable offsets that need to be cleared.",
    retriable=True,
)
THROTTLING_QUOTA_EXCEEDED: Final = _error(89, "The throttling quota has been exceeded.", retriable=True)
PRODUCER_FENCED: Final = _error(
    90,
    "There is a newer producer with the same transactionalId which fences the current one.",
)
RESOURCE_NOT_FOUND: Final = _error(91, "A request illegally referred to a resource that does not exist.")
DUPLICATE_RESOURCE: Final = _error(92, "A request illegally referred to the same resource twice.")
UNACCEPTABLE_CREDENTIAL: Final = _error(93, "Requested credential would not meet criteria for acceptability.")
INCONSISTENT_VOTER_SET: Final = _error(
    94,
    "Indicates that the either the sender or recipient of a voter-only request is not one of the expected voters.",
)
INVALID_UPDATE_VERSION: Final = _error(95, "The given update version was invalid.")
FEATURE_UPDATE_FAILED: Final = _error(
    96,
    "Unable to update finalized features due to an unexpected server error.",
)
PRINCIPAL_DESERIALIZATION_FAILURE: Final = _error(
    97,
    "Request principal deserialization failed during forwarding. This indicates an internal error on "
    "the broker cluster security setup.",
)
SNAPSHOT_NOT_FOUND: Final = _error(98, "Requested snapshot was not found.")
POSITION_OUT_OF_RANGE: Final = _error(
    99,
    "Requested position is not greater than or equal to zero, and less than the size of the snapshot.",
)
UNKNOWN_TOPIC_ID: Final = _error(100, "This server does not host this topic ID.", retriable=True)
DUPLICATE_BROKER_REGISTRATION: Final = _error(101, "This broker ID is already in use.")
BROKER_ID_NOT_REGISTERED: Final = _error(102, "The given broker ID was not registered.")
INCONSISTENT_TOPIC_ID: Final = _error(
    103,
    "The log's topic ID did not match the topic ID in the request.",
    retriable=True,
)
INCONSISTENT_CLUSTER_ID: Final = _error(
    104,
    "The clusterId in the request does not match that found on the server.",
)
TRANSACTIONAL_ID_NOT_FOUND: Final = _error(105, "The transactionalId could not be found.")
FETCH_SESSION_TOPIC_ID_ERROR: Final = _error(
    106,
    "The fetch session encountered inconsistent topic ID usage.",
    retriable=True,
)
INELIGIBLE_REPLICA: Final = _error(107, "The new ISR contains at least one ineligible replica.")
NEW_LEADER_ELECTED: Final = _error(
    108,
    "The AlterPartition request successfully updated the partition state but the leader has changed.",
)
OFFSET_MOVED_TO_TIERED_STORAGE: Final = _error(109, "The requested offset is moved to tiered storage.")
FENCED_MEMBER_EPOCH: Final = _error(
    110,
    "The member epoch is fenced by the group coordinator. The member must abandon all its partitions and rejoin.",
)
UNRELEASED_INSTANCE_ID: Final = _error(
    111,
    "The instance ID is still used by another member in the consumer group. That member must leave first.",
)
UNSUPPORTED_ASSIGNOR: Final = _error(
    112,
    "The assignor or its version range is not supported by the consumer group.",
)
STALE_MEMBER_EPOCH: Final = _error(
    113,
    "The member epoch is stale. The member must retry after receiving its updated member epoch via "
    "the ConsumerGroupHeartbeat API.",
)
MISMATCHED_ENDPOINT_TYPE: Final = _error(114, "The request was sent to an endpoint of the wrong type.")
UNSUPPORTED_ENDPOINT_TYPE: Final = _error(115, "This endpoint type is not supported yet.")
UNKNOWN_CONTROLLER_ID: Final = _error(116, "This controller ID is not known.")
UNKNOWN_SUBSCRIPTION_ID: Final = _error(
    117,
    "Client sent a push telemetry request with an invalid or outdated subscription ID.",
)
TELEMETRY_TOO_LARGE: Final = _error(
    118,
    "Client sent a push telemetry request larger than the maximum size the broker will accept.",
)
INVALID_REGISTRATION: Final = _error(
    119,
    "The controller has considered the broker registration to be invalid.",
)
TRANSACTION_ABORTABLE: Final = _error(
    120,
    "The server encountered an error with the transaction. The client can abort the transaction to "
    "continue using this transactional ID.",
)
INVALID_RECORD_STATE: Final = _error(
    121,
    "The record state is invalid. The acknowledgement of delivery could not be completed.",
)
SHARE_SESSION_NOT_FOUND: Final = _error(122, "The share session was not found.", retriable=True)
INVALID_SHARE_SESSION_EPOCH: Final = _error(123, "The share session epoch is invalid.", retriable=True)
FENCED_STATE_EPOCH: Final = _error(
    124,
    "The share coordinator rejected the request because the share-group state epoch did not match.",
)
INVALID_VOTER_KEY: Final = _error(125, "The voter key doesn't match the receiving replica's key.")
DUPLICATE_VOTER: Final = _error(126, "The voter is already part of the set of voters.")
VOTER_NOT_FOUND: Final = _error(127, "The voter is not part of the set of voters.")
INVALID_REGULAR_EXPRESSION: Final = _error(128, "The regular expression is not valid.")
REBOOTSTRAP_REQUIRED: Final = _error(
    129,
    "Client metadata is stale. The client should rebootstrap to obtain new metadata.",
)
STREAMS_INVALID_TOPOLOGY: Final = _error(130, "The supplied topology is invalid.")
STREAMS_INVALID_TOPOLOGY_EPOCH: Final = _error(131, "The supplied topology epoch is invalid.")
STREAMS_TOPOLOGY_FENCED: Final = _error(132, "The supplied topology epoch is outdated.")
SHARE_SESSION_LIMIT_REACHED: Final = _error(
    133,
    "The limit of share sessions has been reached.",
    retriable=True,
)

NAMES: Final[dict[int, str]] = {
    code: name for name, code in list(globals().items()) if name.isupper() and isinstance(code, int)
}


def name_of(code: int) -> str:
    """Kafka's name of an error code, e.g. ``3 -> "UNKNOWN_TOPIC_OR_PARTITION"``."""
    return NAMES.get(code, f"UNKNOWN_ERROR_CODE_{code}")


def message_of(code: int) -> str:
    """The sentence Kafka sends with an error code when nothing more exact is known."""
    return _MESSAGES.get(code, f"Unknown error code {code}.")


def is_retriable(code: int) -> bool:
    """Whether Kafka's clients try again after this error (``RetriableException``)."""
    return code in _RETRIABLE


class MinikafkaError(Exception):
    """The root of every exception this package raises on purpose."""


class ApiError(MinikafkaError):
    """A request, or a part of one, is refused with a Kafka error code."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(message if message is not None else message_of(code))
        self.code = code

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def name(self) -> str:
        return name_of(self.code)


class ProtocolError(MinikafkaError):
    """Bytes from the peer that do not follow Kafka's wire protocol."""


class ConfigError(MinikafkaError):
    """A configuration that cannot be used; names key, value, what is allowed and, if known, the place."""


class StorageError(MinikafkaError):
    """A log directory or a file of the log cannot be used; clients see KAFKA_STORAGE_ERROR."""


class CorruptLogError(StorageError):
    """Bytes on disk that are not what was written; the text names file, position and offset."""
