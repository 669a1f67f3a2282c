"""ListOffsets: named points and timestamps, version by version."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.handlers import list_offsets
from minikafka.protocol.messages import ListOffsetsRequest
from minikafka.records.builder import end_transaction_marker
from minikafka.storage.partition_log import PartitionLog
from tests.handlers.data_broker import NOW_MS, DataBroker, batch

LATEST, EARLIEST, MAX, EARLIEST_LOCAL, LATEST_TIERED, PENDING_UPLOAD = range(-1, -7, -1)


@pytest.fixture
def broker() -> DataBroker:
    return DataBroker()


@pytest.fixture
def log(broker: DataBroker) -> PartitionLog:
    """Offsets 1 to 5: timestamps 100, 300, 200 and, in a transaction that is open, 400; all in leader epoch 2."""
    log = broker.create("t", message_timestamp_before_max_ms=str(2**63 - 1))
    log.leader_epoch = 2
    for timestamp in (0, 100, 300, 200):
        log.append(batch(b"x", timestamp=timestamp), now_ms=NOW_MS)
    of_transaction = {"producer_id": 7, "producer_epoch": 0, "base_sequence": 0, "is_transactional": True}
    log.append(batch(b"y", timestamp=400, **of_transaction), now_ms=NOW_MS)
    log.delete_records_before(1)
    return log


def request(
    *parts: tuple[str, int, int], isolation_level: int = 0, epoch: int = -1, replica_id: int = -1, **fields: int
):
    """Each part is (topic, partition, timestamp)."""
    return ListOffsetsRequest(
        replica_id=replica_id,
        isolation_level=isolation_level,
        topics=[
            ListOffsetsRequest.ListOffsetsTopic(
                name=topic,
                partitions=[
                    ListOffsetsRequest.ListOffsetsPartition(
                        partition_index=index, timestamp=timestamp, current_leader_epoch=epoch, **fields
                    )
                ],
            )
            for topic, index, timestamp in parts
        ],
    )


def looked_up(broker: DataBroker, version: int, timestamp: int, **how: int):
    answer = broker.call(request(("t", how.pop("index", 0), timestamp), **how), version)
    return answer.value.topics[0].partitions[0]


def found(broker: DataBroker, version: int, timestamp: int, **how: int) -> tuple[int, int, int]:
    data = looked_up(broker, version, timestamp, **how)
    assert data.error_code == errors.NONE
    return data.offset, data.timestamp, data.leader_epoch


@pytest.mark.parametrize("version", range(1, 12))
def test_each_version_finds_the_ends_and_timestamps(broker, log, version):
    epoch = 2 if version >= 4 else -1
    assert found(broker, version, LATEST) == (5, -1, epoch)
    assert found(broker, version, EARLIEST) == (1, -1, epoch)
    assert found(broker, version, 101) == (2, 300, epoch)
    assert found(broker, version, 301) == (4, 400, epoch)
    assert found(broker, version, 401) == (-1, -1, -1)


def test_read_committed_does_not_look_into_open_transactions(broker, log):
    assert found(broker, 2, LATEST, isolation_level=1) == (4, -1, -1)
    assert found(broker, 2, 301, isolation_level=1) == (-1, -1, -1)
    marker = end_transaction_marker(commit=True, producer_id=7, producer_epoch=0, coordinator_epoch=0, timestamp=500)
    log.append(marker, now_ms=NOW_MS, origin="coordinator")
    assert found(broker, 2, LATEST, isolation_level=1) == (6, -1, -1)


@pytest.mark.parametrize(
    ("timestamp", "first_version", "expected"),
    [
        (MAX, 7, (4, 400, 2)),
        (EARLIEST_LOCAL, 8, (1, -1, 2)),
        (LATEST_TIERED, 9, (-1, -1, -1)),
        (PENDING_UPLOAD, 11, (-1, -1, -1)),
    ],
)
def test_points_that_later_versions_know(broker, log, timestamp, first_version, expected):
    assert looked_up(broker, first_version - 1, timestamp).error_code == errors.UNSUPPORTED_VERSION
    for version in range(first_version, 12):
        assert found(broker, version, timestamp) == expected


@pytest.mark.parametrize("version", [0, 1, 11])
def test_a_point_that_does_not_exist(broker, log, version):
    assert looked_up(broker, version, -7).error_code == errors.UNSUPPORTED_VERSION


def test_an_empty_log(broker):
    broker.create("t")
    assert found(broker, 7, LATEST)[0] == 0
    assert found(broker, 7, EARLIEST)[0] == 0
    assert found(broker, 7, MAX) == (-1, -1, -1)
    assert found(broker, 7, 0) == (-1, -1, -1)


def test_leader_epochs_are_compared(broker, log):
    assert looked_up(broker, 4, LATEST, epoch=1).error_code == errors.FENCED_LEADER_EPOCH
    assert looked_up(broker, 4, LATEST, epoch=3).error_code == errors.UNKNOWN_LEADER_EPOCH
    assert looked_up(broker, 4, LATEST, epoch=2).error_code == errors.NONE


def test_unknown_topics_and_partitions(broker, log):
    assert looked_up(broker, 5, LATEST, index=1).error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
    answer = broker.call(request(("nowhere", 0, LATEST)), 5).value.topics[0]
    assert (answer.name, answer.partitions[0].error_code) == ("nowhere", errors.UNKNOWN_TOPIC_OR_PARTITION)


def test_a_partition_named_twice_is_refused_and_others_are_not(broker, log):
    broker.create("u")
    answer = broker.call(request(("t", 0, LATEST), ("u", 0, LATEST), ("t", 0, EARLIEST)), 5).value
    codes = [(topic.name, topic.partitions[0].error_code) for topic in answer.topics]
    assert codes == [("t", errors.INVALID_REQUEST), ("u", errors.NONE), ("t", errors.INVALID_REQUEST)]


def test_a_failed_disk(broker, log):
    log.fail()
    assert looked_up(broker, 5, LATEST).error_code == errors.KAFKA_STORAGE_ERROR


@pytest.mark.parametrize(
    ("timestamp", "max_num_offsets", "expected"),
    [
        (LATEST, 1, [3]),
        (LATEST, 10, [3, 2, 1, 0]),
        (EARLIEST, 10, [0]),
        (NOW_MS + 5, 10, [0]),
        (NOW_MS + 10, 2, [1, 0]),
        (NOW_MS - 1, 10, []),
        (LATEST, 0, []),
    ],
)
def test_version_0_answers_with_the_base_offsets_of_segments(timestamp, max_num_offsets, expected):
    broker = DataBroker()
    log = broker.create("t")
    for _ in range(3):
        if log.log_end_offset:
            log.roll()
        log.append(batch(b"x"), now_ms=broker.clock.wall_ms())
        broker.clock.advance(10)
    data = looked_up(broker, 0, timestamp, max_num_offsets=max_num_offsets)
    assert data.old_style_offsets == expected


def test_a_request_that_fails_as_a_whole_is_answered_in_each_partition():
    response = list_offsets.error_response(request(("t", 3, LATEST)), errors.UNKNOWN_SERVER_ERROR)
    refused = response.topics[0].partitions[0]
    assert (refused.partition_index, refused.error_code, refused.offset) == (3, errors.UNKNOWN_SERVER_ERROR, -1)
