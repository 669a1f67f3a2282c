"""The znodes as the brokers are now: read when somebody asks and what is known is not fresh any more.

Settings and access lists are read only when somebody asks for them. When no broker answers, its ephemeral nodes are
gone, and the topics are those that were last seen, as ZooKeeper would have kept them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.clock import Clock
from minikafka.errors import UNKNOWN_TOPIC_OR_PARTITION, ApiError
from minikafka.zookeeper.cluster_state import NO_SETTINGS, NOTHING, read_settings, read_topology
from minikafka.zookeeper.consumer_znodes import ConsumerZnodes
from minikafka.zookeeper.errors import ZooKeeperError
from minikafka.zookeeper.kafka_acl_znodes import ACLS, acl_znodes
from minikafka.zookeeper.kafka_writes import KafkaWrites
from minikafka.zookeeper.kafka_znodes import CONFIG, settings_znodes, topology_znodes
from minikafka.zookeeper.messages import NO_AUTH
from minikafka.zookeeper.znodes import Content, Event, ZnodeTree, split

FRESH_MS = 100
"""For how long an answer is given from what was read before; a write, ``sync`` and a new session read again."""

_FRESH_FACTOR = 10
"""Where there is much to read, it stays fresh for so many times as long as that takes."""


class LiveTree:
    """A tree that follows the brokers. One thread at a time.

    :param cluster: the brokers.
    :param chroot: the znode below which Kafka's are; "" for none.
    :param on_warning: is told when the brokers cannot be asked, and when they can again.
    """

    def __init__(
        self, cluster: Cluster, clock: Clock, *, chroot: str = "", on_warning: Callable[[str], None]
    ) -> None:
        self.tree = ZnodeTree(clock.wall_ms())
        self._clock = clock
        self._chroot = chroot
        self._on_warning = on_warning
        self._started_ms = clock.wall_ms()
        self._cluster = cluster
        self._topology = NOTHING
        self._settings = NO_SETTINGS
        self._writes = KafkaWrites()
        self._consumers = ConsumerZnodes()
        self._is_reachable = True
        self._shown: tuple[object, ...] = ()
        self._topology_is_fresh_until_ms = -1
        self._settings_are_fresh_until_ms = -1
        self._show()

    def expire(self) -> None:
        """What is asked next is read from the brokers."""
        self._topology_is_fresh_until_ms = self._settings_are_fresh_until_ms = -1

    def refresh(self, path: str) -> list[Event]:
        """Make what is at ``path`` as it is now; returns what has happened in the tree."""
        now_ms = self._clock.monotonic_ms()
        wants_settings = self._is_a_setting(path)
        fresh_until_ms = self._settings_are_fresh_until_ms if wants_settings else self._topology_is_fresh_until_ms
        if now_ms < fresh_until_ms or self.holds(path):
            return self._show()
        try:
            self._topology = read_topology(self._cluster)
            self._topology_is_fresh_until_ms = self._fresh_until_ms(now_ms)
            if wants_settings:
                self._settings = read_settings(self._cluster, self._topology)
                self._settings_are_fresh_until_ms = self._topology_is_fresh_until_ms = self._fresh_until_ms(now_ms)
            self._say_reachable()
        except (ApiError, ClientError) as error:
            # A topic that was deleted between the two questions is gone when they are asked again.
            if not isinstance(error, ApiError) or error.code != UNKNOWN_TOPIC_OR_PARTITION:
                self._say_unreachable(error)
        return self._show()

    def to_follow(self, paths: Iterable[str]) -> list[str]:
        """Of ``paths``, as few as have to be refreshed for all to be fresh."""
        settings = [path for path in paths if self._is_a_setting(path)]
        return settings[:1] or list(paths)[:1]

    def holds(self, path: str) -> bool:
        """Whether what is at ``path`` is kept here, and not read from the broker."""
        return ConsumerZnodes.holds(self._inner(path))

    def create(self, path: str, data: bytes | None, *, owner: int, is_sequential: bool) -> str:
        """Returns the path that was created; ``owner`` is the session of an ephemeral one, or 0.

        Raises ZooKeeperError.
        """
        inner = self._inner(path)
        if self.holds(path):
            created = self._consumers.create(inner, data, owner=owner, is_sequential=is_sequential)
            return self._chroot + created
        if owner:
            raise ZooKeeperError(NO_AUTH)
        try:
            return self._chroot + self._writes.create(self._cluster, inner, data, is_sequential=is_sequential)
        finally:
            self.expire()

    def delete(self, path: str) -> None:
        """Delete a node that is there. Raises ZooKeeperError."""
        if not self.holds(path):
            raise ZooKeeperError(NO_AUTH)
        self._consumers.delete(self._inner(path))

    def end_session(self, session_id: int) -> list[Event]:
        """Its ephemeral nodes go; returns what has happened in the tree."""
        self._consumers.end_session(session_id)
        return self._show()

    def set_data(self, path: str, data: bytes | None) -> None:
        """Change a node that is there. Raises ZooKeeperError."""
        if self.holds(path):
            self._consumers.set_data(self._inner(path), data)
            return
        node = self.tree.get(path)
        old = None if node is None else node.content.data
        try:
            self._writes.set_data(self._cluster, self._inner(path), old, data)
        finally:
            self.expire()

    def close(self) -> None:
        self._cluster.close()

    def _fresh_until_ms(self, began_ms: int) -> int:
        now_ms = self._clock.monotonic_ms()
        return now_ms + max(FRESH_MS, _FRESH_FACTOR * (now_ms - began_ms))

    def _show(self) -> list[Event]:
        shown = (self._topology, self._settings, dict(self._writes.pending), dict(self._consumers.contents))
        if shown == self._shown:
            return []
        self._shown = shown
        kafka = topology_znodes(self._topology, self._started_ms)
        kafka |= settings_znodes(self._settings, self._topology) | acl_znodes(self._settings.acls)
        self._add_pending(kafka)
        kafka |= self._consumers.contents
        return self.tree.replace(self._mounted(kafka), self._clock.wall_ms())

    def _add_pending(self, kafka: dict[str, Content]) -> None:
        """What was written and waits for the broker to have it, or for its parent to go."""
        pending = self._writes.pending
        for path, content in sorted(pending.items()):
            if path in kafka or split(path)[0] not in kafka:
                del pending[path]
            else:
                kafka[path] = content

    def _inner(self, path: str) -> str:
        return path.removeprefix(self._chroot)

    def _is_a_setting(self, path: str) -> bool:
        # Whether there are access lists shows at the top. Who lists everything comes by each path on the way.
        return path in ("/", self._chroot) or path.startswith((self._chroot + CONFIG, self._chroot + ACLS))

    def _mounted(self, kafka: dict[str, Content]) -> dict[str, Content]:
        if not self._chroot:
            return kafka
        names = self._chroot.split("/")
        mounted = {"/".join(names[:count]): Content(None) for count in range(2, len(names) + 1)}
        for path, content in kafka.items():
            mounted[path if path.startswith("/zookeeper") else self._chroot + path] = content
        return mounted

    def _say_reachable(self) -> None:
        if not self._is_reachable:
            self._is_reachable = True
            self._on_warning(f"The broker at {self._cluster.bootstrap_servers} answers.")

    def _say_unreachable(self, error: ApiError | ClientError) -> None:
        self._topology = self._topology.without_brokers()
        self._topology_is_fresh_until_ms = self._settings_are_fresh_until_ms = self._clock.monotonic_ms() + FRESH_MS
        if self._is_reachable:
            self._is_reachable = False
            servers = self._cluster.bootstrap_servers
            self._on_warning(f"The znodes cannot be read from the broker at {servers}: {error}")
