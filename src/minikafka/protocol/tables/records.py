"""APIs that carry or locate records: produce, fetch, offsets by time and epoch, deletion.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
ProduceRequest versions 0-13 flexible 9+
  transactional_id  string?                 3+    = null
  acks              int16
  timeout_ms        int32
  topic_data        [TopicProduceData]
    topic_id        uuid                    13+   ignorable
    name            string                  0-12  ignorable
    partition_data  [PartitionProduceData]
      index         int32
      records       records?

ProduceResponse versions 0-13 flexible 9+
  responses                        [TopicProduceResponse]
    topic_id                       uuid                         13+   ignorable
    name                           string                       0-12  ignorable
    partition_responses            [PartitionProduceResponse]
      index                        int32
      error_code                   int16
      base_offset                  int64
      log_append_time_ms           int64                        2+    ignorable = -1
      log_start_offset             int64                        5+    ignorable = -1
      record_errors                [BatchIndexAndErrorMessage]  8+    ignorable
        batch_index                int32
        batch_index_error_message  string?                            = null
      error_message                string?                      8+    ignorable = null
      current_leader               LeaderIdAndEpoch             10+   tag 0
        leader_id                  int32                              = -1
        leader_epoch               int32                              = -1
  throttle_time_ms                 int32                        1+    ignorable
  node_endpoints                   [NodeEndpoint]               10+   tag 0
    node_id                        int32
    host                           string
    port                           int32
    rack                           string?                            = null

FetchRequest versions 0-18 flexible 12+
  replica_id                int32             0-14  = -1
  max_wait_ms               int32
  min_bytes                 int32
  max_bytes                 int32             3+    ignorable = 2147483647
  isolation_level           int8              4+    ignorable
  session_id                int32             7+    ignorable
  session_epoch             int32             7+    ignorable = -1
  topics                    [FetchTopic]
    topic_id                uuid              13+   ignorable
    topic                   string            0-12  ignorable
    partitions              [FetchPartition]
      partition             int32
      current_leader_epoch  int32             9+    ignorable = -1
      fetch_offset          int64
      last_fetched_epoch    int32             12+   = -1
      log_start_offset      int64             5+    ignorable = -1
      partition_max_bytes   int32
      replica_directory_id  uuid              17+   tag 0 ignorable
      high_watermark        int64             18+   tag 1 ignorable = 9223372036854775807
  forgotten_topics_data     [ForgottenTopic]  7+
    topic_id                uuid              13+   ignorable
    topic                   string            7-12  ignorable
    partitions              [int32]
  rack_id                   string            11+   ignorable
  cluster_id                string?           12+   tag 0 ignorable = null
  replica_state             ReplicaState      15+   tag 1
    replica_id              int32                   = -1
    replica_epoch           int64                   = -1

FetchResponse versions 0-18 flexible 12+
  throttle_time_ms            int32                     1+    ignorable
  error_code                  int16                     7+    ignorable
  session_id                  int32                     7+
  responses                   [FetchableTopicResponse]
    topic_id                  uuid                      13+   ignorable
    topic                     string                    0-12  ignorable
    partitions                [PartitionData]
      partition_index         int32
      error_code              int16
      high_watermark          int64
      last_stable_offset      int64                     4+    ignorable = -1
      log_start_offset        int64                     5+    ignorable = -1
      aborted_transactions    [AbortedTransaction]?     4+    ignorable
        producer_id           int64
        first_offset          int64
      preferred_read_replica  int32                     11+   = -1
      records                 records?
      diverging_epoch         EpochEndOffset            12+   tag 0
        epoch                 int32                           = -1
        end_offset            int64                           = -1
      current_leader          LeaderIdAndEpoch          12+   tag 1
        leader_id             int32                           = -1
        leader_epoch          int32                           = -1
      snapshot_id             SnapshotId                12+   tag 2
        end_offset            int64                           = -1
        epoch                 int32                           = -1
  node_endpoints              [NodeEndpoint]            16+   tag 0
    node_id                   int32
    host                      string
    port                      int32
    rack                      string?                         = null

ListOffsetsRequest versions 0-11 flexible 6+
  replica_id                int32
  isolation_level           int8                    2+
  topics                    [ListOffsetsTopic]
    name                    string
    partitions              [ListOffsetsPartition]
      partition_index       int32
      current_leader_epoch  int32                   4+   ignorable = -1
      timestamp             int64
      max_num_offsets       int32                   0    = 1
  timeout_ms                int32                   10+  ignorable

ListOffsetsResponse versions 0-11 flexible 6+
  throttle_time_ms       int32                           2+  ignorable
  topics                 [ListOffsetsTopicResponse]
    name                 string
    partitions           [ListOffsetsPartitionResponse]
      partition_index    int32
      error_code         int16
      timestamp          int64                           1+  = -1
      offset             int64                           1+  = -1
      leader_epoch       int32                           4+  = -1
      old_style_offsets  [int64]                         0

DeleteRecordsRequest versions 0-2 flexible 2+
  topics               [DeleteRecordsTopic]
    name               string
    partitions         [DeleteRecordsPartition]
      partition_index  int32
      offset           int64
  timeout_ms           int32

DeleteRecordsResponse versions 0-2 flexible 2+
  throttle_time_ms     int32
  topics               [DeleteRecordsTopicResult]
    name               string
    partitions         [DeleteRecordsPartitionResult]
      partition_index  int32
      low_watermark    int64
      error_code       int16

OffsetForLeaderEpochRequest versions 0-4 flexible 4+
  replica_id                int32                       3+  ignorable = -2
  topics                    [OffsetForLeaderTopic]
    topic                   string
    partitions              [OffsetForLeaderPartition]
      partition             int32
      current_leader_epoch  int32                       2+  ignorable = -1
      leader_epoch          int32

OffsetForLeaderEpochResponse versions 0-4 flexible 4+
  throttle_time_ms  int32                         2+  ignorable
  topics            [OffsetForLeaderTopicResult]
    topic           string
    partitions      [EpochEndOffset]
      error_code    int16
      partition     int32
      leader_epoch  int32                         1+  ignorable = -1
      end_offset    int64                             = -1

DescribeProducersRequest version 0 flexible 0+
  topics               [TopicRequest]
    name               string
    partition_indexes  [int32]

DescribeProducersResponse version 0 flexible 0+
  throttle_time_ms                int32
  topics                          [TopicResponse]
    name                          string
    partitions                    [PartitionResponse]
      partition_index             int32
      error_code                  int16
      error_message               string?              = null
      active_producers            [ProducerState]
        producer_id               int64
        producer_epoch            int32
        last_sequence             int32                = -1
        last_timestamp            int64                = -1
        coordinator_epoch         int32
        current_txn_start_offset  int64                = -1
"""
