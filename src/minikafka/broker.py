"""``Broker``: a broker inside your program, on a thread of its own or on your event loop."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from minikafka.clock import Clock
from minikafka.config import BrokerConfig
from minikafka.server.endpoints import is_wildcard, join_host_port
from minikafka.server.node import Node
from minikafka.storage.files import OsFiles

if TYPE_CHECKING:
    from types import TracebackType

_EMBEDDED_DEFAULTS: Mapping[str, object] = {
    "listeners": "PLAINTEXT://127.0.0.1:0",
    # Kafka waits three seconds for more members before a group's first rebalance: not for programs and tests.
    "group.initial.rebalance.delay.ms": 0,
}
_LISTENER_KEYS = ("listeners", "port", "host.name")


class Broker:
    """A Kafka broker in this process.

    ::

        with Broker() as broker:
            producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)

        async with Broker("data", num_partitions=3) as broker:
            ...

    Used with ``with`` (or ``start`` and ``stop``) it runs on a thread of its own; with ``async with`` (or
    ``start_async`` and ``stop_async``) on the running event loop. There may be any number of brokers in a process. A
    broker may be started again after it was stopped: on the same directory, with port 0 on another port.

    :param directory: where its data lives, unless the settings say so (``log.dirs``). Without either, in a temporary
        directory that is deleted when it stops.
    :param config: settings by Kafka's names; it listens on a free port of 127.0.0.1, unless ``listeners`` says
        otherwise. A ``BrokerConfig`` is taken as it is.
    :param clock: where its time comes from; a ``ManualClock`` stands still until it is moved.
    :param settings: further settings, with underscores for dots: ``num_partitions=3``.
    :raises ConfigError: a setting cannot be used.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        config: BrokerConfig | Mapping[str, object] | None = None,
        *,
        clock: Clock | None = None,
        **settings: object,
    ) -> None:
        self._clock = clock
        self._node: Node | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested: asyncio.Event | None = None
        self._stop_failure: BaseException | None = None
        self._temporary_directory: str | None = None
        if isinstance(config, BrokerConfig):
            if directory is not None or settings:
                raise TypeError("a BrokerConfig is taken as it is: give directory and settings to it instead")
            self._config = config
        else:
            self._config = self._complete({**(config or {}), **settings}, directory)

    # What it is.

    @property
    def config(self) -> BrokerConfig:
        """Its settings."""
        return self._config

    @property
    def is_running(self) -> bool:
        return self._node is not None

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` of its first listener, for clients of this machine."""
        return join_host_port(*next(iter(self.addresses.values())))

    @property
    def port(self) -> int:
        """The port of its first listener."""
        return next(iter(self.addresses.values()))[1]

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Listener name -> host and port, for clients of this machine.

        :raises RuntimeError: the broker is not running.
        """
        addresses = {}
        for listener in self._running_node().bound_listeners:
            host = listener.host
            if is_wildcard(host):
                host = "::1" if ":" in host else "127.0.0.1"
            addresses[listener.name] = (host, listener.port)
        return addresses

    @property
    def node_id(self) -> int:
        return self._config.node_id

    @property
    def cluster_id(self) -> str:
        """22 characters. Raises RuntimeError while the broker is not running."""
        return self._running_node().services.cluster_id

    @property
    def log_dirs(self) -> list[str]:
        """Where its data is. Raises RuntimeError while the broker is not running."""
        self._running_node()
        return self._config.log_dirs

    # On a thread of its own.

    def start(self) -> Broker:
        """Start on a thread; return when clients are served.

        :raises ConfigError, StorageError: why it cannot start. RuntimeError: it is running.
        """
        node = self._prepare()
        started = threading.Event()
        failure: list[BaseException] = []
        name = f"minikafka-{self.node_id}"
        # A daemon thread and atexit: a program that forgets to stop its broker ends, and the broker stops cleanly.
        self._thread = threading.Thread(target=self._run, args=(node, started, failure), name=name, daemon=True)
        self._thread.start()
        started.wait()
        if failure:
            self._thread.join()
            self._forget()
            raise failure[0]
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Stop the broker that ``start`` started; return when everything is durable and closed. Without effect when it
        is not running.

        :raises StorageError: something could not be made durable.
        """
        thread, loop, stop_requested = self._thread, self._loop, self._stop_requested
        if thread is None or loop is None or stop_requested is None:
            return
        atexit.unregister(self.stop)
        loop.call_soon_threadsafe(stop_requested.set)
        thread.join()
        failure = self._stop_failure
        self._forget()
        if failure is not None:
            raise failure

    def __enter__(self) -> Broker:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # On the running event loop.

    async def start_async(self) -> Broker:
        """Start on the running event loop; return when clients are served. Raises as ``start``."""
        node = self._prepare()
        try:
            await node.start()
        except BaseException:
            self._forget()
            raise
        self._node = node
        return self

    async def stop_async(self) -> None:
        """Stop the broker that ``start_async`` started. Raises as ``stop``."""
        node = self._node
        if node is None:
            return
        try:
            await node.stop()
        finally:
            self._forget()

    async def __aenter__(self) -> Broker:
        return await self.start_async()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop_async()

    # Inside.

    def _complete(self, settings: Mapping[str, object], directory: str | os.PathLike[str] | None) -> BrokerConfig:
        """The settings, with what an embedded broker has otherwise than Kafka."""
        given = BrokerConfig.from_mapping(settings)
        defaults = dict(_EMBEDDED_DEFAULTS)
        if any(key in given for key in _LISTENER_KEYS):
            del defaults["listeners"]
        if directory is not None:
            defaults["log.dirs"] = directory
        elif "log.dirs" not in given and "log.dir" not in given:
            self._temporary_directory = defaults["log.dirs"] = _temporary_path()
        return BrokerConfig.from_mapping({**defaults, **given.originals})

    def _prepare(self) -> Node:
        if self._node is not None or self._thread is not None:
            raise RuntimeError("the broker is running")
        if self._temporary_directory is None:
            return Node(self._config, self._clock)
        os.mkdir(self._temporary_directory, 0o700)
        # Nothing in it outlives the broker, so nothing needs to reach the disk.
        return Node(self._config, self._clock, OsFiles(durable=False))

    def _run(self, node: Node, started: threading.Event, failure: list[BaseException]) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._serve(node, started, failure))
        finally:
            loop.close()

    async def _serve(self, node: Node, started: threading.Event, failure: list[BaseException]) -> None:
        try:
            await node.start()
        except BaseException as error:
            failure.append(error)
            started.set()
            return
        self._loop = asyncio.get_running_loop()
        self._stop_requested = asyncio.Event()
        self._node = node
        started.set()
        await self._stop_requested.wait()
        try:
            await node.stop()
        except BaseException as error:
            self._stop_failure = error

    def _running_node(self) -> Node:
        if self._node is None:
            raise RuntimeError("the broker is not running: use it in a with block, or call start()")
        return self._node

    def _forget(self) -> None:
        self._node = None
        self._thread = None
        self._loop = None
        self._stop_requested = None
        self._stop_failure = None
        if self._temporary_directory is not None:
            from shutil import rmtree

            rmtree(self._temporary_directory, ignore_errors=True)


def _temporary_path() -> str:
    from tempfile import gettempdir

    return os.path.join(gettempdir(), f"minikafka-{os.urandom(8).hex()}")
