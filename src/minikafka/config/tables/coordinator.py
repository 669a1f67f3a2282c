"""Groups, committed offsets, and share groups."""

from typing import Final

TABLE: Final = """
group.initial.rebalance.delay.ms | int | 3000 | | medium
    How long the first rebalance of an empty group waits for further members to join.

group.min.session.timeout.ms | int | 6000 | | medium
    The shortest session.timeout.ms a member of a classic group can ask for.

group.max.session.timeout.ms | int | 1800000 | | medium
    The longest session.timeout.ms a member of a classic group can ask for.

group.max.size | int | 2147483647 | 1.. | medium
    The most members of one classic group; the next is told GROUP_MAX_SIZE_REACHED.

group.coordinator.rebalance.protocols | list | classic,consumer,streams
    | distinct nonempty {consumer,classic,share,streams} | medium
    Which kinds of group clients may form; classic is always among them.

group.coordinator.threads | int | 4 | 1.. | high | | no effect: threads

group.coordinator.append.linger.ms | int | -1 | -1.. | medium | | no effect: coordinator-linger

group.consumer.session.timeout.ms | int | 45000 | 1.. | medium |
    How long a member of a consumer group (KIP-848) may be silent before it is removed.

group.consumer.min.session.timeout.ms | int | 45000 | 1.. | medium |
    The least consumer.session.timeout.ms a group can be given.

group.consumer.max.session.timeout.ms | int | 60000 | 1.. | medium |
    The most consumer.session.timeout.ms a group can be given.

group.consumer.heartbeat.interval.ms | int | 5000 | 1.. | medium |
    How often members of a consumer group are told to send heartbeats.

group.consumer.min.heartbeat.interval.ms | int | 5000 | 1.. | medium |
    The least consumer.heartbeat.interval.ms a group can be given.

group.consumer.max.heartbeat.interval.ms | int | 15000 | 1.. | medium |
    The most consumer.heartbeat.interval.ms a group can be given.

group.consumer.max.size | int | 2147483647 | 1.. | medium |
    The most members of one consumer group.

group.consumer.assignors | list | uniform,range | distinct nonempty | medium |
    The assignors members can choose by name, uniform and range; the first serves those that name none.

group.consumer.migration.policy | string | bidirectional | ~{DISABLED,DOWNGRADE,UPGRADE,BIDIRECTIONAL} | medium |
    Whether a group may change between the classic and the consumer protocol while it has members: upgrade,
    downgrade, bidirectional or disabled.

group.consumer.regex.refresh.interval.ms | int | 600000 | 10000.. | medium | | internal, no effect: matched-at-once
    How often subscriptions by regular expression are matched again when no topic came or went.

group.share.enable | boolean | false | | medium | | internal
    Whether there are share groups even where the cluster has no feature share.version.

group.share.session.timeout.ms | int | 45000 | 1.. | medium |
    How long a member of a share group may be silent before it is removed.

group.share.min.session.timeout.ms | int | 45000 | 1.. | medium |
    The least share.session.timeout.ms a group can be given.

group.share.max.session.timeout.ms | int | 60000 | 1.. | medium |
    The most share.session.timeout.ms a group can be given.

group.share.heartbeat.interval.ms | int | 5000 | 1.. | medium |
    How often members of a share group are told to send heartbeats.

group.share.min.heartbeat.interval.ms | int | 5000 | 1.. | medium |
    The least share.heartbeat.interval.ms a group can be given.

group.share.max.heartbeat.interval.ms | int | 15000 | 1.. | medium |
    The most share.heartbeat.interval.ms a group can be given.

group.share.max.size | int | 200 | 1..1000 | medium |
    The most members of one share group.

group.share.assignors | list | simple | distinct nonempty | medium | | no effect: java-class
    The assignor of share groups; simple is the one there is.

group.share.delivery.count.limit | int | 5 | 2..10 | medium
    How often a record is given to members of a share group before it is archived as undeliverable.

group.share.record.lock.duration.ms | int | 30000 | 1000..3600000 | medium
    How long a member holds a record it acquired before the record goes to another.

group.share.min.record.lock.duration.ms | int | 15000 | 1000..30000 | medium
    The least share.record.lock.duration.ms a group can be given.

group.share.max.record.lock.duration.ms | int | 60000 | 30000..3600000 | medium
    The most share.record.lock.duration.ms a group can be given.

group.share.partition.max.record.locks | int | 2000 | 100..10000 | medium
    The most records of one partition that can be acquired at a time.

group.share.max.share.sessions | int | 2000 | 1.. | medium
    The most share sessions the broker keeps.

group.share.initialize.retry.interval.ms | int | 30000 | 1.. | low | | internal
    When the state of a partition that a share group has begun to read is initialized again, where no answer came.

group.share.persister.class.name | string | org.apache.kafka.server.share.persister.DefaultStatePersister |
    | medium | | internal, no effect: java-class

share.coordinator.append.linger.ms | int | -1 | -1.. | medium | | no effect: coordinator-linger

share.coordinator.cold.partition.snapshot.interval.ms | int | 300000 | 1.. | low | | internal
    How often the state of share partitions that do not change is written anew, once each, so that old records of
    it can be deleted.

share.coordinator.load.buffer.size | int | 5242880 | 1.. | high | | no effect: load-buffer

share.coordinator.snapshot.update.records.per.snapshot | int | 500 | 0.. | medium
    How many updates of a share partition's state are written between two complete ones; 500 at most.

share.coordinator.state.topic.compression.codec | int | 0 | | high
    How batches of __share_group_state are compressed: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.

share.coordinator.state.topic.min.isr | short | 1 | 1.. | high | | no effect: internal-topics

share.coordinator.state.topic.num.partitions | int | 50 | 1.. | high
    How many partitions __share_group_state is created with. Not to be changed afterwards.

share.coordinator.state.topic.prune.interval.ms | int | 300000 | 1.. | low | | internal
    How often records of __share_group_state that nobody needs any more are deleted.

share.coordinator.state.topic.replication.factor | short | 1 | 1.. | high | | no effect: internal-topics

share.coordinator.state.topic.segment.bytes | int | 104857600 | 1.. | high
    Segment size of __share_group_state.

share.coordinator.threads | int | 1 | 1.. | medium | | no effect: threads

share.coordinator.write.timeout.ms | int | 5000 | 1.. | high | | no effect: replication
    How long a write of share state may take before it fails.

group.streams.heartbeat.interval.ms | int | 5000 | 1.. | medium | | no effect: not-yet
    How often members of a streams group are told to send heartbeats.

group.streams.min.heartbeat.interval.ms | int | 5000 | 1.. | medium | | no effect: not-yet
    The least streams.heartbeat.interval.ms a group can be given.

group.streams.max.heartbeat.interval.ms | int | 15000 | 1.. | medium | | no effect: not-yet
    The most streams.heartbeat.interval.ms a group can be given.

group.streams.session.timeout.ms | int | 45000 | 1.. | medium | | no effect: not-yet
    How long a member of a streams group may be silent before it is removed.

group.streams.min.session.timeout.ms | int | 45000 | 1.. | medium | | no effect: not-yet
    The least streams.session.timeout.ms a group can be given.

group.streams.max.session.timeout.ms | int | 60000 | 1.. | medium | | no effect: not-yet
    The most streams.session.timeout.ms a group can be given.

group.streams.max.size | int | 2147483647 | 1.. | medium | | no effect: not-yet
    The most members of one streams group.

group.streams.initial.rebalance.delay.ms | int | 3000 | 0.. | medium | | no effect: not-yet
    How long the first assignment of an empty streams group waits for further members.

group.streams.num.standby.replicas | int | 0 | 0.. | medium | | no effect: not-yet
    How many standby tasks a streams group asks for.

group.streams.max.standby.replicas | int | 2 | 0.. | medium | | no effect: not-yet
    The most streams.num.standby.replicas a group can be given.

offset.metadata.max.bytes | int | 4096 | | high
    The longest metadata text that can be committed with an offset; a longer one is refused with
    OFFSET_METADATA_TOO_LARGE.

offsets.commit.timeout.ms | int | 5000 | 1.. | high | | no effect: replication
    How long an offset commit may take to be written before it fails.

offsets.load.buffer.size | int | 5242880 | 1.. | high | | no effect: load-buffer

offsets.retention.minutes | int | 10080 | 1.. | high
    How long committed offsets are kept after their group became empty or stopped reading the topic.

offsets.retention.check.interval.ms | long | 600000 | 1.. | high
    How often the broker looks for committed offsets to expire.

offsets.topic.compression.codec | int | 0 | | high
    How batches of __consumer_offsets are compressed: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.

offsets.topic.num.partitions | int | 50 | 1.. | high
    How many partitions __consumer_offsets is created with. Not to be changed afterwards: it decides in which
    partition a group is kept.

offsets.topic.replication.factor | short | 1 | 1.. | high | | no effect: internal-topics

offsets.topic.segment.bytes | int | 104857600 | 1.. | high
    Segment size of __consumer_offsets; small segments let compaction keep start-up short.
"""
