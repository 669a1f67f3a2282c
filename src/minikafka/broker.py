"""``Broker``: a broker inside your program, on a thread of its own, on your event loop, or in a process beside it."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from minikafka.clock import Clock, JumpingClock
from minikafka.config import BrokerConfig
from minikafka.config.notices import is_known
from minikafka.embedded.directories import remove, temporary_path, written_with
from minikafka.embedded.forks import keep_from_forks
from minikafka.embedded.local_faults import LocalFaults
from minikafka.embedded.seeding import Seeding
from minikafka.errors import ConfigError
from minikafka.server.endpoints import is_wildcard, join_host_port

if TYPE_CHECKING:
    from types import TracebackType

    from minikafka.config import Listener
    from minikafka.embedded.host import Host
    from minikafka.embedded.node_keeper import NodeKeeper
    from minikafka.embedded.remote_faults import RemoteFaults
    from minikafka.embedded.request_log import Requests
    from minikafka.embedded.snapshots import Snapshot
    from minikafka.embedded.watches import Watch
    from minikafka.faults import Faults
    from minikafka.faults.control import FaultHost
    from minikafka.protocol.messages import Message
    from minikafka.server.node import Node

_EMBEDDED_DEFAULTS: Mapping[str, object] = {
    "listeners": "PLAINTEXT://127.0.0.1:0",
    # Kafka waits three seconds for more members before a group's first rebalance: not for programs and tests.
    "group.initial.rebalance.delay.ms": 0,
}
_SHARE_HEARTBEATS: Mapping[str, object] = {
    # A member of a share group gets its partitions with its second heartbeat: in Kafka after five seconds.
    "group.share.heartbeat.interval.ms": 500,
    "group.share.min.heartbeat.interval.ms": 500,
}
_TEMPORARY_DEFAULTS: Mapping[str, object] = {
    # Kafka's 50 partitions each are for many brokers to share; here they would be what a reset has most to do with.
    "offsets.topic.num.partitions": 4,
    "share.coordinator.state.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
}
_LISTENER_KEYS = ("listeners", "port", "host.name")
_DIRECTORY_KEYS = ("log.dirs", "log.dir", "metadata.log.dir")


def _ensure_known(settings: Mapping[str, object]) -> None:
    """Raises ConfigError: a keyword that nobody knows is a slip, and a test would go on with the default."""
    for name in settings:
        dotted = name.replace("_", ".")
        if not is_known(name) and not is_known(dotted):
            from minikafka.config.suggestions import hint

            raise ConfigError(f"Broker({name}=...): brokers have no setting {dotted}{hint(dotted)}")


def _ensure_mapping(config: object) -> None:
    """Raises TypeError."""
    if not isinstance(config, Mapping):
        raise TypeError(
            f"config is a dict of settings or a BrokerConfig, as of BrokerConfig.load(PATH), not {config!r}"
        )
    for name in config:
        if not isinstance(name, str):
            raise TypeError(f"config has Kafka's names of settings as its keys, not {name!r}")


def _one_directory(directory: str | os.PathLike[str]) -> str:
    """Raises ConfigError, TypeError."""
    path = os.fsdecode(directory)
    if "," in path:
        raise ConfigError(
            f"the directory {path!r} has a comma in its path, which Kafka's log.dirs separates paths with"
        )
    return path


def _absolute(paths: str) -> str:
    """Of ``log.dirs``: a program may change to another directory while the broker runs, or between two starts."""
    return ",".join(os.path.abspath(path.strip()) for path in paths.split(",") if path.strip())


class Broker(Seeding):
    """A Kafka broker in this process.

    ::

        with Broker() as broker:
            producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)

        async with Broker("data", num_partitions=3) as broker:
            ...

    It runs on a thread of its own, whether it is used with ``with``, with ``async with`` (asyncio, trio, anyio), or by
    ``start`` and ``stop``; ``start_async`` runs it on the running asyncio event loop instead. There may be any number
    of brokers in a process. A broker may be started again after it was stopped: on the same directory, with port 0 on
    another port.

    What can be asked of it without a client (``produce``, ``records``, ``wait_for_group`` and so on) is synchronous,
    and may be used from any thread.

    :param directory: where its data lives, unless the settings say so (``log.dirs``). Without either, in a temporary
        directory, in memory where the system has it, that is deleted when the broker stops.
    :param config: settings by Kafka's names; it listens on a free port of 127.0.0.1, unless ``listeners`` says
        otherwise. A ``BrokerConfig`` is taken as it is.
    :param clock: where its time comes from; a ``ManualClock`` stands still until it is moved.
    :param process: run it in a process of its own, which ends with this one.
    :param requests_kept: how many of the last requests ``requests`` keeps.
    :param settings: further settings, with underscores for dots: ``num_partitions=3``.
    :raises ConfigError: a setting cannot be used, or there is none of a name in ``settings``. (What ``config`` has
        beyond the settings of brokers is ignored with a warning, as in Kafka.)
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        config: BrokerConfig | Mapping[str, object] | None = None,
        *,
        clock: Clock | None = None,
        process: bool = False,
        requests_kept: int = 0,
        **settings: object,
    ) -> None:
        if process and clock is not None:
            raise TypeError("a broker in a process of its own has the machine's clock")
        if clock is not None and not hasattr(clock, "monotonic_ms"):
            raise TypeError(f"clock is a Clock, such as ManualClock(), not {clock!r}")
        self._clock = JumpingClock() if clock is None else clock
        self._is_process = process
        self._host: Host | None = None
        self._local_faults = LocalFaults(lambda: self._host, self._clock)  # type: ignore[arg-type, return-value]
        self._remote_faults: RemoteFaults | None = None
        self._faults: Faults | None = None
        self._requests: Requests | None = None
        if requests_kept:
            self.requests.keep(requests_kept)
        self._keeper: NodeKeeper | None = None
        self._ports: Sequence[Listener] = ()
        self._temporary_directory: str | None = None
        self._changing = threading.RLock()
        """Held while it starts or ends: threads do that one after the other."""
        self._is_starting = False
        if isinstance(config, BrokerConfig):
            if directory is not None or settings:
                raise TypeError("a BrokerConfig is taken as it is: give directory and settings to it instead")
            self._config = config
        else:
            given = {} if config is None else config
            _ensure_mapping(given)
            _ensure_known(settings)
            self._config = self._complete({**given, **settings}, directory)

    # What it is.

    @property
    def config(self) -> BrokerConfig:
        """Its settings."""
        return self._config

    @property
    def is_running(self) -> bool:
        return self._host is not None

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
        for listener in self._running_host().listeners:
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
        return self._running_host().cluster_id

    @property
    def log_dirs(self) -> list[str]:
        """Where its data is. Raises RuntimeError while the broker is not running."""
        self._running_host()
        return self._config.log_dirs

    @property
    def requests(self) -> Requests:
        """The last requests it was sent, with their answers: as many as ``requests_kept`` or ``requests.keep`` says."""
        if self._requests is None:
            self._requests = self._new_requests()
        return self._requests

    def forget_requests(self) -> None:
        """Begin anew with ``requests``."""
        if self._requests is not None:
            self._requests.clear()

    @property
    def faults(self) -> Faults:
        """What can be made to go wrong: ``with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", times=2): ...``."""
        if self._faults is None:
            from minikafka.faults import Faults

            self._faults = Faults(self._fault_host)
        return self._faults

    @property
    def process_log(self) -> str:
        """What a broker in a process of its own has logged; elsewhere the logger ``minikafka`` has it."""
        text: str = getattr(self._host, "log_text", "")
        return text

    # From start to stop.

    def start(self) -> Broker:
        """Start it; return when clients are served.

        :raises ConfigError, StorageError: why it cannot start. RuntimeError: it is running.
        """
        with self._prepared():
            try:
                self._host = self._new_host()
                if self._requests is not None:
                    self._requests.begin()
                keep_from_forks(self)
                # A program that forgets to stop its broker ends, and the broker stops cleanly.
                atexit.register(self.stop)
            except BaseException:  # also an interrupt, when it runs already
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """Stop it; return when everything is durable and closed. Without effect when it is not running.

        :raises StorageError: something could not be made durable.
        """
        self._refuse_on_own_loop()
        with self._changing:
            atexit.unregister(self.stop)
            host, self._host = self._host, None
            try:
                if host is not None:
                    host.stop()
            finally:
                self._forget()

    def kill(self) -> None:
        """End it as ``kill -9`` does: connections are cut, nobody gets an answer any more, nothing is written or marked
        as cleanly shut down. What was acknowledged is there when it is started again, on the same port; what was only
        in memory is not: groups find their members anew, and logs are recovered. (What a kill cannot lose, only a
        power cut, is kept too: the machine goes on.) Without effect when it is not running.
        """
        self._refuse_on_own_loop()
        with self._changing:
            host, self._host = self._host, None
            if host is not None:
                self._ports = host.listeners
                host.kill()

    def forget_after_fork(self) -> None:
        """Called in a process that was forked from the broker's: there it does not run."""
        atexit.unregister(self.stop)
        host, self._host = self._host, None
        self._keeper = None
        self._ports = ()
        self._temporary_directory = None  # it is the parent's
        self._changing = threading.RLock()
        self._is_starting = False
        if host is not None:
            host.leave_to_parent()

    def restart(self) -> None:
        """Stop it cleanly, and start it on the same directory and ports. Raises as ``start`` and ``stop``."""
        self._refuse_on_own_loop()
        with self._changing:
            host = self._running_host()
            self._ports = host.listeners
            self._host = None
            try:
                host.stop()
            except BaseException:
                self._forget()
                raise
            self.start()

    def __enter__(self) -> Broker:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Broker:
        # Milliseconds: and so any event loop will do, and none is kept from serving clients by the program's own work.
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    async def start_async(self) -> Broker:
        """Start on the running asyncio event loop, without a thread for it. Raises as ``start``."""
        from minikafka.embedded.loop_host import LoopHost

        if self._is_process:
            raise TypeError("a broker in a process of its own has no event loop here: use start()")
        with self._prepared():
            try:
                keeper = self._new_keeper()
                await keeper.start(self._ports)
            except BaseException:
                self._forget()
                raise
            self._keeper, self._host = keeper, LoopHost(keeper)
            keep_from_forks(self)
        return self

    async def stop_async(self) -> None:
        """Stop the broker that ``start_async`` started. Raises as ``stop``."""
        if self._host is not None and self._host.may_wait:
            self.stop()  # It has had a thread of its own since a restart.
            return
        keeper, self._host = self._keeper, None
        try:
            if keeper is not None:
                await keeper.stop()  # or wait until another task has done it
        finally:
            self._forget()

    # Back to a state.

    def reset(self) -> None:
        """Go on empty: without topics, groups, settings made while running. The address and the cluster id remain;
        connections are cut, and clients that live on connect again. Faults end."""
        self._end_faults()
        self._running_host().reset()

    def snapshot(self) -> Snapshot:
        """Keep all there is now, for ``restore``. Connections are cut."""
        from minikafka.embedded.snapshots import Snapshot

        snapshot = Snapshot(len(self._directories))
        self._running_host().snapshot(snapshot.directories)
        return snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from ``snapshot``, of this broker or of another with as many directories. Connections are cut.

        :raises ValueError: it was deleted, or has another number of directories.
        """
        if not hasattr(snapshot, "directories"):
            raise TypeError(f"what snapshot() returned is restored, not {snapshot!r}")
        if snapshot.is_deleted or len(snapshot.directories) != len(self._directories):
            raise ValueError("the snapshot was deleted, or is of a broker with another number of log.dirs")
        self._end_faults()
        self._running_host().restore(snapshot.directories)

    # Asking it.

    def call(self, request: Message, version: int | None = None, *, timeout_s: float = 30.0) -> Any:
        """The answer to a request, without a client. In this process it goes past sockets and codec.

        :param version: the highest that is served, when left out.
        :raises TimeoutError: it did not come. RuntimeError: the broker is not running, or would need the thread that
            asks (``start_async``). MinikafkaError.
        """
        from minikafka.handlers import API_BY_KEY

        host = self._running_host()
        api = API_BY_KEY[request.api_key]
        if version is None:
            version = api.max_version
        elif not api.min_version <= version <= api.max_version:
            raise ValueError(
                f"{api.name} is served in the versions {api.min_version} to {api.max_version}, not {version}"
            )
        return host.call(request, version, timeout_s)

    @property
    def may_wait(self) -> bool:
        return self._running_host().may_wait

    def watch(self, topics: Collection[str] | None) -> Watch:
        return self._running_host().watch(topics)

    def now_ms(self) -> int:
        ahead_ms = 0 if self._remote_faults is None else self._remote_faults.ahead_ms
        return self._clock.wall_ms() + ahead_ms

    # Inside.

    def _complete(self, settings: Mapping[str, object], directory: str | os.PathLike[str] | None) -> BrokerConfig:
        """The settings, with what an embedded broker has otherwise than Kafka."""
        given = BrokerConfig.from_mapping(settings)
        defaults = dict(_EMBEDDED_DEFAULTS)
        if any(key in given for key in _LISTENER_KEYS):
            del defaults["listeners"]
        if directory is not None:
            defaults["log.dirs"] = _one_directory(directory)
        elif "log.dirs" not in given and "log.dir" not in given:
            defaults.update(_TEMPORARY_DEFAULTS)
            self._temporary_directory = defaults["log.dirs"] = _one_directory(temporary_path())
        if not any(key in given for key in _SHARE_HEARTBEATS):
            defaults.update(_SHARE_HEARTBEATS)
        complete: dict[str, object] = {**defaults, **given.originals}
        for key in _DIRECTORY_KEYS:
            if key in complete:
                complete[key] = _absolute(str(complete[key]))
        return BrokerConfig.from_mapping(complete)

    @property
    def _directories(self) -> list[str]:
        return written_with(self._config)

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """:raises RuntimeError: it runs, or somebody else is about to start or to end it."""
        if not self._changing.acquire(blocking=False):
            raise RuntimeError("the broker is being started or stopped by another thread")
        try:
            if self._host is not None or self._is_starting:
                raise RuntimeError("the broker is running")
            self._is_starting = True
            try:
                if self._temporary_directory is not None:
                    os.makedirs(self._temporary_directory, 0o700, exist_ok=True)
                yield
            finally:
                self._is_starting = False
        finally:
            self._changing.release()

    def _new_host(self) -> Host:
        if self._is_process:
            from minikafka.embedded.child_process import ChildHost

            return ChildHost(self._config, is_durable=self._temporary_directory is None, ports=self._ports)
        from minikafka.embedded.host import ThreadHost

        self._keeper = self._new_keeper()
        return ThreadHost(self._keeper, f"minikafka-{self.node_id}", self._ports)

    def _new_keeper(self) -> NodeKeeper:
        from minikafka.embedded.node_keeper import NodeKeeper

        # Nothing in a temporary directory outlives the broker, so nothing there needs to reach the disk.
        return NodeKeeper(
            self._config,
            self._clock,
            is_durable=self._temporary_directory is None,
            faults=self._local_faults,
        )

    def _refuse_on_own_loop(self) -> None:
        """:raises RuntimeError: it runs on the event loop of this thread, which would wait for itself."""
        if self._host is not None and not self._host.may_wait:
            raise RuntimeError(
                "the broker runs on the event loop of this thread, which this call would block: await "
                "asyncio.to_thread(...) of it, or stop it with stop_async()"
            )

    def _running_host(self) -> Host:
        if self._host is None:
            raise RuntimeError("the broker is not running: use it in a with block, or call start()")
        return self._host

    def _running_node(self) -> Node:
        self._running_host()
        if self._keeper is None:
            raise RuntimeError("the broker runs in a process of its own")
        return self._keeper.running

    def _new_requests(self) -> Requests:
        if self._is_process:
            from minikafka.embedded.remote_requests import RemoteRequests

            return RemoteRequests(lambda: self._host)  # type: ignore[arg-type, return-value]
        from minikafka.embedded.request_log import RequestLog

        log = RequestLog(0, lambda: self._local_faults.observe(log))
        return log

    def _fault_host(self) -> FaultHost:
        if not self._is_process:
            return self._local_faults
        if self._remote_faults is None:
            from minikafka.embedded.remote_faults import RemoteFaults

            self._remote_faults = RemoteFaults(lambda: self._host)  # type: ignore[arg-type, return-value]
        return self._remote_faults

    def _end_faults(self) -> None:
        if self._faults is not None:
            self._faults.clear()

    def _forget(self) -> None:
        self._host = None
        self._keeper = None
        self._local_faults.attach(None)
        self._ports = ()
        if self._temporary_directory is not None:
            remove(self._temporary_directory)
