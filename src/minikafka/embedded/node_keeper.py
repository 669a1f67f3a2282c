"""One node after another on the same directories and ports: what start, restart, reset and restore have in common."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from minikafka.config import BrokerConfig
from minikafka.embedded import directories
from minikafka.embedded.watches import Watches
from minikafka.faults.full_disk import FillableFiles
from minikafka.server.node import Node
from minikafka.storage.files import OsFiles

if TYPE_CHECKING:
    import socket

    from minikafka.clock import Clock
    from minikafka.config import Listener
    from minikafka.embedded.local_faults import LocalFaults


class NodeKeeper:
    """Keeps at most one running node. Used on one event loop; one thing is done after the other.

    :param is_durable: False skips every sync, for data that is thrown away.
    :param faults: what may go wrong with every node on purpose.
    """

    def __init__(
        self,
        config: BrokerConfig,
        clock: Clock | None = None,
        *,
        is_durable: bool = True,
        faults: LocalFaults | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._is_durable = is_durable
        self._faults = faults
        self.node: Node | None = None
        self._turn = asyncio.Lock()
        self._is_settled = threading.Event()
        self._is_settled.set()
        self.watches = Watches()

    @property
    def running(self) -> Node:
        """The node. Raises RuntimeError when there is none."""
        if self.node is None:
            raise RuntimeError("the broker is not running: use it in a with block, or call start()")
        return self.node

    def await_running(self, timeout_s: float) -> Node:
        """The node, on any thread but the loop's: while one is exchanged for another, that one. Raises RuntimeError."""
        while self._is_settled.wait(timeout_s):
            node = self.node
            if node is not None:
                return node
            if self._is_settled.is_set():
                break
            # Another exchange has begun in between.
        return self.running

    @property
    def directories(self) -> list[str]:
        """All that a node writes to."""
        return directories.written_with(self._config)

    async def start(self, ports: Sequence[Listener] = ()) -> None:
        """:param ports: the listeners of an earlier node, whose ports are taken again.

        :raises ConfigError, StorageError: why it cannot start.
        """
        async with self._turn:
            node = self._new_node(_on_ports(self._config, ports))
            await node.start()
            self._run_on(node)

    async def stop(self) -> None:
        """Stop cleanly. Raises StorageError: something could not be made durable."""
        async with self._turn:
            node = self._end()
            if node is not None:
                await node.stop()

    async def kill(self) -> None:
        """See ``Node.kill``."""
        async with self._turn:
            node = self._end()
            if node is not None:
                await node.kill()

    async def reset(self) -> None:
        """Go on as a new broker, empty, with the same ports and cluster id. Connections are cut."""
        await self._exchange(Node.kill, lambda: directories.empty(self.directories))

    async def snapshot(self, targets: Sequence[str]) -> None:
        """Copy ``directories`` to ``targets``, as a clean stop leaves them, and go on."""
        await self._exchange(Node.stop, lambda: directories.copy(self.directories, targets))

    async def restore(self, sources: Sequence[str]) -> None:
        """Go on from copies that ``snapshot`` made."""

        def put_back() -> None:
            directories.empty(self.directories)
            directories.copy(sources, self.directories)

        await self._exchange(Node.kill, put_back)

    async def _exchange(self, end: Callable[[Node], Awaitable[None]], change_files: Callable[[], None]) -> None:
        """End the node, change what is on disk, and start another that inherits the sockets: a client that connects
        meanwhile waits."""
        from minikafka.embedded.producer_ids import skip_producer_ids

        async with self._turn:
            old = self.running
            next_producer_id = old.services.image.next_producer_id
            self._is_settled.clear()
            try:
                node = await self._successor(old, end, change_files)
                await node.start()
                await skip_producer_ids(node.services.controller, next_producer_id)
                self._run_on(node)
            finally:
                self._is_settled.set()

    async def _successor(
        self, old: Node, end: Callable[[Node], Awaitable[None]], change_files: Callable[[], None]
    ) -> Node:
        listeners = old.bound_listeners
        sockets = old.duplicate_sockets()
        self.node = None
        try:
            await end(old)
            change_files()
            return self._new_node(_on_ports(self._config, listeners), sockets)
        except BaseException:
            for each in sockets.values():
                each.close()
            raise

    def _run_on(self, node: Node) -> None:
        self.node = node
        self.watches.follow(node)

    def _end(self) -> Node | None:
        """None when the node did not come back from an exchange."""
        node, self.node = self.node, None
        self.watches.follow(None)
        return node

    def _new_node(self, config: BrokerConfig, sockets: Mapping[str, socket.socket] | None = None) -> Node:
        faults = self._faults
        if faults is None:
            return Node(config, self._clock, OsFiles(durable=self._is_durable), inherited_sockets=sockets)
        files = FillableFiles(faults.disk, durable=self._is_durable)
        node = Node(config, self._clock, files, inherited_sockets=sockets)
        faults.attach(node)
        return node


def _on_ports(config: BrokerConfig, listeners: Sequence[Listener]) -> BrokerConfig:
    """The same settings, with the ports that the listeners really have."""
    if not listeners:
        return config
    kept = {key: value for key, value in config.originals.items() if key not in ("listeners", "port", "host.name")}
    return BrokerConfig.from_mapping({**kept, "listeners": ",".join(map(str, listeners))})
