"""A running ZooKeeper, to be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from minikafka.errors import ConfigError, StorageError
from minikafka.zookeeper import messages
from minikafka.zookeeper.client import ZooKeeperClient
from minikafka.zookeeper.errors import ZooKeeperError, error_name

_TIMEOUT_S = 10.0


class RunningZooKeeper:
    """Paths are below ``root``. Raises StorageError."""

    def __init__(self, client: ZooKeeperClient, root: str) -> None:
        self._client = client
        self._root = root

    def children(self, path: str) -> list[str]:
        """The names below ``path``; none when there is no such node."""
        try:
            return sorted(self._client.get_children(self._root + path)[0])
        except ZooKeeperError as error:
            _ensure_is_missing(error, path)
            return []

    def data(self, path: str) -> bytes | None:
        """None when there is no such node, or nothing in it."""
        try:
            return self._client.get_data(self._root + path)[0]
        except ZooKeeperError as error:
            _ensure_is_missing(error, path)
            return None


def _ensure_is_missing(error: ZooKeeperError, path: str) -> None:
    if error.code != messages.NO_NODE:
        raise StorageError(f"ZooKeeper does not show {path}: {error_name(error.code)}")


@contextmanager
def opened(connect: str) -> Iterator[RunningZooKeeper]:
    """``connect``: a zookeeper.connect, "HOST:PORT,HOST:PORT/path"; the first that answers is asked. Raises
    ConfigError, StorageError."""
    servers, slash, root = connect.partition("/")
    refusals = []
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError(f"{server!r} is not HOST:PORT")
        try:
            client = ZooKeeperClient(host, int(port), timeout_s=_TIMEOUT_S)
        except (OSError, ZooKeeperError) as error:
            refusals.append(f"{server}: {error}")
            continue
        try:
            yield RunningZooKeeper(client, (slash + root).rstrip("/"))
        except OSError as error:
            raise StorageError(f"ZooKeeper at {server} does not answer any more: {error}") from None
        finally:
            client.close_connection()
        return
    raise StorageError(f"no ZooKeeper answers: {'; '.join(refusals)}")
