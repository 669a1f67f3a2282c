"""What faults do to the broker itself: leaders, coordinators, groups, disk, clock."""

from __future__ import annotations

import time
from typing import Any

import pytest

from minikafka import ApiError, Broker
from minikafka.clock import ManualClock
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    FENCED_LEADER_EPOCH,
    KAFKA_STORAGE_ERROR,
    NONE,
    NOT_COORDINATOR,
    NOT_LEADER_OR_FOLLOWER,
    REBALANCE_IN_PROGRESS,
    UNKNOWN_MEMBER_ID,
)
from minikafka.protocol.messages import (
    ConsumerGroupHeartbeatRequest,
    FetchRequest,
    FindCoordinatorRequest,
    HeartbeatRequest,
    InitProducerIdRequest,
    JoinGroupRequest,
    MetadataRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    SyncGroupRequest,
)
from minikafka.records.batch import iter_batches
from tests.faults.data_requests import FETCH, PRODUCE, codes, fetch, produce
from tests.faults.raw_client import RawClient
from tests.support.polling import wait_until

METADATA = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name="t")])


def leader(client: RawClient, index: int = 0) -> tuple[int, int, int]:
    """Error, leader and leader epoch of a partition."""
    [topic] = client.call(METADATA, 9).topics
    part = topic.partitions[index]
    return part.error_code, part.leader_id, part.leader_epoch


class TestLeaders:
    def test_who_does_not_know_of_the_new_leader_is_sent_away(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        before = leader(client)
        with broker.faults.move_leader("t", 0) as fault:
            assert codes(client.call(produce(("t", 0), ("t", 1)), PRODUCE)) == {
                ("t", 0): NOT_LEADER_OR_FOLLOWER,
                ("t", 1): NONE,
            }
            assert codes(client.call(fetch("t", 0), FETCH)) == {("t", 0): NOT_LEADER_OR_FOLLOWER}
            assert leader(client) == (NONE, before[1], before[2] + 2)
            assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}
            with RawClient(broker, "another") as other:
                assert codes(other.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NOT_LEADER_OR_FOLLOWER}
            assert fault.hits == 3
        assert len(broker.records("t")) == 2

    def test_the_epoch_of_before_is_fenced(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        _, _, epoch = leader(client)
        broker.faults.move_leader("t").remove()
        request = fetch("t", 0)
        request.topics[0].partitions[0].current_leader_epoch = epoch
        assert codes(client.call(request, FETCH)) == {("t", 0): FENCED_LEADER_EPOCH}

    def test_no_leader_for_a_while(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t", 2)
        _, node_id, epoch = leader(client)
        with broker.faults.leader_unavailable("t", 1):
            assert leader(client, 0) == (NONE, node_id, epoch)
            assert leader(client, 1) == (5, -1, epoch + 1)
            answer = client.call(produce(("t", 0), ("t", 1)), PRODUCE)
            assert codes(answer) == {("t", 0): NONE, ("t", 1): NOT_LEADER_OR_FOLLOWER}
            assert codes(client.call(fetch("t", 1), FETCH)) == {("t", 1): NOT_LEADER_OR_FOLLOWER}
        assert leader(client, 1) == (NONE, node_id, epoch + 2)
        assert codes(client.call(produce(("t", 1)), PRODUCE)) == {("t", 1): NONE}

    def test_a_fetch_that_waits_hears_of_it(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        client.send(fetch("t", 0, max_wait_ms=60_000), FETCH)
        broker.requests.wait_for("FETCH")
        with broker.faults.leader_unavailable("t"):
            assert codes(client.receive(FetchRequest(), FETCH)) == {("t", 0): NOT_LEADER_OR_FOLLOWER}

    def test_it_is_kept_over_a_restart_that_makes_this_broker_the_leader(self, broker: Broker) -> None:
        broker.create_topic("t")
        with broker.faults.leader_unavailable("t"):
            broker.restart()
            with RawClient(broker) as client:
                assert leader(client)[:2] == (NONE, broker.node_id)

    def test_a_topic_that_is_deleted_meanwhile(self, broker: Broker) -> None:
        broker.create_topic("t")
        with broker.faults.leader_unavailable("t"):
            broker.delete_topic("t")
        broker.create_topic("t")
        broker.faults.leader_unavailable("t")
        broker.delete_topic("t")
        broker.reset()

    @pytest.mark.parametrize(("topic", "partition"), [("none", None), ("t", 7)])
    def test_a_partition_that_there_is_not(self, broker: Broker, topic: str, partition: int | None) -> None:
        broker.create_topic("t")
        with pytest.raises(ApiError, match=topic):
            broker.faults.move_leader(topic, partition)


def commit(group: str = "g") -> Any:
    part = OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=0, committed_offset=7)
    topic = OffsetCommitRequest.OffsetCommitRequestTopic(name="t", partitions=[part])
    return OffsetCommitRequest(group_id=group, topics=[topic])


def committed(client: RawClient) -> int:
    """The error code of a commit."""
    code: int = client.call(commit(), 8).topics[0].partitions[0].error_code
    return code


class TestCoordinators:
    def test_who_does_not_know_of_the_new_one_is_sent_away(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        assert committed(client) == NONE
        with broker.faults.move_coordinator(group="g") as fault:
            assert committed(client) == NOT_COORDINATOR
            client.call(FindCoordinatorRequest(key="g", key_type=0), 3)
            wait_until(lambda: committed(client) == NONE, what="the coordinator has loaded")
            assert fault.hits == 1
        assert broker.committed_offsets("g") == {("t", 0): 7}

    def test_its_state_is_loaded_from_the_log(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        committed(client)
        groups = broker._running_node().coordinators.groups
        assert groups is not None
        before = list(groups.runtime.shards())
        broker.faults.move_coordinator(group="g").remove()
        assert broker.committed_offsets("g") == {("t", 0): 7}
        assert [shard in before for shard in groups.runtime.shards()].count(False) == 1

    def test_it_is_loading(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        committed(client)
        with broker.faults.coordinator_loading(group="g"):
            assert committed(client) == COORDINATOR_LOAD_IN_PROGRESS
            wanted = OffsetFetchRequest.OffsetFetchRequestGroup(group_id="g", topics=None)
            [group] = client.call(OffsetFetchRequest(groups=[wanted]), 8).groups
            assert group.error_code == COORDINATOR_LOAD_IN_PROGRESS
            # As in Kafka: who is loading has no reason to think that a member is gone.
            assert client.call(HeartbeatRequest(group_id="g", member_id="m"), 4).error_code == NONE
        wait_until(lambda: committed(client) == NONE, what="the coordinator has loaded")

    def test_of_transactions(self, broker: Broker, client: RawClient) -> None:
        request = InitProducerIdRequest(transactional_id="tx", transaction_timeout_ms=1000)

        def begin() -> int:
            code: int = client.call(request, 4).error_code
            return code

        client.call(FindCoordinatorRequest(key="tx", key_type=1), 3)
        wait_until(lambda: begin() == NONE, what="there is a coordinator")
        with broker.faults.coordinator_loading(transactional_id="tx"):
            assert begin() == COORDINATOR_LOAD_IN_PROGRESS
        wait_until(lambda: begin() == NONE, what="the coordinator has loaded")
        with broker.faults.move_coordinator(transactional_id="tx"):
            assert begin() == NOT_COORDINATOR
            client.call(FindCoordinatorRequest(key="tx", key_type=1), 3)
            wait_until(lambda: begin() == NONE, what="the coordinator has loaded")

    @pytest.mark.parametrize("names", [{}, {"group": "g", "transactional_id": "tx"}])
    def test_whose_coordinator(self, broker: Broker, names: Any) -> None:
        with pytest.raises(ValueError, match=r"group=\.\.\. or transactional_id="):
            broker.faults.move_coordinator(**names)

    def test_nothing_is_coordinated_yet(self, broker: Broker) -> None:
        with pytest.raises(ValueError, match="nothing is coordinated yet, so group 'g' cannot be loaded"):
            broker.faults.coordinator_loading(group="g")


class ClassicMember:
    """The only member of a group."""

    def __init__(self, client: RawClient) -> None:
        self._client = client
        self.member_id, self.generation = "", -1
        wait_until(lambda: self.join() == NONE, what="the member has joined")

    def join(self) -> int:
        request = JoinGroupRequest(
            group_id="g",
            session_timeout_ms=45_000,
            rebalance_timeout_ms=45_000,
            protocol_type="consumer",
            member_id=self.member_id,
            protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")],
        )
        answer = self._client.call(request, 3)
        if answer.error_code == NONE:
            self.member_id, self.generation = answer.member_id, answer.generation_id
            sync = SyncGroupRequest(group_id="g", generation_id=self.generation, member_id=self.member_id)
            assert self._client.call(sync, 3).error_code == NONE
        code: int = answer.error_code
        return code

    def heartbeat(self) -> int:
        request = HeartbeatRequest(group_id="g", generation_id=self.generation, member_id=self.member_id)
        code: int = self._client.call(request, 3).error_code
        return code


class TestGroups:
    def test_a_classic_group_rebalances(self, broker: Broker, client: RawClient) -> None:
        member = ClassicMember(client)
        assert member.heartbeat() == NONE
        broker.faults.rebalance("g")
        assert member.heartbeat() == REBALANCE_IN_PROGRESS
        before = member.generation
        assert member.join() == NONE
        assert member.generation == before + 1
        assert member.heartbeat() == NONE

    def test_a_member_of_a_classic_group_expires(self, broker: Broker, client: RawClient) -> None:
        member = ClassicMember(client)
        broker.faults.expire_member("g", "raw")
        assert member.heartbeat() == UNKNOWN_MEMBER_ID
        assert broker.members("g") == []

    def test_a_consumer_group_rebalances(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        epoch = _join_consumer_group(client)
        assert _heartbeat(client, epoch).member_epoch == epoch
        broker.faults.rebalance("g")
        assert _heartbeat(client, epoch).member_epoch == epoch + 1

    def test_a_member_of_a_consumer_group_expires(self, broker: Broker, client: RawClient) -> None:
        broker.create_topic("t")
        epoch = _join_consumer_group(client)
        broker.faults.expire_member("g")
        assert _heartbeat(client, epoch).error_code == UNKNOWN_MEMBER_ID
        assert broker.members("g") == []

    def test_who_there_is_not(self, broker: Broker, client: RawClient) -> None:
        with pytest.raises(ApiError, match="no group 'g'"):
            broker.faults.rebalance("g")
        ClassicMember(client)
        with pytest.raises(ApiError, match="no member of group g fit 'somebody'; it has"):
            broker.faults.expire_member("g", "somebody")
        with pytest.raises(ApiError, match="other"):
            broker.faults.rebalance("other")


MEMBER_ID = "u" * 22


def _join_consumer_group(client: RawClient) -> int:
    def join() -> Any:
        request = ConsumerGroupHeartbeatRequest(
            group_id="g",
            member_id=MEMBER_ID,
            member_epoch=0,
            rebalance_timeout_ms=60_000,
            subscribed_topic_names=["t"],
            topic_partitions=[],
        )
        answer = client.call(request, 1)
        return answer if answer.error_code == NONE else None

    epoch: int = wait_until(join, what="the member has joined").member_epoch
    return epoch


def _heartbeat(client: RawClient, epoch: int) -> Any:
    return client.call(ConsumerGroupHeartbeatRequest(group_id="g", member_id=MEMBER_ID, member_epoch=epoch), 1)


class TestDisk:
    def test_a_full_disk_is_read_on_and_written_to_when_there_is_room(self, broker: Broker, client: RawClient) -> None:
        broker.seed({"t": ["before"]})
        with broker.faults.fill_disk():
            for _ in range(2):
                assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): KAFKA_STORAGE_ERROR}
            assert codes(client.call(fetch("t", 0), FETCH)) == {("t", 0): NONE}
            with pytest.raises(ApiError):
                broker.create_topic("u")
            assert [record.text for record in broker.records("t")] == ["before"]
        assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}
        broker.create_topic("u")
        broker.produce("u", "after")

    def test_a_corrupt_batch_is_sent_as_it_is(self, broker: Broker, client: RawClient) -> None:
        broker.seed({"t": ["a"]})
        broker.produce("t", "b")

        def are_valid() -> list[bool]:
            [topic] = client.call(fetch("t", 0), FETCH).responses
            return [batch.is_valid() for batch in iter_batches(memoryview(bytes(topic.partitions[0].records)))]

        with broker.faults.corrupt_batch("t", offset=0):
            assert are_valid() == [False, True]
        assert are_valid() == [True, True]
        with broker.faults.corrupt_batch("t"):
            assert are_valid() == [True, False]

    def test_a_record_that_there_is_not(self, broker: Broker) -> None:
        broker.seed({"t": ["a"]})
        with pytest.raises(ValueError, match="t-0 has no record 5: its offsets are 0 to 0"):
            broker.faults.corrupt_batch("t", offset=5)
        with pytest.raises(ApiError, match="u-0"):
            broker.faults.corrupt_batch("u")


class TestClock:
    @pytest.mark.parametrize("hours", [5, -5])
    def test_the_wall_clock_jumps(self, broker: Broker, hours: int) -> None:
        jump_ms = hours * 3_600_000
        broker.create_topic("t", message_timestamp_type="LogAppendTime")
        with broker.faults.jump_clock(jump_ms):
            stored = broker.produce("t", "v").timestamp
            assert abs(stored - time.time() * 1000 - jump_ms) < 60_000
            assert abs(broker.now_ms() - stored) < 60_000
        assert abs(broker.produce("t", "v").timestamp - time.time() * 1000) < 60_000

    def test_also_one_that_stands_still(self) -> None:
        clock = ManualClock(1_700_000_000_000)
        with Broker(clock=clock) as broker, broker.faults.jump_clock(-1000):
            assert broker.now_ms() == 1_699_999_999_000

    def test_one_that_cannot(self) -> None:
        from minikafka.clock import SystemClock

        with Broker(clock=SystemClock()) as broker, pytest.raises(TypeError, match="a SystemClock cannot jump"):
            broker.faults.jump_clock(1)


def test_a_broker_that_is_not_running_cannot_do_anything() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        Broker().faults.move_leader("t")


def test_a_broker_that_is_started_again_is_well(broker: Broker) -> None:
    with broker.faults.fill_disk(), broker.faults.fill_disk(), broker.faults.jump_clock(-3_600_000):
        broker.kill()
    broker.start()
    broker.create_topic("t", message_timestamp_type="LogAppendTime")
    assert abs(broker.produce("t", "v").timestamp - time.time() * 1000) < 60_000


def test_the_disk_is_full_until_all_say_it_is_not(broker: Broker) -> None:
    broker.create_topic("t")
    with broker.faults.fill_disk():
        with broker.faults.fill_disk():
            pass
        with pytest.raises(ApiError):
            broker.produce("t", "v")
    broker.produce("t", "v")


def test_a_fault_may_outlive_the_broker(broker: Broker) -> None:
    broker.create_topic("t")
    with broker.faults.leader_unavailable("t"), broker.faults.fail("METADATA", 6) as fault:
        broker.stop()
    assert fault.hits == 0
