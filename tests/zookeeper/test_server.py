"""The stand-in as a process beside a broker: what a ZooKeeper client reads, waits for, writes, and may not write."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.client.admin.configs import TOPIC, Resource, describe_configs
from minikafka.client.admin.quotas import CLIENT_ID, USER, AnyName, alter_quotas, describe_quotas
from minikafka.client.admin.topics import create_topic, delete_topics, describe_topics
from minikafka.client.cluster import Cluster
from minikafka.zookeeper import jute, messages
from minikafka.zookeeper.client import ZooKeeperClient
from minikafka.zookeeper.errors import ZooKeeperError
from minikafka.zookeeper.messages import NODE_CHILDREN_CHANGED, NODE_CREATED, NODE_DATA_CHANGED, NODE_DELETED
from minikafka.zookeeper.znodes import Event
from tests.support.brokers import free_port
from tests.support.polling import wait_until
from tests.zookeeper.stand_in import StandIn

EVENT_TIMEOUT_S = 20.0


@pytest.fixture
def zookeeper(stand_in: StandIn) -> Iterator[ZooKeeperClient]:
    with stand_in.client() as client:
        yield client


@pytest.fixture
def cluster(broker: Broker) -> Iterator[Cluster]:
    with Cluster(broker.bootstrap_servers) as cluster:
        yield cluster


def document(zookeeper: ZooKeeperClient, path: str) -> dict[str, object]:
    data, _ = zookeeper.get_data(path)
    assert data is not None
    found: dict[str, object] = json.loads(data)
    return found


def refused(call: object, *arguments: object) -> int:
    assert callable(call)
    with pytest.raises(ZooKeeperError) as caught:
        call(*arguments)
    return caught.value.code


def test_what_the_broker_has_is_there_at_once(broker: Broker, zookeeper: ZooKeeperClient, cluster: Cluster) -> None:
    assert zookeeper.get_children("/brokers/ids")[0] == [str(broker.node_id)]
    of_broker = document(zookeeper, f"/brokers/ids/{broker.node_id}")
    assert (of_broker["host"], of_broker["port"]) == ("127.0.0.1", broker.port)
    assert document(zookeeper, "/controller")["brokerid"] == broker.node_id
    assert document(zookeeper, "/cluster/id")["id"] == broker.cluster_id
    create_topic(cluster, "seen", partitions=2, configs={"retention.ms": "9000"})
    zookeeper.sync("/")
    assert "seen" in zookeeper.get_children("/brokers/topics")[0]
    assert document(zookeeper, "/config/topics/seen")["config"] == {"retention.ms": "9000"}
    state = document(zookeeper, "/brokers/topics/seen/partitions/1/state")
    assert (state["leader"], state["isr"]) == (broker.node_id, [broker.node_id])
    delete_topics(cluster, ["seen"])
    zookeeper.sync("/")
    assert zookeeper.exists("/brokers/topics/seen") is None
    assert zookeeper.exists("/config/topics/seen") is None


def test_a_new_session_sees_what_is_new(stand_in: StandIn, cluster: Cluster) -> None:
    for number in range(3):
        create_topic(cluster, f"new-{number}", partitions=1)
        with stand_in.client() as client:
            assert client.exists(f"/brokers/topics/new-{number}") is not None


def test_what_else_can_be_read(zookeeper: ZooKeeperClient) -> None:
    assert zookeeper.get_acl("/brokers/topics") == [(messages.ALL, "world", "anyone")]
    assert zookeeper.get_acl("/controller") == [(messages.READ, "world", "anyone")]
    assert zookeeper.get_all_children_number("/admin") == 1
    names = zookeeper.call(messages.GET_CHILDREN, jute.string("/admin") + jute.boolean(False))
    assert names.vector(names.string) == ["delete_topics"]
    who = zookeeper.call(messages.WHO_AM_I)
    assert who.vector(lambda: (who.string(), who.string())) == [("ip", "127.0.0.1")]
    mine = zookeeper.call(messages.GET_EPHEMERALS, jute.string("/"))
    assert mine.vector(mine.string) == []
    zookeeper.call(messages.PING)
    zookeeper.call(messages.AUTH, jute.integer(0) + jute.string("digest") + jute.buffer(b"a:b"))


def test_errors(zookeeper: ZooKeeperClient) -> None:
    assert refused(zookeeper.get_data, "/nope") == messages.NO_NODE
    assert refused(zookeeper.get_children, "/brokers/") == messages.BAD_ARGUMENTS
    assert refused(zookeeper.set_data, "/nope", b"") == messages.NO_NODE
    assert refused(zookeeper.set_data, "/config", b"", 7) == messages.BAD_VERSION
    assert refused(zookeeper.create, "/config", b"") == messages.NODE_EXISTS
    assert refused(zookeeper.create, "/nope/child", b"") == messages.NO_NODE
    assert refused(zookeeper.delete, "/nope") == messages.NO_NODE
    assert refused(zookeeper.call, 106) == messages.UNIMPLEMENTED  # addWatch


def test_what_may_not_be_written(zookeeper: ZooKeeperClient) -> None:
    no = messages.NO_AUTH
    assert refused(zookeeper.create, "/mine", b"") == no
    assert refused(zookeeper.create, "/brokers/topics/t", b"{}", 1) == no  # ephemeral
    assert refused(zookeeper.create, "/admin/delete_topics/t", None, messages.PERSISTENT_SEQUENTIAL) == no
    assert refused(zookeeper.set_data, "/controller", b"{}") == no
    assert refused(zookeeper.delete, "/controller") == no
    credential = b'{"version":1,"config":{"SCRAM-SHA-256":"salt=x,iterations=4096"}}'
    assert refused(zookeeper.create, "/config/users/u", credential) == no


def test_what_consumers_of_0_8_keep(stand_in: StandIn, zookeeper: ZooKeeperClient) -> None:
    """A member that comes and goes: its id and what it owns go with it, what it has committed stays."""
    ephemeral, in_order = messages.EPHEMERAL, messages.EPHEMERAL_SEQUENTIAL
    member = stand_in.client()
    for path in ("/consumers/g", "/consumers/g/ids", "/consumers/g/offsets"):
        assert member.create(path, None) == path
    member.create("/consumers/g/ids/one", b"{}", ephemeral)
    member.create("/consumers/g/offsets/t", b"5")
    member.set_data("/consumers/g/offsets/t", b"7")
    numbered = [member.create("/consumers/g/ids/n-", None, in_order) for _ in range(2)]
    assert numbered == ["/consumers/g/ids/n-0000000000", "/consumers/g/ids/n-0000000001"]
    mine = member.call(messages.GET_EPHEMERALS, jute.string("/consumers"))
    assert mine.vector(mine.string) == ["/consumers/g/ids/one", *numbered]
    assert refused(member.create, "/consumers/g/ids/one/below", None) == messages.NO_CHILDREN_FOR_EPHEMERALS
    assert refused(member.delete, "/consumers/g") == messages.NOT_EMPTY
    assert refused(member.delete, "/consumers/g/ids/one", 3) == messages.BAD_VERSION
    member.delete(numbered[0])

    stat = zookeeper.exists("/consumers/g/ids/one", watch=True)
    assert stat is not None
    assert stat.ephemeral_owner == member.session_id
    names, _ = zookeeper.get_children("/consumers/g/ids", watch=True)
    assert names == ["one", "n-0000000001"]
    member.close()
    told = zookeeper.wait_for_events(2, EVENT_TIMEOUT_S)
    assert {each.kind for each in told} == {NODE_DELETED, NODE_CHILDREN_CHANGED}
    assert zookeeper.get_children("/consumers/g/ids")[0] == []
    assert zookeeper.get_data("/consumers/g/offsets/t")[0] == b"7"


def test_a_member_that_dies_is_gone_after_its_time(tmp_path: Path, broker: Broker) -> None:
    stand_in = StandIn(tmp_path, broker.bootstrap_servers, settings="tickTime=20\n")
    try:
        with stand_in.client() as other:
            member = stand_in.client()
            assert member.timeout_ms == 400
            member.create("/consumers/g", None)
            member.create("/consumers/g/one", None, messages.EPHEMERAL)
            member.close_connection()
            wait_until(lambda: other.exists("/consumers/g/one") is None, what="the session has ended")
            assert other.exists("/consumers/g") is not None
    finally:
        assert stand_in.stop() == 0, stand_in.printed


def test_a_topic_is_created_extended_changed_and_deleted(zookeeper: ZooKeeperClient, cluster: Cluster) -> None:
    """The writes of Kafka 2.4's kafka-topics, in its order."""
    config, topic = "/config/topics/written", "/brokers/topics/written"
    first = b'{"version":1,"config":{"max.message.bytes":"64000","flush.messages":"1"}}'
    assert refused(zookeeper.set_data, config, first) == messages.NO_NODE
    assert zookeeper.create(config, first) == config
    assert zookeeper.get_data(config)[0] == first
    assert zookeeper.create(topic, b'{"version":2,"partitions":{"1":[1],"0":[1]},"adding_replicas":{}}') == topic
    (described,) = describe_topics(cluster, ["written"]).values()
    assert len(described.partitions) == 2
    assert set_configs(cluster, "written") == {"max.message.bytes": "64000", "flush.messages": "1"}

    stat = zookeeper.set_data(config, b'{"version":1,"config":{"flush.messages":"2"}}')
    assert stat.version > 0
    assert set_configs(cluster, "written") == {"flush.messages": "2"}
    assert refused(zookeeper.create, "/config/changes", None) == messages.NODE_EXISTS
    changes = [zookeeper.create("/config/changes/config_change_", b"{}", 2) for _ in range(2)]
    assert all(re.fullmatch(r"/config/changes/config_change_\d{10}", path) for path in changes)
    assert changes[0] < changes[1]

    zookeeper.set_data(topic, b'{"version":2,"partitions":{"0":[1],"1":[1],"2":[1]}}')
    assert zookeeper.get_children(f"{topic}/partitions")[0] == ["0", "1", "2"]
    assert refused(zookeeper.set_data, topic, b'{"version":2,"partitions":{"0":[2]}}') == messages.NO_AUTH

    zookeeper.create("/admin/delete_topics/written", None)
    assert zookeeper.exists(topic) is None
    assert zookeeper.exists("/admin/delete_topics/written") is None
    zookeeper.create("/admin/delete_topics/never-there", None)


def set_configs(cluster: Cluster, topic: str) -> dict[str, str | None]:
    ((entries),) = describe_configs(cluster, [Resource(TOPIC, topic)]).values()
    return {entry.name: entry.value for entry in entries if entry.source == "DYNAMIC_TOPIC_CONFIG"}


def test_a_topic_that_the_broker_does_not_create(stand_in: StandIn, zookeeper: ZooKeeperClient) -> None:
    zookeeper.create("/config/topics/wrong", b'{"version":1,"config":{"retention.ms":"soon"}}')
    topic = "/brokers/topics/wrong"
    partitions = b'{"version":2,"partitions":{"0":[1]}}'
    assert refused(zookeeper.create, topic, partitions) == messages.BAD_ARGUMENTS
    assert "/brokers/topics/wrong was written, and the broker said: Invalid value soon" in stand_in.printed
    # What was written first waits to be written better.
    zookeeper.set_data("/config/topics/wrong", b'{"version":1,"config":{}}')
    assert zookeeper.create(topic, partitions) == topic
    assert refused(zookeeper.create, topic, partitions) == messages.NODE_EXISTS
    for data in (b"{", b"[]", b'{"partitions":[]}', b'{"partitions":{"a":[1]}}', None):
        assert refused(zookeeper.create, "/brokers/topics/other", data) == messages.BAD_ARGUMENTS
    assert refused(zookeeper.create, "/config/topics/other", b'{"config":[]}') == messages.BAD_ARGUMENTS


def test_quotas_come_change_and_go(zookeeper: ZooKeeperClient, cluster: Cluster) -> None:
    path = "/config/clients/c%202"
    zookeeper.create(path, b'{"version":1,"config":{"producer_byte_rate":"1000"}}')
    assert of_clients(cluster) == {"c 2": {"producer_byte_rate": 1000.0}}
    zookeeper.set_data(path, b'{"version":1,"config":{"consumer_byte_rate":"2000"}}')
    assert of_clients(cluster) == {"c 2": {"consumer_byte_rate": 2000.0}}
    assert document(zookeeper, path)["config"] == {"consumer_byte_rate": "2000"}
    zookeeper.set_data(path, b'{"version":1,"config":{}}')
    assert of_clients(cluster) == {}
    both = "/config/users/u/clients/c"
    config = b'{"version":1,"config":{"consumer_byte_rate":"1"}}'
    assert refused(zookeeper.create, both, config) == messages.NO_NODE
    for parent in ("/config/users/u", "/config/users/u/clients"):
        zookeeper.create(parent, None)
    zookeeper.create(both, config)
    assert zookeeper.get_children("/config/users/u/clients")[0] == ["c"]


def test_what_waits_goes_with_its_parent(zookeeper: ZooKeeperClient, cluster: Cluster) -> None:
    alter_quotas(cluster, {USER: "passing"}, {"request_percentage": 5.0})
    zookeeper.sync("/")
    zookeeper.create("/config/users/passing/clients", None)
    assert zookeeper.get_children("/config/users/passing")[0] == ["clients"]
    alter_quotas(cluster, {USER: "passing"}, {"request_percentage": None})
    zookeeper.sync("/")
    assert zookeeper.exists("/config/users/passing") is None


def of_clients(cluster: Cluster) -> dict[str | None, dict[str, float]]:
    return {each.parts[CLIENT_ID]: dict(each.quotas) for each in describe_quotas(cluster, {CLIENT_ID: AnyName})}


def test_watches(stand_in: StandIn, zookeeper: ZooKeeperClient, cluster: Cluster) -> None:
    assert zookeeper.exists("/brokers/topics/awaited", watch=True) is None
    zookeeper.get_children("/brokers/topics", watch=True)
    assert "1 connections watching 2 paths\nTotal watches:2\n" in stand_in.word("wchs")
    assert f"{zookeeper.session_id:#x}\n\t/brokers/topics\n\t/brokers/topics/awaited\n" in stand_in.word("wchc")
    assert f"/brokers/topics\n\t{zookeeper.session_id:#x}\n" in stand_in.word("wchp")
    create_topic(cluster, "awaited", partitions=1)
    assert set(zookeeper.wait_for_events(2, EVENT_TIMEOUT_S)) == {
        Event(NODE_CREATED, "/brokers/topics/awaited"),
        Event(NODE_CHILDREN_CHANGED, "/brokers/topics"),
    }
    assert "Total watches:0\n" in stand_in.word("wchs")
    zookeeper.events.clear()
    zookeeper.get_data("/config/topics/awaited", watch=True)
    zookeeper.get_data("/brokers/topics/awaited", watch=True)
    with stand_in.client() as other:
        other.set_data("/config/topics/awaited", b'{"version":1,"config":{"retention.ms":"5"}}')
        assert zookeeper.wait_for_events(1, EVENT_TIMEOUT_S) == [Event(NODE_DATA_CHANGED, "/config/topics/awaited")]
        other.create("/admin/delete_topics/awaited", None)
    assert zookeeper.wait_for_events(2, EVENT_TIMEOUT_S)[1] == Event(NODE_DELETED, "/brokers/topics/awaited")


def test_a_client_that_comes_back(stand_in: StandIn, cluster: Cluster) -> None:
    first = stand_in.client()
    _, stat = first.get_children("/brokers/topics")
    first.close_connection()
    again = ZooKeeperClient("127.0.0.1", stand_in.port, session=(first.session_id, first.password))
    assert again.session_id == first.session_id
    create_topic(cluster, "meanwhile", partitions=1)
    waits = [["/gone", "/controller"], ["/brokers/topics/meanwhile", "/brokers/topics/later"], ["/brokers/topics"]]
    paths = b"".join(jute.vector([jute.string(path) for path in kind]) for kind in waits)
    again.sync("/")
    again.call(messages.SET_WATCHES, jute.long(stat.pzxid) + paths)
    assert set(again.events) == {
        Event(NODE_DELETED, "/gone"),
        Event(NODE_CREATED, "/brokers/topics/meanwhile"),
        Event(NODE_CHILDREN_CHANGED, "/brokers/topics"),
        Event(NODE_DATA_CHANGED, "/controller"),
    } - ({Event(NODE_DATA_CHANGED, "/controller")} if stat.pzxid >= mzxid(again, "/controller") else set())
    again.close()
    with pytest.raises(ZooKeeperError) as ended:
        ZooKeeperClient("127.0.0.1", stand_in.port, session=(first.session_id, first.password))
    assert ended.value.code == messages.SESSION_EXPIRED


def mzxid(zookeeper: ZooKeeperClient, path: str) -> int:
    return zookeeper.get_data(path)[1].mzxid


def test_many_reads_at_once(zookeeper: ZooKeeperClient) -> None:
    parts = [(messages.GET_DATA, "/controller_epoch"), (messages.GET_CHILDREN, "/admin"), (messages.GET_DATA, "/nope")]
    body = b"".join(
        jute.integer(operation) + jute.boolean(False) + jute.integer(-1) + jute.string(path) + jute.boolean(False)
        for operation, path in parts
    )
    reader = zookeeper.call(messages.MULTI_READ, body + jute.integer(-1) + jute.boolean(True) + jute.integer(-1))
    assert (reader.integer(), reader.boolean(), reader.integer()) == (messages.GET_DATA, False, 0)
    assert reader.buffer() == b"1"
    messages.Stat.read(reader)
    assert (reader.integer(), reader.boolean(), reader.integer()) == (messages.GET_CHILDREN, False, 0)
    assert reader.vector(reader.string) == ["delete_topics"]
    assert (reader.integer(), reader.boolean(), reader.integer(), reader.integer()) == (-1, False, -101, -101)
    assert (reader.integer(), reader.boolean(), reader.integer()) == (-1, True, -1)
    assert reader.is_at_end


def test_the_words(stand_in: StandIn, zookeeper: ZooKeeperClient, broker: Broker) -> None:
    zookeeper.get_children("/")
    assert stand_in.word("ruok") == "imok"
    assert stand_in.word("isro") == "rw"
    assert "Mode: standalone\n" in stand_in.word("srvr")
    assert re.search(r"Clients:\n( /127.0.0.1:\d+\[[01]\]\(queued=0,recved=\d+,sent=\d+\)\n)+\n", stand_in.word("stat"))
    assert "zk_server_state\tstandalone\n" in stand_in.word("mntr")
    assert "zk_ephemerals_count\t2\n" in stand_in.word("mntr")
    assert f"clientPort={stand_in.port}\n" in stand_in.word("conf")
    assert f",sid={zookeeper.session_id:#x},to={zookeeper.timeout_ms})\n" in stand_in.word("cons")
    assert stand_in.word("envi").startswith("Environment:\nzookeeper.version=none, this is minikafka ")
    assert f"\t/brokers/ids/{broker.node_id}\n" in stand_in.word("dump")
    assert stand_in.word("dirs") == "datadir_size: 0\nlogdir_size: 0\n"
    assert stand_in.word("what") == ""


def test_garbage_ends_its_connection_only(stand_in: StandIn, zookeeper: ZooKeeperClient) -> None:
    assert stand_in.word("\0\0\0\4abcd") == ""
    assert stand_in.word("GET / HTTP/1.0\r\n\r\n") == ""
    assert "is closed: it sent b'GET ', which is no word and no size of a message" in stand_in.printed
    other = stand_in.client()
    with pytest.raises(ConnectionError):
        other.call(messages.GET_DATA, b"\0\0\0\xff")
    other.close_connection()
    assert zookeeper.exists("/") is not None


def test_without_a_broker_and_back(tmp_path: Path) -> None:
    port = free_port()
    stand_in = StandIn(tmp_path, f"127.0.0.1:{port}", "zookeeper.connect=localhost:2181/kafka\n")
    try:
        with stand_in.client() as client:
            assert client.get_children("/")[0] == ["kafka", "zookeeper"]
            assert client.get_children("/kafka/brokers/ids")[0] == []
            partitions = b'{"version":2,"partitions":{"0":[1]}}'
            assert refused(client.create, "/kafka/brokers/topics/t", partitions) == messages.OPERATION_TIMEOUT
            with Broker(port=port) as broker:
                wait_until(lambda: client.get_children("/kafka/brokers/ids")[0] == [str(broker.node_id)])
                client.create("/kafka/brokers/topics/t", partitions)
                client.get_data("/kafka/controller", watch=True)
            assert client.wait_for_events(1, EVENT_TIMEOUT_S) == [Event(NODE_DELETED, "/kafka/controller")]
            assert client.get_children("/kafka/brokers/topics")[0] == ["t"]
        assert stand_in.printed.count("The znodes cannot be read from the broker at") == 2
        assert f"The broker at 127.0.0.1:{port} answers." in stand_in.printed
    finally:
        assert stand_in.stop() == 0, stand_in.printed


def test_an_answer_comes_while_others_are_silent(stand_in: StandIn) -> None:
    clients = [stand_in.client() for _ in range(20)]
    started = time.monotonic()
    for client in clients:
        client.get_children("/")
        client.close()
    assert time.monotonic() - started < 10
