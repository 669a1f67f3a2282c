"""A kill at every single write of a producer's life: its transactions are wholly there afterwards, or not at all."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from minikafka.storage.memory_files import Crashed, MemoryFiles
from tests.handlers.transaction_broker import Producer, TransactionBroker, start_broker


class Transaction(NamedTuple):
    """What one transaction writes: the same value to two partitions, and an offset."""

    number: int
    committed: bool

    @property
    def value(self) -> bytes:
        return b"%d" % self.number


TRANSACTIONS = [Transaction(1, True), Transaction(2, False), Transaction(3, True)]


class Workload:
    """A producer with three transactions, then another one that takes over in the middle of the fourth."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.broker = start_broker()
        self.broker._create_internal_topic("__consumer_offsets")
        self.broker._create_internal_topic("__transaction_state")
        self.asked: list[Transaction] = []
        self.answered: list[Transaction] = []

    def run(self) -> None:
        producer = Producer(self.broker, version=self.version).started()
        for transaction in TRANSACTIONS:
            self._write(producer, transaction)
            self.asked.append(transaction)
            assert producer.end(transaction.committed) == 0
            self.answered.append(transaction)
        self._write(producer, Transaction(4, False))
        Producer(self.broker, version=self.version).started()

    @staticmethod
    def _write(producer: Producer, transaction: Transaction) -> None:
        for partition in (0, 1):
            assert producer.write(transaction.value, "t", partition) == 0
        assert producer.send_offset(transaction.number) == 0


def crashed(version: int, operation: int | None) -> tuple[Workload, MemoryFiles]:
    workload = Workload(version)
    files = workload.broker.files
    if operation is not None:
        files.crash_at_operation = files.operations + operation
        with pytest.raises(Crashed):
            workload.run()
    else:
        workload.run()
    return workload, files


def operation_count(version: int) -> int:
    workload = Workload(version)
    before = workload.broker.files.operations
    workload.run()
    return workload.broker.files.operations - before


def check(broker: TransactionBroker, workload: Workload) -> None:
    """What the next broker must make of it."""
    assert broker.state("tx") not in ("PrepareCommit", "PrepareAbort")
    next_producer = Producer(broker, version=workload.version).started()
    visible = broker.committed("t", 0)
    assert broker.committed("t", 1) == visible
    answered = [one.value for one in workload.answered if one.committed]
    asked = [one.value for one in workload.asked if one.committed]
    assert visible in (answered, asked)
    assert broker.offset("g", "u", require_stable=True) == (int(visible[-1]) if visible else -1, 0)
    for partition in (0, 1):
        log = broker.logs.get("t", partition)
        assert log is not None
        assert log.last_stable_offset == log.log_end_offset
    workload._write(next_producer, Transaction(5, True))
    assert next_producer.commit() == 0
    assert broker.committed("t", 0) == broker.committed("t", 1) == [*visible, b"5"]
    assert broker.offset("g", "u") == (5, 0)


@pytest.mark.parametrize("version", [1, 2])
def test_a_kill_at_every_write(version: int) -> None:
    count = operation_count(version)
    assert count > 20
    for operation in range(1, count + 1):
        workload, files = crashed(version, operation)
        check(workload.broker.after(files.after_crash("process")), workload)


def test_the_workload_without_a_kill() -> None:
    workload, files = crashed(2, None)
    assert workload.answered == TRANSACTIONS
    check(workload.broker.after(files.after_crash("process")), workload)


def test_a_second_kill_while_the_first_is_made_good() -> None:
    """The completion of a decided transaction at start-up may itself be cut short anywhere."""
    workload, files = _killed_after_decision()
    first = files.after_crash("process")
    operations = first.operations
    workload.broker.after(first)
    count = first.operations - operations
    for operation in range(1, count + 1):
        again = files.after_crash("process")
        again.crash_at_operation = again.operations + operation
        with pytest.raises(Crashed):
            workload.broker.after(again)
        check(workload.broker.after(again.after_crash("process")), workload)


def _killed_after_decision() -> tuple[Workload, MemoryFiles]:
    """Killed at the first write after PrepareCommit of the first transaction."""
    for operation in range(1, operation_count(2) + 1):
        workload, files = crashed(2, operation)
        found = workload.broker.after(files.after_crash("process")).committed("t", 0)
        if found and not workload.answered:
            return workload, files
    raise AssertionError("no operation lies between decision and answer")
