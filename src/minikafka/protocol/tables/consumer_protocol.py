"""What consumers of a classic group tell each other inside JoinGroup and SyncGroup.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
ConsumerProtocolSubscription versions 0-3
  topics            [string]
  user_data         bytes?                = null
  owned_partitions  [TopicPartition]  1+  ignorable
    topic           string
    partitions      [int32]
  generation_id     int32             2+  ignorable = -1
  rack_id           string?           3+  ignorable = null

ConsumerProtocolAssignment versions 0-3
  assigned_partitions  [TopicPartition]
    topic              string
    partitions         [int32]
  user_data            bytes?            = null
"""
