"""Keys of a group."""

from typing import Final

TABLE: Final = """
consumer.heartbeat.interval.ms | int | 5000 | 1.. | medium

consumer.session.timeout.ms | int | 45000 | 1.. | medium

share.auto.offset.reset | string | latest | @share-offset-reset | medium

share.heartbeat.interval.ms | int | 5000 | 1.. | medium

share.isolation.level | string | read_uncommitted | {read_committed,read_uncommitted} | medium

share.record.lock.duration.ms | int | 30000 | 1000.. | medium

share.session.timeout.ms | int | 45000 | 1.. | medium

streams.heartbeat.interval.ms | int | 5000 | 1.. | medium

streams.initial.rebalance.delay.ms | int | 3000 | 0.. | medium

streams.num.standby.replicas | int | 0 | 0.. | medium

streams.session.timeout.ms | int | 45000 | 1.. | medium
"""
