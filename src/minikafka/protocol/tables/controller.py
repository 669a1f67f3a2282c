"""APIs between brokers and the controller, those of the ZooKeeper time included.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
LeaderAndIsrRequest versions 0-7 flexible 4+
  controller_id               int32
  is_k_raft_controller        boolean                       7+
  controller_epoch            int32
  broker_epoch                int64                         2+   ignorable = -1
  type                        int8                          5+
  topic_states                [LeaderAndIsrTopicState]      2+
    topic_name                string
    topic_id                  uuid                          5+   ignorable
    partition_states          [LeaderAndIsrPartitionState]
      topic_name              string                        0-1  ignorable
      partition_index         int32                         0+
      controller_epoch        int32                         0+
      leader                  int32                         0+
      leader_epoch            int32                         0+
      isr                     [int32]                       0+
      partition_epoch         int32                         0+
      replicas                [int32]                       0+
      adding_replicas         [int32]                       3+   ignorable
      removing_replicas       [int32]                       3+   ignorable
      is_new                  boolean                       1+   ignorable
      leader_recovery_state   int8                          6+
  ungrouped_partition_states  [LeaderAndIsrPartitionState]  0-1
  live_leaders                [LeaderAndIsrLiveLeader]
    broker_id                 int32
    host_name                 string
    port                      int32

LeaderAndIsrResponse versions 0-7 flexible 4+
  error_code           int16
  topics               [LeaderAndIsrTopicError]      5+
    topic_id           uuid
    partition_errors   [LeaderAndIsrPartitionError]
      topic_name       string                        0-4  ignorable
      partition_index  int32                         0+
      error_code       int16                         0+
  partition_errors     [LeaderAndIsrPartitionError]  0-4

StopReplicaRequest versions 0-4 flexible 2+
  controller_id         int32
  is_k_raft_controller  boolean                      4+
  controller_epoch      int32
  broker_epoch          int64                        1+   ignorable = -1
  topic_states          [StopReplicaTopicState]      3+
    topic_name          string
    partition_states    [StopReplicaPartitionState]
      partition_index   int32
      leader_epoch      int32                             = -1
      delete_partition  boolean
  delete_partitions     boolean                      0-2
  topics                [StopReplicaTopicV1]         1-2
    name                string
    partition_indexes   [int32]
  ungrouped_partitions  [StopReplicaPartitionV0]     0
    topic_name          string
    partition_index     int32

StopReplicaResponse versions 0-4 flexible 2+
  error_code         int16
  partition_errors   [StopReplicaPartitionError]
    topic_name       string
    partition_index  int32
    error_code       int16

UpdateMetadataRequest versions 0-8 flexible 6+
  controller_id               int32
  is_k_raft_controller        boolean                         8+
  controller_epoch            int32
  broker_epoch                int64                           5+   ignorable = -1
  topic_states                [UpdateMetadataTopicState]      5+
    topic_name                string
    topic_id                  uuid                            7+   ignorable
    partition_states          [UpdateMetadataPartitionState]
      topic_name              string                          0-4  ignorable
      partition_index         int32                           0+
      controller_epoch        int32                           0+
      leader                  int32                           0+
      leader_epoch            int32                           0+
      isr                     [int32]                         0+
      zk_version              int32                           0+
      replicas                [int32]                         0+
      offline_replicas        [int32]                         4+   ignorable
  ungrouped_partition_states  [UpdateMetadataPartitionState]  0-4
  live_brokers                [UpdateMetadataBroker]
    id                        int32
    endpoints                 [UpdateMetadataEndpoint]        1+   ignorable
      port                    int32
      host                    string
      listener                string                          3+   ignorable
      security_protocol       int16
    rack                      string?                         2+   ignorable
    v0_host                   string                          0    ignorable
    v0_port                   int32                           0    ignorable
  type                        int8                            8+   tag 0

UpdateMetadataResponse versions 0-8 flexible 6+
  error_code  int16

ControlledShutdownRequest versions 0-3 flexible 3+
  broker_id     int32
  broker_epoch  int64  2+  ignorable = -1

ControlledShutdownResponse versions 0-3 flexible 3+
  error_code            int16
  remaining_partitions  [RemainingPartition]
    topic_name          string
    partition_index     int32

AlterPartitionRequest versions 0-3 flexible 0+
  broker_id                  int32
  broker_epoch               int64                 = -1
  topics                     [TopicData]
    topic_id                 uuid             2+   ignorable
    topic_name               string           0-1  ignorable
    partitions               [PartitionData]
      partition_index        int32
      leader_epoch           int32
      new_isr_with_epochs    [BrokerState]    3+
        broker_id            int32
        broker_epoch         int64                 = -1
      new_isr                [int32]          0-2
      leader_recovery_state  int8             1+
      partition_epoch        int32

AlterPartitionResponse versions 0-3 flexible 0+
  throttle_time_ms           int32
  error_code                 int16
  topics                     [TopicData]
    topic_id                 uuid             2+   ignorable
    topic_name               string           0-1  ignorable
    partitions               [PartitionData]
      partition_index        int32
      error_code             int16
      leader_id              int32
      leader_epoch           int32
      isr                    [int32]
      leader_recovery_state  int8             1+   ignorable
      partition_epoch        int32

EnvelopeRequest version 0 flexible 0+
  request_data         bytes
  request_principal    bytes?
  client_host_address  bytes

EnvelopeResponse version 0 flexible 0+
  response_data  bytes?  = null
  error_code     int16

BrokerRegistrationRequest versions 0-4 flexible 0+
  broker_id                int32
  cluster_id               string
  incarnation_id           uuid
  listeners                [Listener]
    name                   string
    host                   string
    port                   uint16
    security_protocol      int16
  features                 [Feature]
    name                   string
    min_supported_version  int16
    max_supported_version  int16
  rack                     string?
  is_migrating_zk_broker   boolean     1+
  log_dirs                 [uuid]      2+  ignorable
  previous_broker_epoch    int64       3+  ignorable = -1

BrokerRegistrationResponse versions 0-4 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  broker_epoch      int64  = -1

BrokerHeartbeatRequest versions 0-1 flexible 0+
  broker_id                int32
  broker_epoch             int64        = -1
  current_metadata_offset  int64
  want_fence               boolean
  want_shut_down           boolean
  offline_log_dirs         [uuid]   1+  tag 0

BrokerHeartbeatResponse versions 0-1 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  is_caught_up      boolean
  is_fenced         boolean  = true
  should_shut_down  boolean

UnregisterBrokerRequest version 0 flexible 0+
  broker_id  int32

UnregisterBrokerResponse version 0 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  error_message     string?

AllocateProducerIdsRequest version 0 flexible 0+
  broker_id     int32
  broker_epoch  int64  = -1

AllocateProducerIdsResponse version 0 flexible 0+
  throttle_time_ms   int32
  error_code         int16
  producer_id_start  int64
  producer_id_len    int32

ControllerRegistrationRequest version 0 flexible 0+
  controller_id            int32
  incarnation_id           uuid
  zk_migration_ready       boolean
  listeners                [Listener]
    name                   string
    host                   string
    port                   uint16
    security_protocol      int16
  features                 [Feature]
    name                   string
    min_supported_version  int16
    max_supported_version  int16

ControllerRegistrationResponse version 0 flexible 0+
  throttle_time_ms  int32
  error_code        int16
  error_message     string?

AssignReplicasToDirsRequest version 0 flexible 0+
  broker_id              int32
  broker_epoch           int64            = -1
  directories            [DirectoryData]
    id                   uuid
    topics               [TopicData]
      topic_id           uuid
      partitions         [PartitionData]
        partition_index  int32

AssignReplicasToDirsResponse version 0 flexible 0+
  throttle_time_ms       int32
  error_code             int16
  directories            [DirectoryData]
    id                   uuid
    topics               [TopicData]
      topic_id           uuid
      partitions         [PartitionData]
        partition_index  int32
        error_code       int16
"""
