"""Reading a running ZooKeeper: paths below the one of zookeeper.connect, nodes that are missing, servers that are."""

from __future__ import annotations

import pytest

from minikafka.cli.local import zookeeper_nodes
from minikafka.cli.local.zookeeper_nodes import opened
from minikafka.errors import ConfigError, StorageError
from minikafka.zookeeper import messages
from minikafka.zookeeper.errors import ZooKeeperError


class Client:
    """One server, "there:1", which has two nodes, and one that nobody may see."""

    closed = 0

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        if (host, port) != ("there", 1):
            raise ConnectionRefusedError(111, "Connection refused")

    def get_children(self, path: str) -> tuple[list[str], None]:
        if path == "/kafka/config":
            return ["users", "topics"], None
        raise ZooKeeperError(messages.NO_AUTH if path == "/kafka/secret" else messages.NO_NODE)

    def get_data(self, path: str) -> tuple[bytes | None, None]:
        if path == "/kafka/config":
            return None, None
        if path == "/kafka/config/topics":
            return b"data", None
        raise ZooKeeperError(messages.NO_AUTH if path == "/kafka/secret" else messages.NO_NODE)

    def close_connection(self) -> None:
        Client.closed += 1


@pytest.fixture(autouse=True)
def _servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zookeeper_nodes, "ZooKeeperClient", Client)


def test_nodes_below_the_path_of_the_cluster() -> None:
    closed = Client.closed
    with opened("away:1, there:1/kafka") as nodes:
        assert nodes.children("/config") == ["topics", "users"]
        assert nodes.children("/nothing") == []
        assert nodes.data("/config/topics") == b"data"
        assert nodes.data("/config") is None
        assert nodes.data("/nothing") is None
    assert Client.closed == closed + 1


def test_what_it_does_not_show_is_named() -> None:
    with opened("there:1/kafka/") as nodes:
        with pytest.raises(StorageError, match="ZooKeeper does not show /secret: "):
            nodes.children("/secret")
        with pytest.raises(StorageError, match="ZooKeeper does not show /secret: "):
            nodes.data("/secret")


def test_servers_that_do_not_answer() -> None:
    with pytest.raises(StorageError, match=r"no ZooKeeper answers: away:1: .* away:2: "), opened("away:1,away:2"):
        pass
    with pytest.raises(ConfigError, match="'there' is not HOST:PORT"), opened("there"):
        pass
