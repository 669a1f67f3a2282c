"""API_TABLE: every API this broker serves, and the only place where one is registered.

ApiVersions, the documentation page, metric names and dispatch derive from it. The versions are the union of
Apache Kafka 3.9.1 and 4.2.0. A module is imported when its API is first called; it defines
``handle(ctx: RequestContext, request) -> response | Pending | None``.
"""

from __future__ import annotations

from minikafka.named_tuple import NamedTuple


class Api(NamedTuple):
    """One row: Kafka's key and name, the versions served, the module of this package that serves it, and the
    operation and resource an ACL has to allow, as "OPERATION RESOURCE_TYPE" ("" where nothing is checked, or where
    the handler checks each topic or group itself)."""

    key: int
    name: str
    min_version: int
    max_version: int
    module: str
    acl: str


# One row a line, by key.
# fmt: off
API_TABLE: tuple[Api, ...] = (
    Api(0, "Produce", 0, 13, "produce", "WRITE TOPIC"),
    Api(1, "Fetch", 0, 18, "fetch", "READ TOPIC"),
    Api(2, "ListOffsets", 0, 11, "list_offsets", "DESCRIBE TOPIC"),
    Api(3, "Metadata", 0, 13, "metadata", "DESCRIBE TOPIC"),
    Api(8, "OffsetCommit", 0, 10, "offset_commit", "READ GROUP"),
    Api(9, "OffsetFetch", 0, 10, "offset_fetch", "DESCRIBE GROUP"),
    Api(10, "FindCoordinator", 0, 6, "find_coordinator", "DESCRIBE GROUP"),
    Api(11, "JoinGroup", 0, 9, "join_group", "READ GROUP"),
    Api(12, "Heartbeat", 0, 4, "heartbeat", "READ GROUP"),
    Api(13, "LeaveGroup", 0, 5, "leave_group", "READ GROUP"),
    Api(14, "SyncGroup", 0, 5, "sync_group", "READ GROUP"),
    Api(15, "DescribeGroups", 0, 6, "describe_groups", "DESCRIBE GROUP"),
    Api(16, "ListGroups", 0, 5, "list_groups", "DESCRIBE GROUP"),
    Api(17, "SaslHandshake", 0, 1, "sasl_handshake", ""),
    Api(18, "ApiVersions", 0, 4, "api_versions", ""),
    Api(19, "CreateTopics", 0, 7, "create_topics", "CREATE CLUSTER"),
    Api(20, "DeleteTopics", 0, 6, "delete_topics", "DELETE TOPIC"),
    Api(21, "DeleteRecords", 0, 2, "delete_records", "DELETE TOPIC"),
    Api(22, "InitProducerId", 0, 5, "init_producer_id", "IDEMPOTENT_WRITE CLUSTER"),
    Api(23, "OffsetForLeaderEpoch", 0, 4, "offset_for_leader_epoch", "DESCRIBE TOPIC"),
    Api(24, "AddPartitionsToTxn", 0, 5, "add_partitions_to_txn", "WRITE TRANSACTIONAL_ID"),
    Api(25, "AddOffsetsToTxn", 0, 4, "add_offsets_to_txn", "WRITE TRANSACTIONAL_ID"),
    Api(26, "EndTxn", 0, 5, "end_txn", "WRITE TRANSACTIONAL_ID"),
    Api(27, "WriteTxnMarkers", 0, 2, "write_txn_markers", "CLUSTER_ACTION CLUSTER"),
    Api(28, "TxnOffsetCommit", 0, 5, "txn_offset_commit", "WRITE TRANSACTIONAL_ID"),
    Api(29, "DescribeAcls", 0, 3, "describe_acls", "DESCRIBE CLUSTER"),
    Api(30, "CreateAcls", 0, 3, "create_acls", "ALTER CLUSTER"),
    Api(31, "DeleteAcls", 0, 3, "delete_acls", "ALTER CLUSTER"),
    Api(32, "DescribeConfigs", 0, 4, "describe_configs", ""),
    Api(33, "AlterConfigs", 0, 2, "alter_configs", ""),
    Api(34, "AlterReplicaLogDirs", 0, 2, "alter_replica_log_dirs", "ALTER CLUSTER"),
    Api(35, "DescribeLogDirs", 0, 4, "describe_log_dirs", "DESCRIBE CLUSTER"),
    Api(36, "SaslAuthenticate", 0, 2, "sasl_authenticate", ""),
    Api(37, "CreatePartitions", 0, 3, "create_partitions", "ALTER TOPIC"),
    Api(38, "CreateDelegationToken", 0, 3, "create_delegation_token", "CREATE_TOKENS USER"),
    Api(39, "RenewDelegationToken", 0, 2, "renew_delegation_token", ""),
    Api(40, "ExpireDelegationToken", 0, 2, "expire_delegation_token", ""),
    Api(41, "DescribeDelegationToken", 0, 3, "describe_delegation_token", "DESCRIBE DELEGATION_TOKEN"),
    Api(42, "DeleteGroups", 0, 2, "delete_groups", "DELETE GROUP"),
    Api(43, "ElectLeaders", 0, 2, "elect_leaders", "ALTER CLUSTER"),
    Api(44, "IncrementalAlterConfigs", 0, 1, "incremental_alter_configs", ""),
    Api(45, "AlterPartitionReassignments", 0, 1, "alter_partition_reassignments", "ALTER CLUSTER"),
    Api(46, "ListPartitionReassignments", 0, 0, "list_partition_reassignments", "DESCRIBE CLUSTER"),
    Api(47, "OffsetDelete", 0, 0, "offset_delete", "DELETE GROUP"),
    Api(48, "DescribeClientQuotas", 0, 1, "describe_client_quotas", "DESCRIBE_CONFIGS CLUSTER"),
    Api(49, "AlterClientQuotas", 0, 1, "alter_client_quotas", "ALTER_CONFIGS CLUSTER"),
    Api(50, "DescribeUserScramCredentials", 0, 0, "describe_user_scram_credentials", "DESCRIBE CLUSTER"),
    Api(51, "AlterUserScramCredentials", 0, 0, "alter_user_scram_credentials", "ALTER CLUSTER"),
    Api(55, "DescribeQuorum", 0, 2, "describe_quorum", "DESCRIBE CLUSTER"),
    Api(57, "UpdateFeatures", 0, 2, "update_features", "ALTER CLUSTER"),
    Api(60, "DescribeCluster", 0, 2, "describe_cluster", "DESCRIBE CLUSTER"),
    Api(61, "DescribeProducers", 0, 0, "describe_producers", "READ TOPIC"),
    Api(64, "UnregisterBroker", 0, 0, "unregister_broker", "ALTER CLUSTER"),
    Api(65, "DescribeTransactions", 0, 0, "describe_transactions", "DESCRIBE TRANSACTIONAL_ID"),
    Api(66, "ListTransactions", 0, 2, "list_transactions", "DESCRIBE TRANSACTIONAL_ID"),
    Api(68, "ConsumerGroupHeartbeat", 0, 1, "consumer_group_heartbeat", "READ GROUP"),
    Api(69, "ConsumerGroupDescribe", 0, 1, "consumer_group_describe", "DESCRIBE GROUP"),
    Api(74, "ListConfigResources", 0, 1, "list_config_resources", "DESCRIBE_CONFIGS CLUSTER"),
    Api(75, "DescribeTopicPartitions", 0, 0, "describe_topic_partitions", "DESCRIBE TOPIC"),
    Api(76, "ShareGroupHeartbeat", 1, 1, "share_group_heartbeat", "READ GROUP"),
    Api(77, "ShareGroupDescribe", 1, 1, "share_group_describe", "DESCRIBE GROUP"),
    Api(78, "ShareFetch", 1, 2, "share_fetch", "READ GROUP"),
    Api(79, "ShareAcknowledge", 1, 2, "share_acknowledge", "READ GROUP"),
    Api(80, "AddRaftVoter", 0, 1, "add_raft_voter", "ALTER CLUSTER"),
    Api(81, "RemoveRaftVoter", 0, 0, "remove_raft_voter", "ALTER CLUSTER"),
    Api(83, "InitializeShareGroupState", 0, 0, "initialize_share_group_state", "CLUSTER_ACTION CLUSTER"),
    Api(84, "ReadShareGroupState", 0, 0, "read_share_group_state", "CLUSTER_ACTION CLUSTER"),
    Api(85, "WriteShareGroupState", 0, 1, "write_share_group_state", "CLUSTER_ACTION CLUSTER"),
    Api(86, "DeleteShareGroupState", 0, 0, "delete_share_group_state", "CLUSTER_ACTION CLUSTER"),
    Api(87, "ReadShareGroupStateSummary", 0, 1, "read_share_group_state_summary", "CLUSTER_ACTION CLUSTER"),
    Api(90, "DescribeShareGroupOffsets", 0, 1, "describe_share_group_offsets", "DESCRIBE GROUP"),
    Api(91, "AlterShareGroupOffsets", 0, 0, "alter_share_group_offsets", "READ GROUP"),
    Api(92, "DeleteShareGroupOffsets", 0, 0, "delete_share_group_offsets", "DELETE GROUP"),
)
# fmt: on

API_BY_KEY: dict[int, Api] = {api.key: api for api in API_TABLE}
