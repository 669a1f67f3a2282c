"""Settings of a topic of its own."""

from typing import Final

TABLE: Final = """
cleanup.policy | list | delete | distinct {compact,delete} | medium
    What happens to old segments: delete (by age and size), compact (only the last record of each key stays), or
    both; an empty list keeps everything.

compression.gzip.level | int | -1 | @gzip-level | medium
    The level when the broker itself compresses with gzip; -1 is gzip's own default.

compression.lz4.level | int | 9 | 1..17 | medium
    The level when the broker itself compresses with lz4.

compression.type | string | producer | {uncompressed,zstd,lz4,snappy,gzip,producer} | medium
    How batches are stored: producer keeps what the producer chose, uncompressed, gzip, snappy, lz4 and zstd are
    enforced by the broker.

compression.zstd.level | int | 3 | -131072..22 | medium
    The level when the broker itself compresses with zstd.

delete.retention.ms | long | 86400000 | 0.. | medium
    How long a tombstone (a record without value) stays in a compacted log, for readers that have not yet seen it.

file.delete.delay.ms | long | 60000 | 0.. | medium
    How long a deleted segment's files stay on disk, so that reads in progress can end.

flush.messages | long | 9223372036854775807 | 1.. | medium
    How many records are appended to a partition before it is forced to disk (fsync); 1 forces each append.

flush.ms | long | 9223372036854775807 | 0.. | medium
    How long appended records may wait before they are forced to disk; looked at every
    log.flush.scheduler.interval.ms of the broker.

follower.replication.throttled.replicas | list | "" | @replica-list | medium | | no effect: replication

index.interval.bytes | int | 4096 | 0.. | medium
    An index entry is added after at least this many bytes of records: smaller makes larger indexes and shorter
    scans.

internal.segment.bytes | int | - | | medium | | internal
    For tests: segment.bytes without its lower bound.

leader.replication.throttled.replicas | list | "" | @replica-list | medium | | no effect: replication

local.retention.bytes | long | -2 | -2.. | medium | | no effect: remote

local.retention.ms | long | -2 | -2.. | medium | | no effect: remote

max.compaction.lag.ms | long | 9223372036854775807 | 1.. | medium
    How long a record can wait for compaction, at the most.

max.message.bytes | int | 1048588 | 0.. | medium
    The largest record batch a producer may send, as it is on the wire, compressed.

message.timestamp.after.max.ms | long | 3600000 | 0.. | medium
    How far in the future a record's timestamp may lie; others are refused with INVALID_TIMESTAMP. Not checked with
    LogAppendTime.

message.timestamp.before.max.ms | long | 9223372036854775807 | 0.. | medium
    How far in the past a record's timestamp may lie; others are refused with INVALID_TIMESTAMP. Not checked with
    LogAppendTime.

message.timestamp.type | string | CreateTime | {CreateTime,LogAppendTime} | medium
    Whose timestamp records keep: CreateTime, the producer's, or LogAppendTime, that of the broker when it appends
    them.

min.cleanable.dirty.ratio | double | 0.5 | 0..1 | medium
    The share of a log that must be uncompacted before it is compacted again. Lower means less space and more work.

min.compaction.lag.ms | long | 0 | 0.. | medium
    How long a record stays as it is, at the least, in a compacted log.

min.insync.replicas | int | 1 | 1.. | medium
    How many replicas must have a write before acks=all is answered. One node has one: with more, such writes fail
    with NOT_ENOUGH_REPLICAS.

preallocate | boolean | false | | medium
    Whether a new segment's file gets its full size at once.

remote.log.copy.disable | boolean | false | | medium | | no effect: remote

remote.log.delete.on.disable | boolean | false | | medium | | no effect: remote

remote.storage.enable | boolean | false | | medium | | no effect: remote
    Cannot be true: the broker refuses it, as Kafka does where tiered storage is off.

retention.bytes | long | -1 | | medium
    The size a partition may reach before its oldest segments are deleted; -1 sets no limit.

retention.ms | long | 604800000 | -1.. | medium
    How long a closed segment is kept after its newest record; -1 keeps it forever.

segment.bytes | int | 1073741824 | 1048576.. | medium
    The size a segment file may reach before it is closed and a new one is begun. Deletion and compaction work on
    closed segments only.

segment.index.bytes | int | 10485760 | 4.. | medium
    The largest offset index of a segment; the segment is rolled when it is full.

segment.jitter.ms | long | 0 | 0.. | medium
    Up to this much is taken off segment.ms at random for each segment, so that not all of them roll at once.

segment.ms | long | 604800000 | 1.. | medium
    The age at which a segment is closed even though it is not full, so that deletion and compaction can have it.

unclean.leader.election.enable | boolean | false | | medium | | no effect: replication

message.format.version | string | 3.0-IV1 | @release | medium | | until 3.9, no effect: newest-format

message.downconversion.enable | boolean | true | | low | | until 3.9, no effect: downconversion

message.timestamp.difference.max.ms | long | 9223372036854775807 | 0.. | medium | | until 3.9, no effect: gone
"""
