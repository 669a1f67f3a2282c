"""What faults do to requests and answers, seen from a connection."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from minikafka import ApiError, Broker
from minikafka.clock import ManualClock
from minikafka.errors import (
    CORRUPT_MESSAGE,
    NONE,
    NOT_ENOUGH_REPLICAS,
    NOT_LEADER_OR_FOLLOWER,
    UNKNOWN_SERVER_ERROR,
)
from minikafka.protocol.messages import (
    ApiVersionsRequest,
    FindCoordinatorRequest,
    HeartbeatRequest,
    ListOffsetsRequest,
    MetadataRequest,
    OffsetCommitRequest,
)
from tests.faults.data_requests import FETCH, PRODUCE, codes, fetch, produce
from tests.faults.raw_client import RawClient
from tests.support.polling import wait_until


class TestFail:
    def test_the_next_requests_fail_and_then_no_more(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", times=2) as fault:
            for expected in (NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS, NONE):
                assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): expected}
            assert fault.hits == 2
            assert not fault.is_active
        assert len(broker.records("t")) == 1

    def test_every_request_fails_until_the_block_ends(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        with broker.faults.fail("Produce", 19) as fault:
            for _ in range(3):
                assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NOT_ENOUGH_REPLICAS}
            assert fault.is_active
        assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}
        assert fault.hits == 3

    def test_only_the_named_partition_fails(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        broker.create_topic("u")
        with broker.faults.fail("PRODUCE", "NOT_LEADER_OR_FOLLOWER", topic="t", partition=1):
            answer = client.call(produce(("t", 0), ("t", 1), ("u", 0)), PRODUCE)
            assert codes(answer) == {("t", 0): NONE, ("t", 1): NOT_LEADER_OR_FOLLOWER, ("u", 0): NONE}
            answer = client.call(fetch("t", 0, 1), FETCH)
            assert codes(answer) == {("t", 0): NONE, ("t", 1): NONE}
        assert [record.partition for record in broker.records("t")] == [0]

    def test_a_fetch_fails_also_inside_a_session(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        opened = client.call(fetch("t", 0, 1, session=(0, 0)), FETCH)
        with broker.faults.fail("FETCH", "CORRUPT_MESSAGE", topic="t", partition=1) as fault:
            answer = client.call(fetch("t", session=(opened.session_id, 1), max_wait_ms=5000), FETCH)
            assert codes(answer) == {("t", 1): CORRUPT_MESSAGE}
            assert fault.hits == 1
        answer = client.call(fetch("t", session=(opened.session_id, 2)), FETCH)
        assert (answer.error_code, codes(answer)) == (NONE, {("t", 1): NONE})

    def test_a_fetch_session_is_lost(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        with broker.faults.fail("FETCH", "FETCH_SESSION_ID_NOT_FOUND"):
            assert client.call(fetch("t", 0), FETCH).error_code == 70

    def test_the_rest_of_a_commit_is_done(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        parts = [
            OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=index, committed_offset=5)
            for index in range(2)
        ]
        request = OffsetCommitRequest(
            group_id="g", topics=[OffsetCommitRequest.OffsetCommitRequestTopic(name="t", partitions=parts)]
        )
        with broker.faults.fail("OFFSET_COMMIT", "UNKNOWN_SERVER_ERROR", topic="t", partition=0, group="g"):
            [topic] = client.call(request, 8).topics
        found = {part.partition_index: part.error_code for part in topic.partitions}
        assert found == {0: UNKNOWN_SERVER_ERROR, 1: NONE}
        assert broker.committed_offsets("g") == {("t", 1): 5}

    def test_all_topics_are_asked_for(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        broker.create_topic("u")
        with broker.faults.fail("METADATA", "LEADER_NOT_AVAILABLE", topic="t", partition=1):
            answer = client.call(MetadataRequest(topics=None), 9)
        found = {
            (topic.name, part.partition_index): part.error_code for topic in answer.topics for part in topic.partitions
        }
        assert found == {("t", 0): NONE, ("t", 1): 5, ("u", 0): NONE}

    def test_produce_without_acks_is_refused_by_closing(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS"):
            client.send(produce(("t", 0), acks=0), PRODUCE)
            assert client.receive_rest() == b""

    def test_the_answer_tells_to_wait(self, broker: Broker, client: RawClient) -> None:
        with broker.faults.fail("METADATA", "REBOOTSTRAP_REQUIRED", throttle_ms=70):
            assert client.call(MetadataRequest(), 13).throttle_time_ms == 70
        with broker.faults.throttle("METADATA", 80):
            assert client.call(MetadataRequest(), 13).throttle_time_ms == 80
            client.call(MetadataRequest(), 1)  # a version that has no place for it

    @pytest.mark.parametrize("version", [3, 4])
    def test_a_sentence_of_ones_own(self, broker: Broker, client: RawClient, version: int) -> None:
        request = (
            FindCoordinatorRequest(key="g", key_type=0)
            if version == 3
            else FindCoordinatorRequest(coordinator_keys=["g"], key_type=0)
        )
        with broker.faults.fail("FIND_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", message="gone fishing"):
            answer = client.call(request, version)
        found = answer if version == 3 else answer.coordinators[0]
        assert (found.error_code, found.error_message) == (15, "gone fishing")

    def test_the_work_is_done_all_the_same(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        for filters, failed in (({"topic": "t", "partition": 1}, 1), ({}, 2)):
            with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", after_work=True, **filters):
                answer = client.call(produce(("t", 0), ("t", 1)), PRODUCE)
            assert list(codes(answer).values()).count(20) == failed
        assert len(broker.records("t")) == 4


class TestSelection:
    @pytest.mark.parametrize(
        ("filters", "is_meant"),
        [
            ({"client_id": "raw"}, True),
            ({"client_id": "other"}, False),
            ({"group": "g"}, True),
            ({"group": "h"}, False),
            ({"when": lambda request: request.member_id == "m"}, True),
            ({"when": lambda request: request.member_id == "n"}, False),
        ],
    )
    def test_who_is_meant(self, broker: Broker, client: RawClient, filters: Any, is_meant: bool) -> None:
        with broker.faults.fail("HEARTBEAT", "UNKNOWN_SERVER_ERROR", **filters) as fault:
            answer = client.call(HeartbeatRequest(group_id="g", member_id="m"), 4)
        assert (answer.error_code == UNKNOWN_SERVER_ERROR) is is_meant
        assert fault.hits == is_meant

    def test_some_go_untouched_first(self, broker: Broker, client: RawClient) -> None:
        with broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR", skip=2, times=1):
            found = [client.call(MetadataRequest(), 13).error_code for _ in range(4)]
        assert found == [NONE, NONE, UNKNOWN_SERVER_ERROR, NONE]

    def test_several_apis_and_all(self, broker: Broker, client: RawClient) -> None:
        with broker.faults.fail(["METADATA", 18], "UNKNOWN_SERVER_ERROR") as fault:
            client.call(MetadataRequest(), 13)
            client.call(ApiVersionsRequest(client_software_name="a", client_software_version="1"), 3)
            assert fault.hits == 2
        with broker.faults.delay("*", 0) as fault:
            client.call(MetadataRequest(), 13)
            assert fault.hits == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("PRODUSE", "NOT_ENOUGH_REPLICAS"), r"no API 'PRODUSE': did you mean Produce"),
            (("PRODUCE", "NOT_ENOUGH_REPLICA"), r"no error 'NOT_ENOUGH_REPLICA': did you mean NOT_ENOUGH_REPLICAS"),
            ((4711, "NOT_ENOUGH_REPLICAS"), r"no API 4711"),
            (("PRODUCE", 4711), r"no error 4711"),
            (("PRODUCE", "NONE"), r"no error 'NONE'"),
            ((None, 6), r"no API None"),
        ],
    )
    def test_names_that_kafka_does_not_have(self, broker: Broker, arguments: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            broker.faults.fail(*arguments)

    @pytest.mark.parametrize(
        ("api", "filters", "message"),
        [
            ("PRODUCE", {"group": "g"}, r"no request of Produce says a group, so group='g' fits none"),
            ("HEARTBEAT", {"topic": "t"}, r"no request of Heartbeat says a topic"),
            ("PRODUCE", {"partition": 1}, r"partition 1 of which topic"),
            ("CONSUMER_GROUP_HEARTBEAT", {"topic": "t"}, r"does not fail for a topic alone"),
            ("PRODUCE", {"times": 0}, r"times=0"),
            ("PRODUCE", {"skip": -1}, r"skip=-1: a number of 0 or more"),
            ([], {}, r"no API is named"),
        ],
    )
    def test_filters_that_fit_nothing(self, broker: Broker, api: str, filters: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            broker.faults.fail(api, "UNKNOWN_SERVER_ERROR", **filters)

    @pytest.mark.parametrize(
        ("filters", "message"),
        [
            ({"topics": ["t"]}, r"faults have no topics=; there are topic, partition"),
            ({"topic": "t", "partition": "1"}, r"a partition is a number, not '1'"),
            ({"times": "2"}, r"times is a whole number, not '2'"),
            ({"when": 5}, r"when is a function of the decoded request, not 5"),
        ],
    )
    def test_filters_that_there_are_not(self, broker: Broker, filters: Any, message: str) -> None:
        with pytest.raises(TypeError, match=message):
            broker.faults.fail("PRODUCE", 6, **filters)

    def test_a_predicate_that_raises_is_told_of(self, broker: Broker, client: RawClient) -> None:
        with (
            pytest.raises(AttributeError, match="no_such_field"),
            broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR", when=lambda request: request.no_such_field),
        ):
            assert client.call(MetadataRequest(), 13).error_code == NONE


class TestLife:
    def test_a_fault_that_is_required_must_happen(self, broker: Broker, client: RawClient) -> None:
        with (
            pytest.raises(AssertionError, match="fail Metadata with UNKNOWN_SERVER_ERROR"),
            broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR", required=True),
        ):
            pass
        with (
            pytest.raises(AssertionError, match=r"2 times.*happened 1 times"),
            broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR", times=2, required=True),
        ):
            client.call(MetadataRequest(), 13)
        with pytest.raises(ZeroDivisionError), broker.faults.fail("METADATA", 6, required=True):
            raise ZeroDivisionError

    def test_without_a_block(self, broker: Broker, client: RawClient) -> None:
        fault = broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR")
        assert client.call(MetadataRequest(), 13).error_code == UNKNOWN_SERVER_ERROR
        fault.remove()
        fault.remove()
        assert client.call(MetadataRequest(), 13).error_code == NONE
        assert fault.hits == 1

    def test_all_are_cleared(self, broker: Broker, client: RawClient) -> None:
        broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR")
        broker.faults.fill_disk()
        broker.faults.clear()
        broker.create_topic("t")
        broker.produce("t", "v")
        assert client.call(MetadataRequest(), 13).error_code == NONE

    def test_a_reset_ends_them_and_a_restart_does_not(self, broker: Broker) -> None:
        broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR")
        broker.restart()
        with RawClient(broker) as client:
            assert client.call(MetadataRequest(), 13).error_code == UNKNOWN_SERVER_ERROR
        broker.reset()
        with RawClient(broker) as client:
            assert client.call(MetadataRequest(), 13).error_code == NONE

    def test_a_fault_of_before_the_start(self) -> None:
        broker = Broker()
        with broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR"), broker, RawClient(broker) as client:
            assert client.call(MetadataRequest(), 13).error_code == UNKNOWN_SERVER_ERROR

    def test_what_the_program_asks_itself_does_not_fail(self, broker: Broker) -> None:
        with broker.faults.fail("*", "UNKNOWN_SERVER_ERROR") as fault:
            broker.create_topic("t")
            broker.produce("t", "v")
        assert fault.hits == 0

    def test_waiting_for_it(self, broker: Broker, client: RawClient) -> None:
        with broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR") as fault:
            asking = threading.Thread(target=client.call, args=(MetadataRequest(), 13))
            asking.start()
            fault.wait_for_hits()
            asking.join()
            with pytest.raises(TimeoutError, match="2 hits"):
                fault.wait_for_hits(2, timeout_s=0)


class TestConnections:
    def test_dropped_before_the_work(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        with broker.faults.drop_before("PRODUCE", times=1, required=True), pytest.raises(ConnectionError):
            client.call(produce(("t", 0)), PRODUCE)
        assert broker.records("t") == []

    def test_dropped_after_the_work(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        with broker.faults.drop_after("PRODUCE", times=1, required=True), pytest.raises(ConnectionError):
            client.call(produce(("t", 0)), PRODUCE)
        assert len(broker.records("t")) == 1

    def test_dropped_after_work_that_takes_time(self, broker: Broker, client: RawClient) -> None:
        topics = [MetadataRequest.MetadataRequestTopic(name="made")]
        with broker.faults.drop_after("METADATA"), pytest.raises(ConnectionError):
            client.call(MetadataRequest(topics=topics, allow_auto_topic_creation=True), 9)
        assert broker.topics() == {"made": 1}

    @pytest.mark.parametrize("after_work", [False, True])
    def test_left_unanswered(self, broker: Broker, after_work: bool) -> None:
        broker.create_topic("t")
        with (
            RawClient(broker, timeout_s=0.05) as client,
            broker.faults.leave_unanswered("PRODUCE", after_work=after_work) as fault,
        ):
            with pytest.raises(TimeoutError):
                client.call(produce(("t", 0)), PRODUCE)
            assert fault.hits == 1
        assert len(broker.records("t")) == after_work

    def test_half_an_answer(self, broker: Broker, client: RawClient) -> None:
        client.call(MetadataRequest(), 9)
        with broker.faults.cut_answer("METADATA"):
            client.send(MetadataRequest(), 9)
            part = client.receive_rest()
        assert len(part) == (4 + int.from_bytes(part[:4], "big")) // 2

    def test_some_bytes_of_an_answer_with_records(self, broker: Broker, client: RawClient) -> None:
        broker.seed({"t": ["a", "b"]})
        with broker.faults.cut_answer("FETCH", sent_bytes=30):
            client.send(fetch("t", 0), FETCH)
            assert len(client.receive_rest()) == 30

    def test_the_answer_of_another(self, broker: Broker, client: RawClient) -> None:
        with broker.faults.garble("METADATA", times=1):
            client.send(MetadataRequest(), 9)
            frame = client.receive_frame()
        assert int.from_bytes(frame[:4], "big") != client.correlation_id
        client.call(MetadataRequest(), 9)

    def test_an_answer_without_meaning(self, broker: Broker, client: RawClient) -> None:
        with broker.faults.garble("METADATA", body=True):
            client.send(MetadataRequest(), 9)
            assert client.receive_frame()[4:] == b"\0\xde\xad\xbe\xef"
        client.call(MetadataRequest(), 9)

    def test_connections_are_refused(self, broker: Broker, client: RawClient) -> None:
        client.call(MetadataRequest(), 9)
        with broker.faults.refuse_connections():
            client.call(MetadataRequest(), 9)
            with pytest.raises(ConnectionError), RawClient(broker) as refused:
                refused.call(MetadataRequest(), 9)
        with RawClient(broker) as other:
            other.call(MetadataRequest(), 9)

    def test_connections_are_cut(self, broker: Broker, client: RawClient) -> None:
        client.call(MetadataRequest(), 9)
        assert broker.faults.disconnect() == 1
        with pytest.raises(ConnectionError):
            client.call(MetadataRequest(), 9)


class TestTime:
    def test_a_delay_ends_when_the_clock_is_moved(self) -> None:
        clock = ManualClock()
        with Broker(clock=clock) as broker, RawClient(broker) as client:
            broker.create_topic("t")
            with broker.faults.delay("PRODUCE", 60_000) as fault:
                client.send(produce(("t", 0)), PRODUCE)
                fault.wait_for_hits()
                clock.advance(59_999)
                assert broker.records("t") == []
                clock.advance(1)
                assert codes(client.receive(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}

    def test_only_the_answer_is_delayed(self) -> None:
        clock = ManualClock()
        with Broker(clock=clock) as broker, RawClient(broker) as client:
            broker.create_topic("t")
            with broker.faults.delay("PRODUCE", 1000, after_work=True) as fault:
                client.send(produce(("t", 0)), PRODUCE)
                fault.wait_for_hits()
                broker.wait_for("t", 1)
                clock.advance(1000)
                client.receive(produce(("t", 0)), PRODUCE)

    def test_a_client_that_does_not_wait_for_a_delayed_answer(self) -> None:
        clock = ManualClock()
        with Broker(clock=clock) as broker:
            broker.create_topic("t")
            with RawClient(broker) as client, broker.faults.delay("PRODUCE", 1000) as fault:
                client.send(produce(("t", 0)), PRODUCE)
                fault.wait_for_hits()
            wait_until(lambda: not broker._running_node().server.connections(), what="the connection has ended")
            clock.advance(1000)
            assert broker.records("t") == []

    def test_a_request_is_read_slowly(self) -> None:
        clock = ManualClock()
        with Broker(clock=clock) as broker, RawClient(broker) as client:
            broker.create_topic("t")
            with broker.faults.read_slowly(100) as fault:
                client.send(produce(("t", 0), value=bytes(1000)), PRODUCE)
                fault.wait_for_hits()
                clock.advance(10_000)
                assert broker.records("t") == []
                clock.advance(2_000)
                client.receive(produce(("t", 0)), PRODUCE)

    def test_an_answer_is_written_slowly(self) -> None:
        clock = ManualClock()
        with Broker(clock=clock) as broker, RawClient(broker) as client:
            broker.seed({"t": ["x" * 1000]})
            client.call(fetch("t", 0), FETCH)
            with broker.faults.write_slowly(100) as fault:
                client.send(fetch("t", 0), FETCH)
                fault.wait_for_hits()
                clock.advance(1000)
                # One step of twenty milliseconds when the clock is moved at once: 2 bytes.
                assert len(client.receive_bytes(2)) == 2
                for _ in range(600):
                    clock.advance(20)
                rest = client.receive_bytes(1000)
                assert b"x" * 500 in rest
            assert client.receive_bytes(1)

    def test_faults_come_one_after_the_other(self) -> None:
        clock = ManualClock()
        with (
            Broker(clock=clock) as broker,
            RawClient(broker) as client,
            broker.faults.delay("METADATA", 1000) as delay,
            broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR") as failure,
        ):
            client.send(MetadataRequest(), 13)
            delay.wait_for_hits()
            assert failure.hits == 0
            clock.advance(1000)
            assert client.receive(MetadataRequest(), 13).error_code == UNKNOWN_SERVER_ERROR


def test_records_of_a_fetch_are_corrupt_in_flight_only(broker: Broker, client: RawClient) -> None:
    from minikafka.records.batch import iter_batches

    broker.seed({"t": ["a"]})

    def are_valid() -> bool:
        [topic] = client.call(fetch("t", 0), FETCH).responses
        return all(batch.is_valid() for batch in iter_batches(memoryview(bytes(topic.partitions[0].records))))

    with broker.faults.corrupt_fetched(topic="t", times=1, required=True):
        assert not are_valid()
        assert are_valid()


def test_an_error_of_a_lookup(broker: Broker, client: RawClient) -> None:
    broker.create_topic("t")
    part = ListOffsetsRequest.ListOffsetsPartition(partition_index=0, timestamp=-1)
    request = ListOffsetsRequest(
        replica_id=-1, topics=[ListOffsetsRequest.ListOffsetsTopic(name="t", partitions=[part])]
    )
    with broker.faults.fail("ListOffsets", "OFFSET_NOT_AVAILABLE", topic="t"):
        [topic] = client.call(request, 5).topics
    assert topic.partitions[0].error_code == 78


def test_an_unknown_group_is_told_of(broker: Broker) -> None:
    with pytest.raises(ApiError, match="no group 'none'"):
        broker.faults.rebalance("none")


def test_a_topic_that_there_is_not_fails_as_it_is_asked_to(broker: Broker, client: RawClient) -> None:
    with broker.faults.fail("PRODUCE", "TOPIC_AUTHORIZATION_FAILED", topic="none"):
        assert codes(client.call(produce(("none", 0)), PRODUCE)) == {("none", 0): 29}


def test_many_threads_add_and_remove_faults(broker: Broker, client: RawClient) -> None:
    def use() -> None:
        for _ in range(100):
            with broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR"):
                pass

    users = [threading.Thread(target=use) for _ in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert client.call(MetadataRequest(), 13).error_code == NONE
    dispatcher = broker._running_node().dispatcher
    broker.requests.keep(0)
    assert dispatcher.dispatch == dispatcher.handle


def test_faults_of_two_kinds_at_once(broker: Broker, client: RawClient) -> None:
    broker.create_topic("t", 3)
    with (
        broker.faults.leader_unavailable("t", 0),
        broker.faults.fail("PRODUCE", "CORRUPT_MESSAGE", topic="t", partition=1),
    ):
        answer = client.call(produce(("t", 0), ("t", 1), ("t", 2)), PRODUCE)
    assert codes(answer) == {("t", 0): NOT_LEADER_OR_FOLLOWER, ("t", 1): CORRUPT_MESSAGE, ("t", 2): NONE}


def test_nothing_of_a_stopped_broker_is_kept(broker: Broker, client: RawClient) -> None:
    import gc
    import weakref

    broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR", times=1)
    client.call(MetadataRequest(), 13)
    node = weakref.ref(broker._running_node())
    broker.stop()
    gc.collect()
    assert node() is None
    assert len(broker.requests) == 1
    assert "Metadata" in broker.requests.lines()[0]
