"""Settings of a group of its own (KIP-848, KIP-932, KIP-1071)."""

from typing import Final

TABLE: Final = """
consumer.heartbeat.interval.ms | int | 5000 | 1.. | medium |
    How often members of the consumer group are told to send heartbeats.

consumer.session.timeout.ms | int | 45000 | 1.. | medium |
    How long a member of the consumer group may be silent before it is removed.

share.auto.offset.reset | string | latest | @share-offset-reset | medium
    Where a share group begins on a partition it has not read yet: latest, earliest, or by_duration: and an ISO 8601
    duration back from now.

share.heartbeat.interval.ms | int | 5000 | 1.. | medium |
    How often members of the share group are told to send heartbeats.

share.isolation.level | string | read_uncommitted | {read_committed,read_uncommitted} | medium
    Whether the share group is given records of transactions that are open or aborted.

share.record.lock.duration.ms | int | 30000 | 1000.. | medium
    How long a member of the share group holds a record it acquired before the record goes to another.

share.session.timeout.ms | int | 45000 | 1.. | medium |
    How long a member of the share group may be silent before it is removed.

streams.heartbeat.interval.ms | int | 5000 | 1.. | medium | | no effect: not-yet
    How often members of the streams group are told to send heartbeats.

streams.initial.rebalance.delay.ms | int | 3000 | 0.. | medium | | no effect: not-yet
    How long the first assignment of the empty streams group waits for further members.

streams.num.standby.replicas | int | 0 | 0.. | medium | | no effect: not-yet
    How many standby tasks the streams group asks for.

streams.session.timeout.ms | int | 45000 | 1.. | medium | | no effect: not-yet
    How long a member of the streams group may be silent before it is removed.
"""
