"""APIs of classic groups, and of committed offsets for groups of every type.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
OffsetCommitRequest versions 0-10 flexible 8+
  group_id                       string
  generation_id_or_member_epoch  int32                           1+   ignorable = -1
  member_id                      string                          1+   ignorable
  group_instance_id              string?                         7+   = null
  retention_time_ms              int64                           2-4  ignorable = -1
  topics                         [OffsetCommitRequestTopic]
    topic_id                     uuid                            10+  ignorable
    name                         string                          0-9  ignorable
    partitions                   [OffsetCommitRequestPartition]
      partition_index            int32
      committed_offset           int64
      committed_leader_epoch     int32                           6+   ignorable = -1
      commit_timestamp           int64                           1    = -1
      committed_metadata         string?

OffsetCommitResponse versions 0-10 flexible 8+
  throttle_time_ms     int32                            3+   ignorable
  topics               [OffsetCommitResponseTopic]
    topic_id           uuid                             10+  ignorable
    name               string                           0-9  ignorable
    partitions         [OffsetCommitResponsePartition]
      partition_index  int32
      error_code       int16

OffsetFetchRequest versions 0-10 flexible 6+
  groups                 [OffsetFetchRequestGroup]      8+
    group_id             string
    member_id            string?                        9+   ignorable = null
    member_epoch         int32                          9+   ignorable = -1
    topics               [OffsetFetchRequestTopics]?
      topic_id           uuid                           10+  ignorable
      name               string                         8-9  ignorable
      partition_indexes  [int32]
  group_id               string                         0-7
  topics                 [OffsetFetchRequestTopic]?2-7  0-7
    name                 string
    partition_indexes    [int32]
  require_stable         boolean                        7+

OffsetFetchResponse versions 0-10 flexible 6+
  throttle_time_ms              int32                            3+   ignorable
  groups                        [OffsetFetchResponseGroup]       8+
    group_id                    string
    topics                      [OffsetFetchResponseTopics]
      topic_id                  uuid                             10+  ignorable
      name                      string                           8-9  ignorable
      partitions                [OffsetFetchResponsePartitions]
        partition_index         int32
        committed_offset        int64
        committed_leader_epoch  int32                                 ignorable = -1
        metadata                string?
        error_code              int16
    error_code                  int16
  topics                        [OffsetFetchResponseTopic]       0-7
    name                        string
    partitions                  [OffsetFetchResponsePartition]
      partition_index           int32
      committed_offset          int64
      committed_leader_epoch    int32                            5-7  ignorable = -1
      metadata                  string?
      error_code                int16
  error_code                    int16                            2-7  ignorable

JoinGroupRequest versions 0-9 flexible 6+
  group_id              string
  session_timeout_ms    int32
  rebalance_timeout_ms  int32                       1+  ignorable = -1
  member_id             string
  group_instance_id     string?                     5+  = null
  protocol_type         string
  protocols             [JoinGroupRequestProtocol]
    name                string
    metadata            bytes
  reason                string?                     8+  ignorable = null

JoinGroupResponse versions 0-9 flexible 6+
  throttle_time_ms     int32                      2+  ignorable
  error_code           int16
  generation_id        int32                          = -1
  protocol_type        string?                    7+  ignorable = null
  protocol_name        string?7+
  leader               string
  skip_assignment      boolean                    9+
  member_id            string
  members              [JoinGroupResponseMember]
    member_id          string
    group_instance_id  string?                    5+  ignorable = null
    metadata           bytes

HeartbeatRequest versions 0-4 flexible 4+
  group_id           string
  generation_id      int32
  member_id          string
  group_instance_id  string?  3+  = null

HeartbeatResponse versions 0-4 flexible 4+
  throttle_time_ms  int32  1+  ignorable
  error_code        int16

LeaveGroupRequest versions 0-5 flexible 4+
  group_id             string
  members              [MemberIdentity]  3+
    member_id          string
    group_instance_id  string?                = null
    reason             string?           5+   ignorable = null
  member_id            string            0-2

LeaveGroupResponse versions 0-5 flexible 4+
  throttle_time_ms     int32             1+  ignorable
  error_code           int16
  members              [MemberResponse]  3+
    member_id          string
    group_instance_id  string?
    error_code         int16

SyncGroupRequest versions 0-5 flexible 4+
  group_id           string
  generation_id      int32
  member_id          string
  group_instance_id  string?                       3+  = null
  protocol_type      string?                       5+  ignorable = null
  protocol_name      string?                       5+  ignorable = null
  assignments        [SyncGroupRequestAssignment]
    member_id        string
    assignment       bytes

SyncGroupResponse versions 0-5 flexible 4+
  throttle_time_ms  int32    1+  ignorable
  error_code        int16
  protocol_type     string?  5+  ignorable = null
  protocol_name     string?  5+  ignorable = null
  assignment        bytes

DescribeGroupsRequest versions 0-6 flexible 5+
  groups                         [string]
  include_authorized_operations  boolean   3+

DescribeGroupsResponse versions 0-6 flexible 5+
  throttle_time_ms         int32                   1+  ignorable
  groups                   [DescribedGroup]
    error_code             int16
    error_message          string?                 6+  = null
    group_id               string
    group_state            string
    protocol_type          string
    protocol_data          string
    members                [DescribedGroupMember]
      member_id            string
      group_instance_id    string?                 4+  ignorable = null
      client_id            string
      client_host          string
      member_metadata      bytes
      member_assignment    bytes
    authorized_operations  int32                   3+  = -2147483648

ListGroupsRequest versions 0-5 flexible 3+
  states_filter  [string]  4+
  types_filter   [string]  5+

ListGroupsResponse versions 0-5 flexible 3+
  throttle_time_ms  int32          1+  ignorable
  error_code        int16
  groups            [ListedGroup]
    group_id        string
    protocol_type   string
    group_state     string         4+  ignorable
    group_type      string         5+  ignorable

DeleteGroupsRequest versions 0-2 flexible 2+
  groups_names  [string]

DeleteGroupsResponse versions 0-2 flexible 2+
  throttle_time_ms  int32
  results           [DeletableGroupResult]
    group_id        string
    error_code      int16

OffsetDeleteRequest version 0
  group_id             string
  topics               [OffsetDeleteRequestTopic]
    name               string
    partitions         [OffsetDeleteRequestPartition]
      partition_index  int32

OffsetDeleteResponse version 0
  error_code           int16
  throttle_time_ms     int32                            ignorable
  topics               [OffsetDeleteResponseTopic]
    name               string
    partitions         [OffsetDeleteResponsePartition]
      partition_index  int32
      error_code       int16
"""
