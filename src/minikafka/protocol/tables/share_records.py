"""Keys and values of the records in ``__share_group_state``.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
ShareSnapshotKey version 0
  group_id   string
  topic_id   uuid
  partition  int32

ShareSnapshotValue version 0 flexible 0+
  snapshot_epoch           int32
  state_epoch              int32
  leader_epoch             int32
  start_offset             int64
  delivery_complete_count  int32         tag 0 = -1
  create_timestamp         int64
  write_timestamp          int64
  state_batches            [StateBatch]
    first_offset           int64
    last_offset            int64
    delivery_state         int8
    delivery_count         int16

ShareUpdateKey version 0
  group_id   string
  topic_id   uuid
  partition  int32

ShareUpdateValue version 0 flexible 0+
  snapshot_epoch           int32
  leader_epoch             int32
  start_offset             int64
  delivery_complete_count  int32         tag 0 = -1
  state_batches            [StateBatch]
    first_offset           int64
    last_offset            int64
    delivery_state         int8
    delivery_count         int16
"""
