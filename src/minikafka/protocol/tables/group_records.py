"""Keys and values of the records in ``__consumer_offsets``.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
LegacyOffsetCommitKey version 0
  group      string
  topic      string
  partition  int32

LegacyOffsetCommitValue version 0
  offset            int64
  metadata          string
  commit_timestamp  int64

OffsetCommitKey version 0
  group      string
  topic      string
  partition  int32

OffsetCommitValue versions 0-4 flexible 4+
  offset            int64
  leader_epoch      int32   3+  ignorable = -1
  metadata          string
  commit_timestamp  int64
  expire_timestamp  int64   1   ignorable = -1
  topic_id          uuid    4+  tag 0 ignorable

GroupMetadataKey version 0
  group  string

GroupMetadataValue versions 0-4 flexible 4+
  protocol_type            string
  generation               int32
  protocol                 string?
  leader                   string?
  current_state_timestamp  int64             2+  ignorable = -1
  members                  [MemberMetadata]
    member_id              string
    group_instance_id      string?           3+  ignorable = null
    client_id              string
    client_host            string
    rebalance_timeout      int32             1+  ignorable = -1
    session_timeout        int32
    subscription           bytes
    assignment             bytes

ConsumerGroupMetadataKey version 0
  group_id  string

ConsumerGroupMetadataValue version 0 flexible 0+
  epoch          int32
  metadata_hash  int64  tag 0

ConsumerGroupPartitionMetadataKey version 0
  group_id  string

ConsumerGroupPartitionMetadataValue version 0 flexible 0+
  topics                [TopicMetadata]
    topic_id            uuid
    topic_name          string
    num_partitions      int32
    partition_metadata  [PartitionMetadata]
      partition         int32
      racks             [string]

ConsumerGroupMemberMetadataKey version 0
  group_id   string
  member_id  string

ConsumerGroupMemberMetadataValue version 0 flexible 0+
  instance_id              string?
  rack_id                  string?
  client_id                string
  client_host              string
  subscribed_topic_names   [string]
  subscribed_topic_regex   string?
  rebalance_timeout_ms     int32                   = -1
  server_assignor          string?
  classic_member_metadata  ClassicMemberMetadata?  tag 0
    session_timeout_ms     int32
    supported_protocols    [ClassicProtocol]
      name                 string
      metadata             bytes

ConsumerGroupTargetAssignmentMetadataKey version 0
  group_id  string

ConsumerGroupTargetAssignmentMetadataValue version 0 flexible 0+
  assignment_epoch  int32

ConsumerGroupTargetAssignmentMemberKey version 0
  group_id   string
  member_id  string

ConsumerGroupTargetAssignmentMemberValue version 0 flexible 0+
  topic_partitions  [TopicPartition]
    topic_id        uuid
    partitions      [int32]

ConsumerGroupCurrentMemberAssignmentKey version 0
  group_id   string
  member_id  string

ConsumerGroupCurrentMemberAssignmentValue version 0 flexible 0+
  member_epoch                   int32
  previous_member_epoch          int32
  state                          int8
  assigned_partitions            [TopicPartitions]
    topic_id                     uuid
    partitions                   [int32]
  partitions_pending_revocation  [TopicPartitions]

ShareGroupPartitionMetadataKey version 9
  group_id  string

ShareGroupPartitionMetadataValue version 0 flexible 0+
  initialized_topics  [TopicPartitionsInfo]
    topic_id          uuid
    topic_name        string
    partitions        [int32]
  deleting_topics     [TopicInfo]
    topic_id          uuid
    topic_name        string

ShareGroupMemberMetadataKey version 0
  group_id   string
  member_id  string

ShareGroupMemberMetadataValue version 0 flexible 0+
  rack_id                 string?
  client_id               string
  client_host             string
  subscribed_topic_names  [string]

ShareGroupMetadataKey version 0
  group_id  string

ShareGroupMetadataValue version 0 flexible 0+
  epoch          int32
  metadata_hash  int64

ShareGroupTargetAssignmentMetadataKey version 0
  group_id  string

ShareGroupTargetAssignmentMetadataValue version 0 flexible 0+
  assignment_epoch  int32

ShareGroupTargetAssignmentMemberKey version 0
  group_id   string
  member_id  string

ShareGroupTargetAssignmentMemberValue version 0 flexible 0+
  topic_partitions  [TopicPartition]
    topic_id        uuid
    partitions      [int32]

ShareGroupCurrentMemberAssignmentKey version 0
  group_id   string
  member_id  string

ShareGroupCurrentMemberAssignmentValue version 0 flexible 0+
  member_epoch           int32
  previous_member_epoch  int32
  state                  int8
  assigned_partitions    [TopicPartitions]
    topic_id             uuid
    partitions           [int32]

ShareGroupStatePartitionMetadataKey version 0
  group_id  string

ShareGroupStatePartitionMetadataValue version 0 flexible 0+
  initializing_topics  [TopicPartitionsInfo]
    topic_id           uuid
    topic_name         string
    partitions         [int32]
  initialized_topics   [TopicPartitionsInfo]
  deleting_topics      [TopicInfo]
    topic_id           uuid
    topic_name         string

ConsumerGroupRegularExpressionKey version 0
  group_id            string
  regular_expression  string

ConsumerGroupRegularExpressionValue version 0 flexible 0+
  topics     [string]
  version    int64
  timestamp  int64

StreamsGroupMetadataKey version 0
  group_id  string

StreamsGroupMetadataValue version 0 flexible 0+
  epoch                     int32
  metadata_hash             int64
  validated_topology_epoch  int32                    tag 0 = -1
  last_assignment_configs   [LastAssignmentConfig]?  tag 1
    key                     string
    value                   string

StreamsGroupMemberMetadataKey version 0
  group_id   string
  member_id  string

StreamsGroupMemberMetadataValue version 0 flexible 0+
  instance_id           string?
  rack_id               string?
  client_id             string
  client_host           string
  rebalance_timeout_ms  int32       = -1
  topology_epoch        int32
  process_id            string
  user_endpoint         Endpoint?   = null
    host                string
    port                uint16
  client_tags           [KeyValue]
    key                 string
    value               string

StreamsGroupTargetAssignmentMetadataKey version 0
  group_id  string

StreamsGroupTargetAssignmentMetadataValue version 0 flexible 0+
  assignment_epoch  int32

StreamsGroupTargetAssignmentMemberKey version 0
  group_id   string
  member_id  string

StreamsGroupTargetAssignmentMemberValue version 0 flexible 0+
  active_tasks      [TaskIds]
    subtopology_id  string
    partitions      [int32]
  standby_tasks     [TaskIds]
  warmup_tasks      [TaskIds]

StreamsGroupCurrentMemberAssignmentKey version 0
  group_id   string
  member_id  string

StreamsGroupCurrentMemberAssignmentValue version 0 flexible 0+
  member_epoch                      int32
  previous_member_epoch             int32
  state                             int8
  active_tasks                      [TaskIds]
    subtopology_id                  string
    partitions                      [int32]
    assignment_epochs               [int32]?   tag 0
  standby_tasks                     [TaskIds]
  warmup_tasks                      [TaskIds]
  active_tasks_pending_revocation   [TaskIds]
  standby_tasks_pending_revocation  [TaskIds]
  warmup_tasks_pending_revocation   [TaskIds]

StreamsGroupTopologyKey version 0
  group_id  string

StreamsGroupTopologyValue version 0 flexible 0+
  epoch                          int32
  subtopologies                  [Subtopology]
    subtopology_id               string
    source_topics                [string]
    source_topic_regex           [string]
    state_changelog_topics       [TopicInfo]
      name                       string
      partitions                 int32
      replication_factor         int16
      topic_configs              [TopicConfig]
        key                      string
        value                    string
    repartition_sink_topics      [string]
    repartition_source_topics    [TopicInfo]
    copartition_groups           [CopartitionGroup]
      source_topics              [int16]
      source_topic_regex         [int16]
      repartition_source_topics  [int16]
"""
