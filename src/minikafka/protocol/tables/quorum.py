"""APIs of the KRaft quorum: votes, epochs, snapshots, voters.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
VoteRequest versions 0-2 flexible 0+
  cluster_id                string?              = null
  voter_id                  int32            1+  ignorable = -1
  topics                    [TopicData]
    topic_name              string
    partitions              [PartitionData]
      partition_index       int32
      replica_epoch         int32
      replica_id            int32
      replica_directory_id  uuid             1+  ignorable
      voter_directory_id    uuid             1+  ignorable
      last_offset_epoch     int32
      last_offset           int64
      pre_vote              boolean          2+

VoteResponse versions 0-2 flexible 0+
  error_code           int16
  topics               [TopicData]
    topic_name         string
    partitions         [PartitionData]
      partition_index  int32
      error_code       int16
      leader_id        int32
      leader_epoch     int32
      vote_granted     boolean
  node_endpoints       [NodeEndpoint]   1+  tag 0
    node_id            int32
    host               string
    port               uint16

BeginQuorumEpochRequest versions 0-1 flexible 1+
  cluster_id              string?               = null
  voter_id                int32             1+  ignorable = -1
  topics                  [TopicData]
    topic_name            string
    partitions            [PartitionData]
      partition_index     int32
      voter_directory_id  uuid              1+  ignorable
      leader_id           int32
      leader_epoch        int32
  leader_endpoints        [LeaderEndpoint]  1+  ignorable
    name                  string
    host                  string
    port                  uint16

BeginQuorumEpochResponse versions 0-1 flexible 1+
  error_code           int16
  topics               [TopicData]
    topic_name         string
    partitions         [PartitionData]
      partition_index  int32
      error_code       int16
      leader_id        int32
      leader_epoch     int32
  node_endpoints       [NodeEndpoint]   1+  tag 0
    node_id            int32
    host               string
    port               uint16

EndQuorumEpochRequest versions 0-1 flexible 1+
  cluster_id                    string?               = null
  topics                        [TopicData]
    topic_name                  string
    partitions                  [PartitionData]
      partition_index           int32
      leader_id                 int32
      leader_epoch              int32
      preferred_candidates      [ReplicaInfo]     1+  ignorable
        candidate_id            int32
        candidate_directory_id  uuid
      preferred_successors      [int32]           0   ignorable
  leader_endpoints              [LeaderEndpoint]  1+  ignorable
    name                        string
    host                        string
    port                        uint16

EndQuorumEpochResponse versions 0-1 flexible 1+
  error_code           int16
  topics               [TopicData]
    topic_name         string
    partitions         [PartitionData]
      partition_index  int32
      error_code       int16
      leader_id        int32
      leader_epoch     int32
  node_endpoints       [NodeEndpoint]   1+  tag 0
    node_id            int32
    host               string
    port               uint16

DescribeQuorumRequest versions 0-2 flexible 0+
  topics               [TopicData]
    topic_name         string
    partitions         [PartitionData]
      partition_index  int32

DescribeQuorumResponse versions 0-2 flexible 0+
  error_code                      int16
  error_message                   string?          2+  ignorable
  topics                          [TopicData]
    topic_name                    string
    partitions                    [PartitionData]
      partition_index             int32
      error_code                  int16
      error_message               string?          2+  ignorable
      leader_id                   int32
      leader_epoch                int32
      high_watermark              int64
      current_voters              [ReplicaState]
        replica_id                int32
        replica_directory_id      uuid             2+
        log_end_offset            int64
        last_fetch_timestamp      int64            1+  ignorable = -1
        last_caught_up_timestamp  int64            1+  ignorable = -1
      observers                   [ReplicaState]
  nodes                           [Node]           2+
    node_id                       int32
    listeners                     [Listener]
      name                        string
      host                        string
      port                        uint16

FetchSnapshotRequest versions 0-1 flexible 0+
  replica_id                int32                    = -1
  max_bytes                 int32                    = 2147483647
  topics                    [TopicSnapshot]
    name                    string
    partitions              [PartitionSnapshot]
      partition             int32
      current_leader_epoch  int32
      snapshot_id           SnapshotId
        end_offset          int64
        epoch               int32
      position              int64
      replica_directory_id  uuid                 1+  tag 0 ignorable
  cluster_id                string?                  tag 0 = null

FetchSnapshotResponse versions 0-1 flexible 0+
  throttle_time_ms       int32                    ignorable
  error_code             int16
  topics                 [TopicSnapshot]
    name                 string
    partitions           [PartitionSnapshot]
      index              int32
      error_code         int16
      snapshot_id        SnapshotId
        end_offset       int64
        epoch            int32
      size               int64
      position           int64
      unaligned_records  records
      current_leader     LeaderIdAndEpoch         tag 0
        leader_id        int32
        leader_epoch     int32
  node_endpoints         [NodeEndpoint]       1+  tag 0
    node_id              int32
    host                 string
    port                 uint16

AddRaftVoterRequest versions 0-1 flexible 0+
  cluster_id          string?
  timeout_ms          int32
  voter_id            int32
  voter_directory_id  uuid
  listeners           [Listener]
    name              string
    host              string
    port              uint16
  ack_when_committed  boolean     1+  = true

AddRaftVoterResponse versions 0-1 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  error_message     string?  ignorable

RemoveRaftVoterRequest version 0 flexible 0+
  cluster_id          string?
  voter_id            int32
  voter_directory_id  uuid

RemoveRaftVoterResponse version 0 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  error_message     string?  ignorable

UpdateRaftVoterRequest version 0 flexible 0+
  cluster_id               string?
  current_leader_epoch     int32
  voter_id                 int32
  voter_directory_id       uuid
  listeners                [Listener]
    name                   string
    host                   string
    port                   uint16
  k_raft_version_feature   KRaftVersionFeature
    min_supported_version  int16
    max_supported_version  int16

UpdateRaftVoterResponse version 0 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  current_leader    CurrentLeader  tag 0
    leader_id       int32          = -1
    leader_epoch    int32          = -1
    host            string
    port            int32
"""
