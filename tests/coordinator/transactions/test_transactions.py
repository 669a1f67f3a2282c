"""Transactions over both coordinators and real logs, on a manual clock: what becomes of what is written, when."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.transactions.transaction_metadata import LAST_CLIENT_EPOCH, ProducerIdAndEpoch
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol import stored
from minikafka.protocol.messages import TransactionLogValue
from minikafka.records.batch import iter_batches
from tests.handlers.transaction_broker import Producer, TransactionBroker, start_broker

both_versions = pytest.mark.parametrize("version", [1, 2])


@pytest.fixture
def broker() -> TransactionBroker:
    return start_broker()


# The course of a transaction


@both_versions
def test_a_commit_shows_everything_at_once(broker, version):
    producer = Producer(broker, version=version).started()
    assert [producer.write(b"a"), producer.write(b"b", partition=1), producer.send_offset(7)] == [0, 0, 0]
    assert broker.committed("t") == broker.committed("t", 1) == []
    assert broker.values("t") == [b"a"]
    assert broker.offset("g", "u") == (-1, 0)
    assert broker.state("tx") == "Ongoing"
    assert producer.commit() == 0
    assert (broker.committed("t"), broker.committed("t", 1)) == ([b"a"], [b"b"])
    assert broker.offset("g", "u") == (7, 0)
    assert broker.state("tx") == "CompleteCommit"


@both_versions
def test_an_abort_shows_nothing(broker, version):
    producer = Producer(broker, version=version).started()
    producer.write(b"a")
    producer.send_offset(7)
    assert producer.abort() == 0
    assert broker.committed("t") == []
    assert broker.values("t") == [b"a"]
    assert broker.offset("g", "u") == (-1, 0)
    assert broker.state("tx") == "CompleteAbort"


@both_versions
def test_transactions_follow_each_other(broker, version):
    producer = Producer(broker, version=version).started()
    for number in range(6):
        assert producer.write(b"%d" % number) == 0
        assert producer.end(number % 3 != 1) == 0
    assert broker.committed("t") == [b"0", b"2", b"3", b"5"]


def test_an_open_transaction_hides_what_others_write_after_it(broker):
    first, second = (Producer(broker, name).started() for name in ("one", "two"))
    first.write(b"1")
    second.write(b"2")
    second.commit()
    assert broker.committed("t") == []
    first.abort()
    assert broker.committed("t") == [b"2"]


def test_a_pending_offset_is_unstable_until_the_end(broker):
    producer = Producer(broker).started()
    producer.send_offset(7)
    assert broker.offset("g", "u", require_stable=True) == (-1, errors.UNSTABLE_OFFSET_COMMIT)
    producer.commit()
    assert broker.offset("g", "u", require_stable=True) == (7, 0)


def test_in_version_2_each_end_gives_the_next_epoch(broker):
    producer = Producer(broker).started()
    for epoch in range(3):
        assert producer.producer_epoch == epoch
        producer.write(b"x")
        producer.commit()


def test_in_version_1_the_epoch_stays(broker):
    producer = Producer(broker, version=1).started()
    for _ in range(3):
        assert producer.producer_epoch == 0
        producer.write(b"x")
        producer.commit()


def test_a_topic_deleted_meanwhile_does_not_hold_up_the_end(broker):
    producer = Producer(broker).started()
    producer.write(b"a")
    producer.write(b"b", "u")
    del broker.image.topics_by_name["u"]
    assert producer.commit() == 0
    assert broker.state("tx") == "CompleteCommit"
    assert broker.committed("t") == [b"a"]


# Who may do what


@both_versions
def test_a_new_producer_fences_the_old_one(broker, version):
    old = Producer(broker, version=version).started()
    old.write(b"old")
    new = Producer(broker, version=version)
    assert new.init() == 0, "the open transaction is aborted on the way"
    assert broker.state("tx") == "Empty"
    assert new.producer_id == old.producer_id
    assert old.write(b"zombie") in (errors.INVALID_PRODUCER_EPOCH, errors.PRODUCER_FENCED)
    assert old.commit() == errors.PRODUCER_FENCED
    new.write(b"new")
    new.commit()
    assert broker.committed("t") == [b"new"]


def test_clients_before_2_7_are_told_of_an_invalid_epoch(broker):
    old = Producer(broker, version=1).started()
    Producer(broker, version=1).started()
    assert old.add(("t", 0), version=1) == [errors.INVALID_PRODUCER_EPOCH]
    assert old.add(("t", 0), version=2) == [errors.PRODUCER_FENCED]
    assert old.end(True, version=1) == errors.INVALID_PRODUCER_EPOCH
    assert old.end(True, version=2) == errors.PRODUCER_FENCED


def test_what_was_not_added_is_refused_in_version_1(broker):
    producer = Producer(broker, version=1).started()
    producer.add(("t", 0))
    refused = producer.produce(b"x", "u", version=10)
    assert (refused.error_code, refused.error_message) == (
        errors.INVALID_TXN_STATE,
        "Partition was not added to the transaction",
    )
    assert producer.produce(b"x", "u", version=11).error_code == errors.TRANSACTION_ABORTABLE
    assert broker.values("u") == []


def test_a_late_batch_opens_no_transaction(broker):
    producer = Producer(broker, version=1).started()
    producer.write(b"a")
    producer.commit()
    assert producer.produce(b"late").error_code == errors.TRANSACTION_ABORTABLE


def test_verification_can_be_turned_off():
    broker = start_broker(**{"transaction.partition.verification.enable": "false"})
    producer = Producer(broker, version=1).started()
    assert producer.produce(b"x").error_code == 0


def test_offsets_that_were_not_added_are_refused_in_version_1(broker):
    producer = Producer(broker, version=1).started()
    broker._create_internal_topic("__consumer_offsets")
    assert producer.commit_offset(1, version=3) == errors.INVALID_TXN_STATE
    assert producer.commit_offset(1, version=4) == errors.TRANSACTION_ABORTABLE
    assert broker.offset("g", "u") == (-1, 0)


def test_an_unknown_producer_is_refused(broker):
    stranger = Producer(broker)
    Producer(broker, "other").started()
    stranger.producer_id, stranger.producer_epoch = 5, 0
    assert stranger.produce(b"x").error_code == errors.INVALID_PRODUCER_ID_MAPPING
    assert stranger.end(True) == errors.INVALID_PRODUCER_ID_MAPPING
    known = Producer(broker).started()
    known.producer_id += 1
    assert known.produce(b"x").error_code == errors.INVALID_PRODUCER_ID_MAPPING


def test_a_group_that_has_gone_on_fences_the_offsets(broker):
    producer = Producer(broker).started()
    assert producer.send_offset(3, generation_id=5) == errors.ILLEGAL_GENERATION


# How it may end, and not


def test_an_end_can_be_asked_for_twice_in_version_1(broker):
    producer = Producer(broker, version=1).started()
    producer.write(b"x")
    assert [producer.commit(), producer.commit(), producer.abort()] == [0, 0, errors.INVALID_TXN_STATE]


@pytest.mark.parametrize("committed", [True, False])
def test_a_retry_in_version_2_is_known_by_its_epoch(broker, committed):
    producer = Producer(broker).started()
    producer.write(b"x")
    before = producer.producer_id, producer.producer_epoch
    assert producer.end(committed) == 0
    after = producer.producer_id, producer.producer_epoch
    producer._become(*before)
    assert producer.end(not committed) == errors.INVALID_TXN_STATE
    assert producer.end(committed) == 0
    assert (producer.producer_id, producer.producer_epoch) == after


@pytest.mark.parametrize("last_end", [None, True, False], ids=["Empty", "CompleteCommit", "CompleteAbort"])
def test_a_transaction_without_anything_in_it_can_be_aborted_in_version_2(broker, last_end):
    producer = Producer(broker).started()
    if last_end is not None:
        producer.write(b"x")
        producer.end(last_end)
    epoch = producer.producer_epoch
    assert producer.commit() == errors.INVALID_TXN_STATE
    assert producer.abort() == 0
    assert producer.producer_epoch == epoch + 1
    assert broker.state("tx") == "CompleteAbort"


@both_versions
def test_nothing_ends_before_it_has_begun(broker, version):
    producer = Producer(broker, version=version).started()
    assert producer.commit() == errors.INVALID_TXN_STATE
    if version == 1:
        assert producer.abort() == errors.INVALID_TXN_STATE


def test_an_epoch_of_the_future_is_fenced(broker):
    producer = Producer(broker).started()
    producer.write(b"x")
    producer.producer_epoch += 1
    assert producer.commit() == errors.PRODUCER_FENCED


# Producers that go on


def test_a_producer_that_says_who_it_is_gets_the_next_epoch(broker):
    producer = Producer(broker).started()
    assert producer.init(keep=True) == 0
    assert producer.producer_epoch == 1


def test_asking_twice_gives_the_same_epoch(broker):
    producer = Producer(broker).started()
    before = producer.producer_id, producer.producer_epoch
    producer.init(keep=True)
    producer._become(*before)
    assert producer.init(keep=True) == 0
    assert producer.producer_epoch == 1


def test_a_fenced_producer_cannot_go_on(broker):
    old = Producer(broker).started()
    Producer(broker).started()
    assert old.init(keep=True) == errors.PRODUCER_FENCED
    old.producer_id += 1
    assert old.init(keep=True) == errors.PRODUCER_FENCED


@pytest.mark.parametrize("timeout_ms", [0, -1, 900_001])
def test_a_timeout_has_bounds(broker, timeout_ms):
    assert Producer(broker).init(timeout_ms=timeout_ms) == errors.INVALID_TRANSACTION_TIMEOUT


def test_two_producers_that_wait_for_the_first_id(broker):
    """Both begin before the controller has given an id: the second one fences the first."""
    blocks: list[Pending[Any]] = [Pending()]
    broker.producer_ids._allocate = lambda: blocks[0]
    outcomes: list[Any] = []
    for _ in range(2):
        pending = broker.transactions.init_producer_id("tx", 1000, None)
        pending.on_complete(outcomes.append)
    assert outcomes == []
    blocks[0].complete((500, 10))
    assert outcomes == [(0, 500, 0), (0, 500, 1)]


def test_no_id_can_be_given(broker):
    broker.producer_id_blocks = [ApiError(errors.KAFKA_STORAGE_ERROR)]
    assert Producer(broker).init() == errors.KAFKA_STORAGE_ERROR
    assert broker.state("tx") == str(errors.TRANSACTIONAL_ID_NOT_FOUND)


@both_versions
def test_a_transaction_log_that_cannot_be_written(broker, version):
    """Nothing is decided, nothing is seen; when the disk is well again the producer goes on."""
    producer = Producer(broker, version=version).started()
    producer.write(b"x")
    broker.files.free_bytes = 0
    assert producer.commit() == errors.NOT_COORDINATOR
    broker.files.free_bytes = None
    assert broker.state("tx") == "Ongoing"
    assert broker.committed("t") == []
    assert producer.commit() == 0
    assert broker.committed("t") == [b"x"]


@both_versions
def test_a_disk_that_is_full_anywhere_on_the_way(version):
    """Whichever write of the end finds no room: once decided it is carried through, else it can be asked for again."""
    states = set()
    for free_bytes in range(0, 500, 20):
        broker = start_broker()
        producer = Producer(broker, version=version).started()
        producer.write(b"x")
        producer.send_offset(7)
        broker.files.free_bytes = free_bytes
        code = producer.commit()
        states.add(broker.state("tx"))
        broker.files.free_bytes = None
        broker.clock.advance(100)
        assert code == 0 or producer.commit() == 0
        assert broker.state("tx") == "CompleteCommit"
        assert broker.committed("t") == [b"x"]
        assert broker.offset("g", "u", require_stable=True) == (7, 0)
    assert states == {"Ongoing", "PrepareCommit", "CompleteCommit"}


# Epochs are used up


def _with_epoch(broker: TransactionBroker, epoch: int, version: int) -> Producer:
    """A producer whose id has come that far."""
    producer = Producer(broker, version=version).started()
    [shard] = [one for one in broker.transaction_service.runtime.shards() if "tx" in one.transactions]
    shard.transactions["tx"] = shard.transactions["tx"]._replace(producer_epoch=epoch)
    producer._become(producer.producer_id, epoch)
    return producer


def test_in_version_2_the_next_transaction_has_another_producer_id(broker):
    producer = _with_epoch(broker, LAST_CLIENT_EPOCH, 2)
    before = producer.producer_id, producer.producer_epoch
    producer.write(b"x")
    assert producer.commit() == 0
    assert producer.producer_epoch == 0
    assert producer.producer_id != before[0]
    after = producer.producer_id, 0
    producer._become(*before)
    assert producer.commit() == 0, "a retry"
    assert (producer.producer_id, producer.producer_epoch) == after
    assert producer.write(b"y") == 0
    assert producer.commit() == 0
    assert broker.committed("t") == [b"x", b"y"]


def test_a_producer_whose_epochs_are_used_up_starts_with_another_id(broker):
    producer = _with_epoch(broker, LAST_CLIENT_EPOCH, 1)
    before = producer.producer_id, producer.producer_epoch
    assert producer.init(keep=True) == 0
    after = producer.producer_id, producer.producer_epoch
    assert after[0] != before[0]
    assert after[1] == 0
    producer._become(*before)
    assert producer.init(keep=True) == 0, "a retry"
    assert (producer.producer_id, producer.producer_epoch) == after


@both_versions
def test_the_last_epoch_can_still_be_fenced(broker, version):
    old = _with_epoch(broker, LAST_CLIENT_EPOCH, version)
    old.write(b"x")
    new = Producer(broker, version=version).started()
    assert new.producer_id != old.producer_id
    assert new.producer_epoch == 0
    assert broker.committed("t") == []


# Time


@both_versions
def test_a_transaction_that_takes_too_long_is_aborted(broker, version):
    producer = Producer(broker, version=version).started(timeout_ms=25_000)
    producer.write(b"x")
    producer.send_offset(4)
    broker.clock.advance(25_000)
    assert broker.state("tx") == "Ongoing"
    broker.clock.advance(10_000)
    assert broker.state("tx") == "CompleteAbort"
    assert broker.committed("t") == []
    assert broker.offset("g", "u", require_stable=True) == (-1, 0)
    assert producer.write(b"y") in (errors.INVALID_PRODUCER_EPOCH, errors.PRODUCER_FENCED)
    # By the epoch alone it looks like a retry (since KAFKA-19367 also in Kafka).
    assert producer.commit() == (errors.PRODUCER_FENCED if version == 1 else errors.INVALID_TXN_STATE)
    assert producer.abort() == (errors.PRODUCER_FENCED if version == 1 else 0)


def test_the_time_counts_from_the_first_partition(broker):
    producer = Producer(broker).started(timeout_ms=25_000)
    broker.clock.advance(20_000)
    producer.write(b"x")
    broker.clock.advance(20_000)
    producer.write(b"y", "u")
    assert broker.state("tx") == "Ongoing"
    broker.clock.advance(20_000)
    assert broker.state("tx") == "CompleteAbort"


def test_many_can_run_out_of_time_together(broker):
    for number in range(5):
        Producer(broker, f"tx{number}").started(timeout_ms=1000).write(b"x")
    broker.clock.advance(10_000)
    assert {broker.state(f"tx{number}") for number in range(5)} == {"CompleteAbort"}


def test_nothing_is_scheduled_for_timeouts_when_no_transaction_is_open(broker):
    producer = Producer(broker).started()
    producer.write(b"x")
    producer.commit()
    broker.clock.advance(10_000)
    deadline_ms = broker.timers.next_deadline_ms()
    assert deadline_ms is not None
    assert deadline_ms - broker.clock.monotonic_ms() > 60_000


def test_ids_that_nobody_uses_are_forgotten():
    broker = start_broker(**{"transactional.id.expiration.ms": "7200000"})
    producer = Producer(broker).started(timeout_ms=60_000)
    producer.write(b"x")
    producer.commit()
    open_one = Producer(broker, "open").started(timeout_ms=900_000)
    open_one.write(b"x")
    broker.clock.advance(3_600_000)
    assert broker.state("tx") == "CompleteCommit"
    broker.clock.advance(3_600_000)
    assert broker.state("tx") == str(errors.TRANSACTIONAL_ID_NOT_FOUND)
    assert producer.write(b"y") == errors.INVALID_PRODUCER_ID_MAPPING
    again = broker.restarted()
    assert again.state("tx") == str(errors.TRANSACTIONAL_ID_NOT_FOUND)


# A marker that cannot be written


def test_the_end_waits_for_a_partition_that_cannot_take_its_marker(broker, monkeypatch):
    producer = Producer(broker).started()
    producer.write(b"a")
    producer.write(b"b", "u")
    log = broker.logs.get("u", 0)
    monkeypatch.setattr(broker.logs, "get", _all_but(broker.logs.get, "u"))
    assert producer.commit() == 0, "it is decided"
    assert broker.state("tx") == "PrepareCommit"
    assert broker.committed("t") == [b"a"]
    assert Producer(broker).init() == errors.CONCURRENT_TRANSACTIONS
    refused = producer.produce(b"c")
    assert refused.error_code == errors.NOT_ENOUGH_REPLICAS
    assert "Underlying error: CONCURRENT_TRANSACTIONS" in refused.error_message
    monkeypatch.undo()
    broker.clock.advance(100)
    assert broker.state("tx") == "CompleteCommit"
    assert broker.committed("u") == [b"b"]
    assert log.last_stable_offset == log.log_end_offset == 2


def _all_but(get, hidden):
    return lambda topic, partition: None if topic == hidden else get(topic, partition)


# The stored records


def records_of(broker: TransactionBroker) -> list[tuple[bytes, bytes | None]]:
    """Keys and values in ``__transaction_state``, in the order of the log."""
    found = []
    for index in range(2):
        log = broker.logs.get("__transaction_state", index)
        for batch in iter_batches(memoryview(log.read(0, 1 << 20, isolation="log_end").read())):
            assert batch.base_sequence == -1
            found += [(bytes(record.key), None if record.value is None else bytes(record.value)) for record in batch]
    return found


@pytest.mark.parametrize(("transaction_version", "value_version"), [(0, 0), (1, 1), (2, 1)])
def test_records_are_kafkas(broker, transaction_version, value_version):
    broker.transaction_version = transaction_version
    producer = Producer(broker, version=1).started(timeout_ms=5)
    producer.add(("t", 1), ("u", 0))
    (key, first), (_, second) = records_of(broker)
    assert key == b"\0\0" + b"\0\2tx"
    assert {stored.value_version(value) for value in (first, second)} == {value_version}
    value = stored.decode_value(TransactionLogValue, second)
    assert (value.transaction_status, value.transaction_timeout_ms) == (1, 5)
    assert [(one.topic, one.partition_ids) for one in value.transaction_partitions] == [("t", [1]), ("u", [0])]
    assert stored.decode_value(TransactionLogValue, first).transaction_partitions is None


def test_verifying_partitions_one_by_one(broker):
    producer = Producer(broker, version=1).started()
    producer.add(("t", 0))
    asked = frozenset({("t", 0), ("t", 1)})
    identity = ProducerIdAndEpoch(producer.producer_id, producer.producer_epoch)
    assert broker.transactions.verify_partitions("tx", identity, asked) == {
        ("t", 0): 0,
        ("t", 1): errors.TRANSACTION_ABORTABLE,
    }


def test_what_there_is_no_topic_for(broker):
    nobody = ProducerIdAndEpoch(1, 1)
    partitions = frozenset({("t", 0)})
    assert broker.transactions.add_partitions("tx", nobody, partitions, 0) == errors.NOT_COORDINATOR
    assert broker.transactions.verify_partitions("tx", nobody, partitions) == {("t", 0): errors.NOT_COORDINATOR}
    assert broker.transactions.end_transaction("tx", nobody, True, 0).error_code == errors.NOT_COORDINATOR
    assert broker.transactions.add_partitions("", nobody, partitions, 0) == errors.INVALID_REQUEST
    assert "__transaction_state" not in broker.image.topics_by_name
