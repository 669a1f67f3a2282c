"""Idempotent producers and transactions."""

from typing import Final

TABLE: Final = """
producer.id.expiration.ms | int | 86400000 | 1.. | low | cluster-wide
    How long a partition remembers a producer that stopped writing; after that, sequence numbers begin anew.

producer.id.expiration.check.interval.ms | int | 600000 | 1.. | low | | internal
    How often the broker looks for producers to forget.

transaction.max.timeout.ms | int | 900000 | 1.. | high
    The longest transaction.timeout.ms a producer can ask for.

transactional.id.expiration.ms | int | 604800000 | 1.. | high
    How long a transactional id that is not in use is remembered.

transaction.abort.timed.out.transaction.cleanup.interval.ms | int | 10000 | 1.. | low
    How often the broker looks for transactions whose time is over, to abort them.

transaction.remove.expired.transaction.cleanup.interval.ms | int | 3600000 | 1.. | low
    How often the broker looks for transactional ids to forget.

transaction.partition.verification.enable | boolean | true | | low | cluster-wide
    Whether a transactional write is checked to belong to an ongoing transaction (KIP-890).

transaction.two.phase.commit.enable | boolean | false | | low | | no effect: not-yet
    Whether producers may take part in two-phase commit with a coordinator outside of Kafka (KIP-939).

transaction.state.log.load.buffer.size | int | 5242880 | 1.. | high | | no effect: load-buffer

transaction.state.log.min.isr | int | 1 | 1.. | high | | no effect: internal-topics

transaction.state.log.num.partitions | int | 50 | 1.. | high
    How many partitions __transaction_state is created with. Not to be changed afterwards.

transaction.state.log.replication.factor | short | 1 | 1.. | high | | no effect: internal-topics

transaction.state.log.segment.bytes | int | 104857600 | 1.. | high
    Segment size of __transaction_state.

add.partitions.to.txn.retry.backoff.ms | int | 20 | 1.. | high | | no effect: ends-at-once
    How long the broker waits before it tries again to add a partition to a transaction that is just ending.

add.partitions.to.txn.retry.backoff.max.ms | int | 100 | 0.. | high | | no effect: ends-at-once
    For how long it tries that again before it answers CONCURRENT_TRANSACTIONS.
"""
