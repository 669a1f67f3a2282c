"""Whether what a producer writes belongs to its transaction (KIP-890).

Without that check a late batch could open a transaction that nobody ends. Older producers have added the partition
before, and it is only looked for; since transactions version 2 the write itself adds it.
Source: Kafka's ReplicaManager.maybeSendPartitionsToTransactionCoordinator, AddPartitionsToTxnManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.transactions.transaction_metadata import (
    TRANSACTION_VERSION_2,
    ProducerIdAndEpoch,
    TopicPartition,
)
from minikafka.errors import (
    INVALID_PRODUCER_EPOCH,
    INVALID_TXN_STATE,
    NONE,
    PRODUCER_FENCED,
    TRANSACTION_ABORTABLE,
)

if TYPE_CHECKING:
    from minikafka.coordinator.transactions.transaction_coordinator import TransactionCoordinator


def transaction_codes(
    transactions: TransactionCoordinator,
    transactional_id: str,
    producer: ProducerIdAndEpoch,
    partitions: frozenset[TopicPartition],
    *,
    adds: bool,
    knows_abortable: bool,
) -> dict[TopicPartition, int]:
    """The error codes of the partitions that may not be written to, in the words that the writer knows.

    :param adds: the partitions are added to the transaction, not only looked for.
    :param knows_abortable: the writer knows TRANSACTION_ABORTABLE.
    """
    if adds:
        code = transactions.add_partitions(transactional_id, producer, partitions, TRANSACTION_VERSION_2)
        codes = dict.fromkeys(partitions, code)
    elif transactions.verifies_partitions:
        codes = transactions.verify_partitions(transactional_id, producer, partitions)
    else:
        return {}
    return {partition: _writer_code(code, knows_abortable) for partition, code in codes.items() if code != NONE}


def _writer_code(code: int, knows_abortable: bool) -> int:
    if code == PRODUCER_FENCED:
        return INVALID_PRODUCER_EPOCH
    if code == TRANSACTION_ABORTABLE and not knows_abortable:
        return INVALID_TXN_STATE
    return code
