"""The log: where it is kept, when it is rolled, flushed, deleted and compacted, and what may be written to it."""

from typing import Final

TABLE: Final = """
log.dirs | list | - | distinct nonempty | high
    The directories data is kept in, a comma between two of them; a new partition goes to the one with the fewest.
    log.dir is used when this is not set.

log.dir | list | /tmp/kafka-logs | distinct nonempty | high
    One directory for data; see log.dirs.

log.segment.bytes | int | 1073741824 | 1048576.. | high | cluster-wide
    The size a segment file may reach before it is closed and a new one is begun. Deletion and compaction work on
    closed segments only.

log.roll.ms | long | - | | high | cluster-wide
    The age at which a segment is closed even though it is not full; log.roll.hours is used when this is not set.

log.roll.hours | int | 168 | 1.. | high
    As log.roll.ms, in hours.

log.roll.jitter.ms | long | - | | high | cluster-wide
    Up to this much is taken off log.roll.ms at random for each segment, so that not all of them roll at once;
    log.roll.jitter.hours is used when this is not set.

log.roll.jitter.hours | int | 0 | 0.. | high
    As log.roll.jitter.ms, in hours.

log.retention.ms | long | - | | high | cluster-wide
    How long a closed segment is kept after its newest record; -1 keeps it forever. Before log.retention.minutes and
    log.retention.hours, which count when this is not set.

log.retention.minutes | int | - | | high
    As log.retention.ms, in minutes; log.retention.hours is used when this is not set.

log.retention.hours | int | 168 | | high
    As log.retention.ms, in hours.

log.retention.bytes | long | -1 | | high | cluster-wide
    The size a partition may reach before its oldest segments are deleted; -1 sets no limit.

log.retention.check.interval.ms | long | 300000 | 1.. | medium
    How often the broker looks for segments to delete.

log.cleanup.policy | list | delete | distinct {compact,delete} | medium | cluster-wide
    What happens to old segments: delete (by age and size), compact (only the last record of each key stays), or
    both; an empty list keeps everything.

log.segment.delete.delay.ms | long | 60000 | 0.. | high | cluster-wide
    How long a deleted segment's files stay on disk, so that reads in progress can end.

log.index.size.max.bytes | int | 10485760 | 4.. | medium | cluster-wide
    The largest offset index of a segment; the segment is rolled when it is full.

log.index.interval.bytes | int | 4096 | 0.. | medium | cluster-wide
    An index entry is added after at least this many bytes of records: smaller makes larger indexes and shorter
    scans.

log.flush.interval.messages | long | 9223372036854775807 | 1.. | high | cluster-wide
    How many records are appended to a partition before it is forced to disk (fsync).

log.flush.interval.ms | long | - | | high | cluster-wide
    How long appended records may wait before they are forced to disk; log.flush.scheduler.interval.ms is used when
    this is not set.

log.flush.scheduler.interval.ms | long | 9223372036854775807 | | high
    How often the broker looks for partitions whose log.flush.interval.ms is over.

log.flush.offset.checkpoint.interval.ms | int | 60000 | 0.. | high
    How often the offsets up to which logs are on disk are written to recovery-point-offset-checkpoint; recovery
    after a crash begins there.

log.flush.start.offset.checkpoint.interval.ms | int | 60000 | 0.. | high
    How often log start offsets are written to log-start-offset-checkpoint, so that deleted records stay deleted
    after a restart.

replica.high.watermark.checkpoint.interval.ms | long | 5000 | | high
    How often high watermarks are written to replication-offset-checkpoint.

log.initial.task.delay.ms | long | 30000 | 0.. | low | | internal
    How long after the start the periodic work on logs begins.

log.preallocate | boolean | false | | medium | cluster-wide
    Whether a new segment's file gets its full size at once.

log.dir.failure.timeout.ms | long | 30000 | 1.. | low | | no effect: log-dir-failure

num.recovery.threads.per.data.dir | int | 2 | 1.. | high | cluster-wide
    How many logs of a directory are recovered at a time at a start after a crash, and synced at a time when the broker
    stops (of these at least 8).

num.replica.alter.log.dirs.threads | int | - | | high | | no effect: threads

log.cleaner.enable | boolean | true | | medium
    Whether compaction runs at all. Kafka's own topic of committed offsets needs it.

log.cleaner.threads | int | 1 | 0.. | medium | cluster-wide
    How many logs are compacted at a time. They share the memory for keys, the buffers and the limit of bytes a second;
    more than one helps where the disk is what compaction waits for.

log.cleaner.backoff.ms | long | 15000 | 0.. | medium | cluster-wide
    How long the cleaner rests when no log needs compaction.

log.cleaner.dedupe.buffer.size | long | 134217728 | | medium | cluster-wide
    Memory for the keys of one compaction pass; it decides how much of a log a pass can cover. At least 1 MiB.

log.cleaner.io.buffer.load.factor | double | 0.9 | | medium | cluster-wide
    How full that memory may get, as a fraction.

log.cleaner.io.buffer.size | int | 524288 | 0.. | medium | cluster-wide
    The size of the pieces compaction reads and writes.

log.cleaner.io.max.bytes.per.second | double | 1.7976931348623157E308 | | medium | cluster-wide
    The most bytes a second compaction reads and writes.

log.cleaner.delete.retention.ms | long | 86400000 | 0.. | medium | cluster-wide
    How long a tombstone (a record without value) stays in a compacted log, for readers that have not yet seen it.

log.cleaner.min.cleanable.ratio | double | 0.5 | 0..1 | medium | cluster-wide
    The share of a log that must be uncompacted before it is compacted again. Lower means less space and more work.

log.cleaner.min.compaction.lag.ms | long | 0 | 0.. | medium | cluster-wide
    How long a record stays as it is, at the least, in a compacted log.

log.cleaner.max.compaction.lag.ms | long | 9223372036854775807 | 1.. | medium | cluster-wide
    How long a record can wait for compaction, at the most.

log.message.timestamp.type | string | CreateTime | {CreateTime,LogAppendTime} | medium | cluster-wide
    Whose timestamp records keep: CreateTime, the producer's, or LogAppendTime, that of the broker when it appends
    them.

log.message.timestamp.before.max.ms | long | 9223372036854775807 | 0.. | medium | cluster-wide
    How far in the past a record's timestamp may lie; others are refused with INVALID_TIMESTAMP. Not checked with
    LogAppendTime.

log.message.timestamp.after.max.ms | long | 3600000 | 0.. | medium | cluster-wide
    How far in the future a record's timestamp may lie; others are refused with INVALID_TIMESTAMP. Not checked with
    LogAppendTime.

log.local.retention.bytes | long | -2 | -2.. | medium | cluster-wide | no effect: remote

log.local.retention.ms | long | -2 | -2.. | medium | cluster-wide | no effect: remote

message.max.bytes | int | 1048588 | 0.. | high | cluster-wide
    The largest record batch a producer may send, as it is on the wire, compressed.

compression.type | string | producer | {uncompressed,zstd,lz4,snappy,gzip,producer} | high | cluster-wide
    How batches are stored: producer keeps what the producer chose, uncompressed, gzip, snappy, lz4 and zstd are
    enforced by the broker.

compression.gzip.level | int | -1 | @gzip-level | medium | cluster-wide
    The level when the broker itself compresses with gzip; -1 is gzip's own default.

compression.lz4.level | int | 9 | 1..17 | medium | cluster-wide
    The level when the broker itself compresses with lz4.

compression.zstd.level | int | 3 | -131072..22 | medium | cluster-wide
    The level when the broker itself compresses with zstd.

min.insync.replicas | int | 1 | 1.. | high | cluster-wide
    How many replicas must have a write before acks=all is answered. One node has one: with more, such writes fail
    with NOT_ENOUGH_REPLICAS.

unclean.leader.election.enable | boolean | false | | high | cluster-wide | no effect: replication

unclean.leader.election.interval.ms | long | 300000 | 1.. | medium | | internal, no effect: replication
"""
