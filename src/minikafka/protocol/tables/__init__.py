"""Every message of Kafka's protocol, as tables of text: one message once, all its versions together.

The versions are the union of Apache Kafka 3.9.1 and 4.2.0. A table is read only when one of its messages is first
used. A message is one line, then its fields, in the order they lie on the wire:

    FetchRequest versions 0-18 flexible 12+
      max_bytes       int32         3+    ignorable = 2147483647
      topics          [FetchTopic]
        topic         string        0-12  ignorable
        partitions    [FetchPartition]
      cluster_id      string?       12+   tag 0 ignorable = null

- ``flexible 12+``: from version 12 on lengths are varints ("compact") and every struct ends with tagged fields
  (KIP-482). ``unstable 6``: Kafka has not released version 6 yet (or never did).
- Types: ``boolean int8 int16 uint16 int32 uint32 int64 float64 uuid string bytes records``, the name of a struct,
  ``[T]`` an array. The fields of a struct stand indented below its first use. ``?``: may be null; ``?3+``, ``?0-6``:
  may be null in these versions.
- Versions: those that have the field, of those that have the struct around it; nothing: all of them.
- ``tag 0``: a tagged field, written only when it differs from its default. Tagged fields come last.
- ``ignorable``: dropped where the version lacks the field; without it a value other than the default is refused.
- ``not_compact``: keeps its fixed-width length in flexible versions.
- ``= x``: the default; without it the zero of the type: 0, false, "", empty, null for records.
"""

from __future__ import annotations

from typing import Final

# fmt: off
APIS: Final[dict[int, tuple[str, str]]] = {
    0: ("Produce", "records"),
    1: ("Fetch", "records"),
    2: ("ListOffsets", "records"),
    3: ("Metadata", "cluster"),
    4: ("LeaderAndIsr", "controller"),
    5: ("StopReplica", "controller"),
    6: ("UpdateMetadata", "controller"),
    7: ("ControlledShutdown", "controller"),
    8: ("OffsetCommit", "groups"),
    9: ("OffsetFetch", "groups"),
    10: ("FindCoordinator", "cluster"),
    11: ("JoinGroup", "groups"),
    12: ("Heartbeat", "groups"),
    13: ("LeaveGroup", "groups"),
    14: ("SyncGroup", "groups"),
    15: ("DescribeGroups", "groups"),
    16: ("ListGroups", "groups"),
    17: ("SaslHandshake", "security"),
    18: ("ApiVersions", "cluster"),
    19: ("CreateTopics", "topics"),
    20: ("DeleteTopics", "topics"),
    21: ("DeleteRecords", "records"),
    22: ("InitProducerId", "transactions"),
    23: ("OffsetForLeaderEpoch", "records"),
    24: ("AddPartitionsToTxn", "transactions"),
    25: ("AddOffsetsToTxn", "transactions"),
    26: ("EndTxn", "transactions"),
    27: ("WriteTxnMarkers", "transactions"),
    28: ("TxnOffsetCommit", "transactions"),
    29: ("DescribeAcls", "security"),
    30: ("CreateAcls", "security"),
    31: ("DeleteAcls", "security"),
    32: ("DescribeConfigs", "configs"),
    33: ("AlterConfigs", "configs"),
    34: ("AlterReplicaLogDirs", "topics"),
    35: ("DescribeLogDirs", "topics"),
    36: ("SaslAuthenticate", "security"),
    37: ("CreatePartitions", "topics"),
    38: ("CreateDelegationToken", "security"),
    39: ("RenewDelegationToken", "security"),
    40: ("ExpireDelegationToken", "security"),
    41: ("DescribeDelegationToken", "security"),
    42: ("DeleteGroups", "groups"),
    43: ("ElectLeaders", "topics"),
    44: ("IncrementalAlterConfigs", "configs"),
    45: ("AlterPartitionReassignments", "topics"),
    46: ("ListPartitionReassignments", "topics"),
    47: ("OffsetDelete", "groups"),
    48: ("DescribeClientQuotas", "configs"),
    49: ("AlterClientQuotas", "configs"),
    50: ("DescribeUserScramCredentials", "security"),
    51: ("AlterUserScramCredentials", "security"),
    52: ("Vote", "quorum"),
    53: ("BeginQuorumEpoch", "quorum"),
    54: ("EndQuorumEpoch", "quorum"),
    55: ("DescribeQuorum", "quorum"),
    56: ("AlterPartition", "controller"),
    57: ("UpdateFeatures", "configs"),
    58: ("Envelope", "controller"),
    59: ("FetchSnapshot", "quorum"),
    60: ("DescribeCluster", "cluster"),
    61: ("DescribeProducers", "records"),
    62: ("BrokerRegistration", "controller"),
    63: ("BrokerHeartbeat", "controller"),
    64: ("UnregisterBroker", "controller"),
    65: ("DescribeTransactions", "transactions"),
    66: ("ListTransactions", "transactions"),
    67: ("AllocateProducerIds", "controller"),
    68: ("ConsumerGroupHeartbeat", "consumer_groups"),
    69: ("ConsumerGroupDescribe", "consumer_groups"),
    70: ("ControllerRegistration", "controller"),
    71: ("GetTelemetrySubscriptions", "configs"),
    72: ("PushTelemetry", "configs"),
    73: ("AssignReplicasToDirs", "controller"),
    74: ("ListConfigResources", "configs"),
    75: ("DescribeTopicPartitions", "cluster"),
    76: ("ShareGroupHeartbeat", "share_groups"),
    77: ("ShareGroupDescribe", "share_groups"),
    78: ("ShareFetch", "share_groups"),
    79: ("ShareAcknowledge", "share_groups"),
    80: ("AddRaftVoter", "quorum"),
    81: ("RemoveRaftVoter", "quorum"),
    82: ("UpdateRaftVoter", "quorum"),
    83: ("InitializeShareGroupState", "share_groups"),
    84: ("ReadShareGroupState", "share_groups"),
    85: ("WriteShareGroupState", "share_groups"),
    86: ("DeleteShareGroupState", "share_groups"),
    87: ("ReadShareGroupStateSummary", "share_groups"),
    88: ("StreamsGroupHeartbeat", "consumer_groups"),
    89: ("StreamsGroupDescribe", "consumer_groups"),
    90: ("DescribeShareGroupOffsets", "share_groups"),
    91: ("AlterShareGroupOffsets", "share_groups"),
    92: ("DeleteShareGroupOffsets", "share_groups"),
}
"""API key -> name without Request or Response, table that holds the two messages."""

GROUP_RECORDS: Final[dict[int, str]] = {
    0: "LegacyOffsetCommit",
    1: "OffsetCommit",
    2: "GroupMetadata",
    3: "ConsumerGroupMetadata",
    4: "ConsumerGroupPartitionMetadata",
    5: "ConsumerGroupMemberMetadata",
    6: "ConsumerGroupTargetAssignmentMetadata",
    7: "ConsumerGroupTargetAssignmentMember",
    8: "ConsumerGroupCurrentMemberAssignment",
    9: "ShareGroupPartitionMetadata",
    10: "ShareGroupMemberMetadata",
    11: "ShareGroupMetadata",
    12: "ShareGroupTargetAssignmentMetadata",
    13: "ShareGroupTargetAssignmentMember",
    14: "ShareGroupCurrentMemberAssignment",
    15: "ShareGroupStatePartitionMetadata",
    16: "ConsumerGroupRegularExpression",
    17: "StreamsGroupMetadata",
    19: "StreamsGroupMemberMetadata",
    20: "StreamsGroupTargetAssignmentMetadata",
    21: "StreamsGroupTargetAssignmentMember",
    22: "StreamsGroupCurrentMemberAssignment",
    23: "StreamsGroupTopology",
}
"""Record type in ``__consumer_offsets`` -> name without Key or Value (Kafka: CoordinatorRecordType)."""

TRANSACTION_RECORDS: Final[dict[int, str]] = {0: "TransactionLog"}
"""Record type in ``__transaction_state`` -> name without Key or Value."""

SHARE_RECORDS: Final[dict[int, str]] = {0: "ShareSnapshot", 1: "ShareUpdate"}
"""Record type in ``__share_group_state`` -> name without Key or Value."""

METADATA_RECORDS: Final[dict[int, str]] = {
    0: "RegisterBrokerRecord",
    1: "UnregisterBrokerRecord",
    2: "TopicRecord",
    3: "PartitionRecord",
    4: "ConfigRecord",
    5: "PartitionChangeRecord",
    7: "FenceBrokerRecord",
    8: "UnfenceBrokerRecord",
    9: "RemoveTopicRecord",
    10: "DelegationTokenRecord",
    11: "UserScramCredentialRecord",
    12: "FeatureLevelRecord",
    14: "ClientQuotaRecord",
    15: "ProducerIdsRecord",
    17: "BrokerRegistrationChangeRecord",
    18: "AccessControlEntryRecord",
    19: "RemoveAccessControlEntryRecord",
    20: "NoOpRecord",
    21: "ZkMigrationStateRecord",
    22: "RemoveUserScramCredentialRecord",
    23: "BeginTransactionRecord",
    24: "EndTransactionRecord",
    25: "AbortTransactionRecord",
    26: "RemoveDelegationTokenRecord",
    27: "RegisterControllerRecord",
    28: "ClearElrRecord",
}
"""Record type in ``__cluster_metadata`` -> name (Kafka: MetadataRecordType)."""

REMOTE_LOG_RECORDS: Final[dict[int, str]] = {
    0: "RemoteLogSegmentMetadataRecord",
    1: "RemoteLogSegmentMetadataUpdateRecord",
    2: "RemotePartitionDeleteMetadataRecord",
    3: "RemoteLogSegmentMetadataSnapshotRecord",
}
"""Record type in ``__remote_log_metadata`` -> name."""

UNNUMBERED: Final[dict[str, tuple[str, ...]]] = {
    "headers": ("RequestHeaderData", "ResponseHeaderData", "DefaultPrincipalData"),
    "consumer_protocol": ("ConsumerProtocolSubscription", "ConsumerProtocolAssignment"),
    "control_records": (
        "EndTxnMarker",
        "LeaderChangeMessage",
        "SnapshotHeaderRecord",
        "SnapshotFooterRecord",
        "KRaftVersionRecord",
        "VotersRecord",
        "QuorumStateData",
    ),
    "remote_log_records": ("ProducerSnapshot",),
}
"""Table -> its messages that are neither an API's nor numbered by record type."""
# fmt: on


def homes() -> dict[str, tuple[str, int]]:
    """Every message: name -> (table, API key or record type; -1 where there is none, as in Kafka)."""
    found: dict[str, tuple[str, int]] = {}
    for key, (name, table) in APIS.items():
        found[name + "Request"] = found[name + "Response"] = (table, key)
    for table, records in (
        ("group_records", GROUP_RECORDS),
        ("transaction_records", TRANSACTION_RECORDS),
        ("share_records", SHARE_RECORDS),
    ):
        for number, name in records.items():
            found[name + "Key"] = found[name + "Value"] = (table, number)
    for table, records in (("metadata_records", METADATA_RECORDS), ("remote_log_records", REMOTE_LOG_RECORDS)):
        for number, name in records.items():
            found[name] = (table, number)
    for table, names in UNNUMBERED.items():
        for name in names:
            found[name] = (table, -1)
    return found
