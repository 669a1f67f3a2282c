"""Records of tiered storage: ``__remote_log_metadata`` and its snapshots.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
RemoteLogSegmentMetadataRecord version 0 flexible 0+
  remote_log_segment_id     RemoteLogSegmentIdEntry
    topic_id_partition      TopicIdPartitionEntry
      name                  string
      id                    uuid
      partition             int32
    id                      uuid
  start_offset              int64
  end_offset                int64
  broker_id                 int32
  max_timestamp_ms          int64
  event_timestamp_ms        int64
  segment_leader_epochs     [SegmentLeaderEpochEntry]
    leader_epoch            int32
    offset                  int64
  segment_size_in_bytes     int32
  custom_metadata           bytes?                     = null
  remote_log_segment_state  int8
  txn_index_empty           boolean                    tag 0

RemoteLogSegmentMetadataUpdateRecord version 0 flexible 0+
  remote_log_segment_id     RemoteLogSegmentIdEntry
    topic_id_partition      TopicIdPartitionEntry
      name                  string
      id                    uuid
      partition             int32
    id                      uuid
  broker_id                 int32
  event_timestamp_ms        int64
  custom_metadata           bytes?                   = null
  remote_log_segment_state  int8

RemotePartitionDeleteMetadataRecord version 0 flexible 0+
  topic_id_partition             TopicIdPartitionEntry
    name                         string
    id                           uuid
    partition                    int32
  broker_id                      int32
  event_timestamp_ms             int64
  remote_partition_delete_state  int8

RemoteLogSegmentMetadataSnapshotRecord version 0 flexible 0+
  segment_id                uuid
  start_offset              int64
  end_offset                int64
  broker_id                 int32
  max_timestamp_ms          int64
  event_timestamp_ms        int64
  segment_leader_epochs     [SegmentLeaderEpochEntry]
    leader_epoch            int32
    offset                  int64
  segment_size_in_bytes     int32
  custom_metadata           bytes?                     = null
  remote_log_segment_state  int8
  txn_index_empty           boolean                    tag 0

ProducerSnapshot version 1
  crc                         uint32
  producer_entries            [ProducerEntry]
    producer_id               int64
    epoch                     int16
    last_sequence             int32
    last_offset               int64
    offset_delta              int32
    timestamp                 int64
    coordinator_epoch         int32
    current_txn_first_offset  int64
"""
