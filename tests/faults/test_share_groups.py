"""Faults that members of share groups meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from minikafka import Broker
from minikafka.client.admin.configs import GROUP, SET, Change, Resource, alter_configs
from minikafka.client.cluster import Cluster
from minikafka.client.sharing.share_consumer import ShareConsumer
from minikafka.client.sharing.share_session import ACCEPT
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    INVALID_SHARE_SESSION_EPOCH,
    KAFKA_STORAGE_ERROR,
    NONE,
    NOT_COORDINATOR,
    NOT_LEADER_OR_FOLLOWER,
    SHARE_SESSION_NOT_FOUND,
    UNKNOWN_MEMBER_ID,
)
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequest,
    FindCoordinatorRequest,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
)
from minikafka.records.batch import iter_batches
from tests.faults.raw_client import RawClient
from tests.support.polling import wait_until

MEMBER = "AAAAAAAAAAAAAAAAAAAAAQ"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker(group_share_min_heartbeat_interval_ms=50, group_share_heartbeat_interval_ms=50) as running:
        running.create_topic("t", 2)
        running.create_topic("u")
        with Cluster(running.bootstrap_servers) as cluster:
            alter_configs(cluster, Resource(GROUP, "g"), [Change("share.auto.offset.reset", SET, "earliest")])
        for topic, partition in (("t", 0), ("t", 1), ("u", 0)):
            running.produce(topic, f"{topic}{partition}", partition=partition)
        yield running


@pytest.fixture
def client(broker: Broker) -> Iterator[RawClient]:
    """A member of the group, which has both topics."""
    with RawClient(broker) as client:
        join(client)
        yield client


def join(client: RawClient) -> None:
    epoch, assigned = 0, 0
    while assigned < 2:
        request = ShareGroupHeartbeatRequest(
            group_id="g", member_id=MEMBER, member_epoch=epoch, subscribed_topic_names=["t", "u"]
        )
        answer = client.call(request, 1)
        assert answer.error_code == NONE, answer
        epoch, assigned = answer.member_epoch, len(answer.assignment.topic_partitions)


def topic_ids(broker: Broker) -> dict[bytes, str]:
    return {known.topic_id: name for name, known in broker._running_node().services.image.topics_by_name.items()}


def fetch(broker: Broker, epoch: int, *parts: tuple[str, int], offset: int | None = None) -> Any:
    ids = {name: topic_id for topic_id, name in topic_ids(broker).items()}
    return ShareFetchRequest(
        group_id="g",
        member_id=MEMBER,
        share_session_epoch=epoch,
        max_records=100,
        batch_size=100,
        topics=[
            ShareFetchRequest.FetchTopic(
                topic_id=ids[topic],
                partitions=[
                    ShareFetchRequest.FetchPartition(
                        partition_index=index,
                        acknowledgement_batches=[]
                        if offset is None
                        else [
                            ShareFetchRequest.AcknowledgementBatch(
                                first_offset=offset, last_offset=offset, acknowledge_types=[ACCEPT]
                            )
                        ],
                    )
                ],
            )
            for topic, index in parts
        ],
    )


def acknowledge(broker: Broker, epoch: int, *parts: tuple[str, int]) -> Any:
    ids = {name: topic_id for topic_id, name in topic_ids(broker).items()}
    batch = ShareAcknowledgeRequest.AcknowledgementBatch(first_offset=0, last_offset=0, acknowledge_types=[ACCEPT])
    return ShareAcknowledgeRequest(
        group_id="g",
        member_id=MEMBER,
        share_session_epoch=epoch,
        topics=[
            ShareAcknowledgeRequest.AcknowledgeTopic(
                topic_id=ids[topic],
                partitions=[
                    ShareAcknowledgeRequest.AcknowledgePartition(partition_index=index, acknowledgement_batches=[batch])
                ],
            )
            for topic, index in parts
        ],
    )


def codes(broker: Broker, answer: Any) -> dict[tuple[str, int], int]:
    assert answer.error_code == NONE, answer
    names = topic_ids(broker)
    return {
        (names[topic.topic_id], part.partition_index): part.error_code
        for topic in answer.responses
        for part in topic.partitions
    }


ALL = (("t", 0), ("t", 1), ("u", 0))


def test_a_partition_fails_alone(broker: Broker, client: RawClient) -> None:
    with broker.faults.fail("SHARE_FETCH", "KAFKA_STORAGE_ERROR", topic="t", partition=1):
        found = codes(broker, client.call(fetch(broker, 0, *ALL), 2))
    assert found == {("t", 0): NONE, ("t", 1): KAFKA_STORAGE_ERROR, ("u", 0): NONE}
    assert codes(broker, client.call(fetch(broker, 1), 2)) == {("t", 1): NONE}


def test_a_fetch_of_a_session_is_about_its_partitions(broker: Broker, client: RawClient) -> None:
    client.call(fetch(broker, 0, *ALL), 2)
    with broker.faults.fail("SHARE_FETCH", "KAFKA_STORAGE_ERROR", topic="u", required=True):
        assert codes(broker, client.call(fetch(broker, 1), 2)) == {("u", 0): KAFKA_STORAGE_ERROR}


def test_what_comes_with_a_failing_fetch_is_not_acknowledged(broker: Broker, client: RawClient) -> None:
    client.call(fetch(broker, 0, *ALL), 2)
    with broker.faults.fail("SHARE_FETCH", "KAFKA_STORAGE_ERROR", topic="u", required=True):
        answer = client.call(fetch(broker, 1, ("u", 0), ("t", 0), offset=0), 2)
    names = topic_ids(broker)
    acknowledged = {
        names[topic.topic_id]: part.acknowledge_error_code for topic in answer.responses for part in topic.partitions
    }
    assert acknowledged == {"t": NONE, "u": KAFKA_STORAGE_ERROR}
    assert codes(broker, client.call(acknowledge(broker, 2, ("u", 0)), 2)) == {("u", 0): NONE}


@pytest.mark.parametrize("version", [1, 2])
def test_acknowledgements_fail_alone(broker: Broker, client: RawClient, version: int) -> None:
    client.call(fetch(broker, 0, *ALL), version)
    with broker.faults.fail("SHARE_ACKNOWLEDGE", "KAFKA_STORAGE_ERROR", topic="t", partition=0, required=True):
        found = codes(broker, client.call(acknowledge(broker, 1, *ALL), version))
    assert found == {("t", 0): KAFKA_STORAGE_ERROR, ("t", 1): NONE, ("u", 0): NONE}
    # The session has gone on, and the record is still the member's.
    assert codes(broker, client.call(acknowledge(broker, 2, ("t", 0)), version)) == {("t", 0): NONE}


def test_errors_of_sessions_are_of_the_request(broker: Broker, client: RawClient) -> None:
    client.call(fetch(broker, 0, *ALL), 2)
    with broker.faults.fail("SHARE_FETCH", "SHARE_SESSION_NOT_FOUND", topic="t"):
        assert client.call(fetch(broker, 1), 2).error_code == SHARE_SESSION_NOT_FOUND
    with broker.faults.fail("SHARE_ACKNOWLEDGE", "INVALID_SHARE_SESSION_EPOCH"):
        assert client.call(acknowledge(broker, 1, *ALL), 2).error_code == INVALID_SHARE_SESSION_EPOCH
    assert codes(broker, client.call(acknowledge(broker, 1, ("t", 0)), 2)) == {("t", 0): NONE}


def test_a_leader_moves(broker: Broker, client: RawClient) -> None:
    client.call(fetch(broker, 0, *ALL), 2)
    with broker.faults.move_leader("t", 0):
        answer = client.call(acknowledge(broker, 1, ("t", 0), ("u", 0)), 2)
        assert codes(broker, answer) == {("t", 0): NOT_LEADER_OR_FOLLOWER, ("u", 0): NONE}
        assert [endpoint.port for endpoint in answer.node_endpoints] == [
            int(broker.bootstrap_servers.rpartition(":")[2])
        ]


def test_a_coordinator_moves(broker: Broker, client: RawClient) -> None:
    request = ShareGroupHeartbeatRequest(group_id="g", member_id=MEMBER, member_epoch=1)
    with broker.faults.move_coordinator(group="g"):
        assert client.call(request, 1).error_code == NOT_COORDINATOR
        client.call(FindCoordinatorRequest(key_type=0, coordinator_keys=["g"]), 6)
        # It loads the group from the log.
        wait_until(lambda: client.call(request, 1).error_code != COORDINATOR_LOAD_IN_PROGRESS)
        assert client.call(request, 1).error_code == NONE


def test_offsets_of_a_topic_are_not_altered(broker: Broker, client: RawClient) -> None:
    client.call(ShareGroupHeartbeatRequest(group_id="g", member_id=MEMBER, member_epoch=-1), 1)
    Topic = AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestTopic
    Partition = AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestPartition
    topics = [
        Topic(topic_name="t", partitions=[Partition(partition_index=index, start_offset=1) for index in (0, 1)]),
        Topic(topic_name="u", partitions=[Partition(partition_index=0, start_offset=1)]),
    ]
    with broker.faults.fail("ALTER_SHARE_GROUP_OFFSETS", "KAFKA_STORAGE_ERROR", topic="t", partition=0, required=True):
        answer = client.call(AlterShareGroupOffsetsRequest(group_id="g", topics=topics), 0)
    assert codes(broker, answer) == {("t", 0): KAFKA_STORAGE_ERROR, ("t", 1): NONE, ("u", 0): NONE}
    assert start_offsets(client) == {("t", 0): -1, ("t", 1): 1, ("u", 0): 1}
    Deleted = DeleteShareGroupOffsetsRequest.DeleteShareGroupOffsetsRequestTopic
    request = DeleteShareGroupOffsetsRequest(group_id="g", topics=[Deleted(topic_name="t"), Deleted(topic_name="u")])
    with broker.faults.fail("DELETE_SHARE_GROUP_OFFSETS", "KAFKA_STORAGE_ERROR", topic="t", required=True):
        answer = client.call(request, 0)
    assert {topic.topic_name: topic.error_code for topic in answer.responses} == {"t": KAFKA_STORAGE_ERROR, "u": NONE}
    assert start_offsets(client) == {("t", 0): -1, ("t", 1): 1}


def start_offsets(client: RawClient) -> dict[tuple[str, int], int]:
    group = DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup(group_id="g", topics=None)
    [answer] = client.call(DescribeShareGroupOffsetsRequest(groups=[group]), 1).groups
    return {
        (topic.topic_name, part.partition_index): part.start_offset
        for topic in answer.topics
        for part in topic.partitions
    }


def test_the_coordinator_of_a_partition_is_found_by_its_group(broker: Broker, client: RawClient) -> None:
    request = FindCoordinatorRequest(key_type=2, coordinator_keys=[f"a:g:{MEMBER}:0"])
    with broker.faults.fail("FIND_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", group="a:g", required=True):
        client.call(request, 6)


def test_a_consumer_gets_over_them(broker: Broker) -> None:
    """What fails is fetched, and acknowledged, again."""
    with Cluster(broker.bootstrap_servers) as cluster:
        consumer = ShareConsumer(cluster, "g", ["t", "u"])
        with (
            broker.faults.fail("SHARE_GROUP_HEARTBEAT", "COORDINATOR_LOAD_IN_PROGRESS", group="g", times=1),
            broker.faults.fail("SHARE_FETCH", "NOT_LEADER_OR_FOLLOWER", topic="t", times=2, required=True),
            broker.faults.fail("SHARE_FETCH", "SHARE_SESSION_NOT_FOUND", times=1, required=True),
        ):
            values = set()
            while len(values) < 3:
                assert consumer.poll(10), values
                record = consumer.take()
                values.add(record.fetched.record.value)
                consumer.acknowledge(record, ACCEPT)
        assert values == {b"t0", b"t1", b"u0"}
        consumer.close()


def test_records_that_are_corrupt_on_their_way(broker: Broker, client: RawClient) -> None:
    with broker.faults.corrupt_fetched(topic="u", required=True):
        answer = client.call(fetch(broker, 0, *ALL), 2)
    names = topic_ids(broker)
    valid = {
        names[topic.topic_id]: [batch.is_valid() for part in topic.partitions for batch in iter_batches(part.records)]
        for topic in answer.responses
    }
    assert valid == {"t": [True, True], "u": [False]}
    with broker.faults.corrupt_fetched():
        assert client.call(fetch(broker, 1), 2).responses == []


def test_a_member_that_is_not_heard_of_loses_its_place(broker: Broker, client: RawClient) -> None:
    broker.faults.expire_member("g", MEMBER)
    assert broker.members("g") == []
    request = ShareGroupHeartbeatRequest(group_id="g", member_id=MEMBER, member_epoch=1)
    assert client.call(request, 1).error_code == UNKNOWN_MEMBER_ID


def test_a_connection_that_is_cut_gives_back_what_it_has(broker: Broker, client: RawClient) -> None:
    client.call(fetch(broker, 0, ("u", 0)), 2)
    broker.faults.disconnect()
    with RawClient(broker) as again:
        [topic] = again.call(fetch(broker, 0, ("u", 0)), 2).responses
        [acquired] = topic.partitions[0].acquired_records
    assert (acquired.first_offset, acquired.last_offset, acquired.delivery_count) == (0, 0, 2)


def test_a_group_is_rebalanced(broker: Broker, client: RawClient) -> None:
    before = broker.wait_for_group("g")
    epoch = client.call(ShareGroupHeartbeatRequest(group_id="g", member_id=MEMBER, member_epoch=2), 1).member_epoch
    broker.faults.rebalance("g")
    answer = client.call(ShareGroupHeartbeatRequest(group_id="g", member_id=MEMBER, member_epoch=epoch), 1)
    assert answer.member_epoch == epoch + 1
    assert broker.group("g") == before
