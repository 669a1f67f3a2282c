"""Values of control records in a log, and the quorum state file.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
EndTxnMarker version 0
  coordinator_epoch  int32

LeaderChangeMessage versions 0-1 flexible 0+
  version               int16
  leader_id             int32
  voters                [Voter]
    voter_id            int32
    voter_directory_id  uuid     1+
  granting_voters       [Voter]

SnapshotHeaderRecord version 0 flexible 0+
  version                       int16
  last_contained_log_timestamp  int64

SnapshotFooterRecord version 0 flexible 0+
  version  int16

KRaftVersionRecord version 0 flexible 0+
  version         int16
  k_raft_version  int16

VotersRecord version 0 flexible 0+
  version                    int16
  voters                     [Voter]
    voter_id                 int32
    voter_directory_id       uuid
    endpoints                [Endpoint]
      name                   string
      host                   string
      port                   uint16
    k_raft_version_feature   KRaftVersionFeature
      min_supported_version  int16
      max_supported_version  int16

QuorumStateData versions 0-1 flexible 0+
  cluster_id          string    0
  leader_id           int32         = -1
  leader_epoch        int32         = -1
  voted_id            int32         = -1
  voted_directory_id  uuid      1+
  applied_offset      int64     0
  current_voters      [Voter]?  0
    voter_id          int32
"""
