"""APIs a client finds its way with: versions, brokers, leaders, coordinators.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
ApiVersionsRequest versions 0-4 flexible 3+
  client_software_name     string  3+  ignorable
  client_software_version  string  3+  ignorable

ApiVersionsResponse versions 0-4 flexible 3+
  error_code                int16
  api_keys                  [ApiVersion]
    api_key                 int16
    min_version             int16
    max_version             int16
  throttle_time_ms          int32                  1+  ignorable
  supported_features        [SupportedFeatureKey]  3+  tag 0 ignorable
    name                    string
    min_version             int16
    max_version             int16
  finalized_features_epoch  int64                  3+  tag 1 ignorable = -1
  finalized_features        [FinalizedFeatureKey]  3+  tag 2 ignorable
    name                    string
    max_version_level       int16
    min_version_level       int16
  zk_migration_ready        boolean                3+  tag 3 ignorable

MetadataRequest versions 0-13 flexible 9+
  topics                                 [MetadataRequestTopic]?1+
    topic_id                             uuid                       10+   ignorable
    name                                 string?10+
  allow_auto_topic_creation              boolean                    4+    = true
  include_cluster_authorized_operations  boolean                    8-10
  include_topic_authorized_operations    boolean                    8+

MetadataResponse versions 0-13 flexible 9+
  throttle_time_ms               int32                        3+    ignorable
  brokers                        [MetadataResponseBroker]
    node_id                      int32
    host                         string
    port                         int32
    rack                         string?                      1+    ignorable = null
  cluster_id                     string?                      2+    ignorable = null
  controller_id                  int32                        1+    ignorable = -1
  topics                         [MetadataResponseTopic]
    error_code                   int16
    name                         string?12+
    topic_id                     uuid                         10+   ignorable
    is_internal                  boolean                      1+    ignorable
    partitions                   [MetadataResponsePartition]
      error_code                 int16
      partition_index            int32
      leader_id                  int32
      leader_epoch               int32                        7+    ignorable = -1
      replica_nodes              [int32]
      isr_nodes                  [int32]
      offline_replicas           [int32]                      5+    ignorable
    topic_authorized_operations  int32                        8+    = -2147483648
  error_code                     int16                        13+   ignorable
  cluster_authorized_operations  int32                        8-10  = -2147483648

FindCoordinatorRequest versions 0-6 flexible 3+
  key               string    0-3
  key_type          int8      1+
  coordinator_keys  [string]  4+

FindCoordinatorResponse versions 0-6 flexible 3+
  throttle_time_ms  int32          1+   ignorable
  coordinators      [Coordinator]  4+
    key             string
    node_id         int32
    host            string
    port            int32
    error_code      int16
    error_message   string?             ignorable
  error_code        int16          0-3
  error_message     string?        1-3  ignorable
  node_id           int32          0-3
  host              string         0-3
  port              int32          0-3

DescribeClusterRequest versions 0-2 flexible 0+
  include_cluster_authorized_operations  boolean
  endpoint_type                          int8     1+  = 1
  include_fenced_brokers                 boolean  2+

DescribeClusterResponse versions 0-2 flexible 0+
  throttle_time_ms               int32
  error_code                     int16
  error_message                  string?                      = null
  endpoint_type                  int8                     1+  = 1
  cluster_id                     string
  controller_id                  int32                        = -1
  brokers                        [DescribeClusterBroker]
    broker_id                    int32
    host                         string
    port                         int32
    rack                         string?                      = null
    is_fenced                    boolean                  2+
  cluster_authorized_operations  int32                        = -2147483648

DescribeTopicPartitionsRequest version 0 flexible 0+
  topics                    [TopicRequest]
    name                    string
  response_partition_limit  int32           = 2000
  cursor                    Cursor?         = null
    topic_name              string
    partition_index         int32

DescribeTopicPartitionsResponse version 0 flexible 0+
  throttle_time_ms               int32                                       ignorable
  topics                         [DescribeTopicPartitionsResponseTopic]
    error_code                   int16
    name                         string?
    topic_id                     uuid                                        ignorable
    is_internal                  boolean                                     ignorable
    partitions                   [DescribeTopicPartitionsResponsePartition]
      error_code                 int16
      partition_index            int32
      leader_id                  int32
      leader_epoch               int32                                       ignorable = -1
      replica_nodes              [int32]
      isr_nodes                  [int32]
      eligible_leader_replicas   [int32]?                                    = null
      last_known_elr             [int32]?                                    = null
      offline_replicas           [int32]                                     ignorable
    topic_authorized_operations  int32                                       = -2147483648
  next_cursor                    Cursor?                                     = null
    topic_name                   string
    partition_index              int32
"""
