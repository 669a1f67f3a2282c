"""One broker on one event loop: its parts are made in order, and taken apart in the opposite one.

sockets bound -> log directories locked -> metadata replayed -> logs loaded -> registered -> accepting
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from minikafka import __version__
from minikafka.clock import Clock, SystemClock, Timers
from minikafka.controller.quorum_controller import QuorumController
from minikafka.errors import ConfigError
from minikafka.server.background_jobs import BackgroundJobs, schedule_log_jobs
from minikafka.server.connection_quotas import ConnectionLimits, ConnectionQuotas
from minikafka.server.coordinators import Coordinators
from minikafka.server.dispatch import Dispatcher
from minikafka.server.endpoints import advertised_endpoint, join_host_port
from minikafka.server.purgatory import WaitingOperations
from minikafka.server.services import BrokerServices
from minikafka.server.socket_server import SocketServer, SocketSettings
from minikafka.server.timer_driver import TimerDriver
from minikafka.server.worker_pool import WorkerPool
from minikafka.state.cluster import SECURITY_PROTOCOL_IDS, ListenerEndpoint
from minikafka.storage.cleaning.log_cleaner import LogCleaner
from minikafka.storage.files import FileSystem, OsFiles
from minikafka.storage.log_manager import LogManager

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig, Listener
    from minikafka.coordinator.transactions.producer_ids import ProducerIds
    from minikafka.server.advertised_watch import AdvertisedWatch
    from minikafka.state.fetch_sessions import FetchSessionCache
    from minikafka.state.metadata_delta import MetadataDelta
    from minikafka.state.topics import PartitionImage, TopicImage
    from minikafka.storage.log_upkeep import LogUpkeep
    from minikafka.storage.replica_mover import ReplicaMover

log = logging.getLogger(__name__)

_WORKER_THREADS = 4
_MISSING_LOGS_CHECK_MS = 5_000
"""How often it is tried to create logs for which there was no space."""


class Node:
    """``start`` and ``stop`` (or ``kill``), once each, on the event loop that is to own the broker.

    :param started_ms: the monotonic time from which the start is counted, for the log.
    :param inherited_sockets: listener name -> a socket that is bound already, of ``duplicate_sockets``.
    """

    def __init__(
        self,
        config: BrokerConfig,
        clock: Clock | None = None,
        files: FileSystem | None = None,
        started_ms: int | None = None,
        *,
        inherited_sockets: Mapping[str, socket.socket] | None = None,
    ) -> None:
        self.config = config
        self._inherited_sockets = inherited_sockets or {}
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.services = BrokerServices()
        self.dispatcher = Dispatcher(self.services)
        self._files = files if files is not None else OsFiles()
        self._started_ms = started_ms if started_ms is not None else SystemClock().monotonic_ms()
        self._timers = Timers(self.clock)
        self._jobs = BackgroundJobs(self._timers)
        self._has_logs = False
        self._led_elsewhere: set[tuple[str, int]] = set()
        self.coordinators = Coordinators(self.services)

    @property
    def bound_listeners(self) -> list[Listener]:
        """The listeners with the ports they are really bound to."""
        return self.server.bound_listeners

    async def start(self) -> None:
        """Return once clients are served.

        :raises ConfigError, StorageError: in one sentence, why it cannot start. Nothing is left open then.
        """
        _refuse_unserved_protocols(self.config)
        log.info("minikafka %s, node %d", __version__, self.config.node_id)
        for warning in self.config.warnings:
            log.warning("%s", warning)
        loop = asyncio.get_running_loop()
        self._workers = WorkerPool(loop, _WORKER_THREADS, f"minikafka-{self.config.node_id}-worker")
        self._driver = TimerDriver(loop, self.clock, self._timers)
        self._logs = LogManager(self.config, self.clock, self._workers, self._files)
        # Of its own: a pass keeps a thread busy for long, and syncs must not wait for that.
        self._cleaner_threads = WorkerPool(loop, 1, f"minikafka-{self.config.node_id}-cleaner")
        self._cleaner = LogCleaner(
            self._logs, lambda: self._controller.config, self.clock, self._timers, self._cleaner_threads
        )
        self.server = SocketServer(
            self.dispatcher,
            SocketSettings.from_config(self.config),
            ConnectionQuotas(self.clock.monotonic_ms, ConnectionLimits.from_config(self.config)),
            self.clock,
            self._timers,
        )
        try:
            await self._open()
        except BaseException:
            await self._give_up()
            raise

    async def stop(self) -> None:
        """Send what was answered, make everything durable, and mark the shutdown as clean.

        :raises StorageError: something could not be made durable; the rest is closed all the same.
        """
        log.info("stopping")
        self._jobs.close()
        self._cleaner.close()
        self._logs.suspend_moves()
        self.coordinators.stop()
        await self.server.close()
        await self._cleaner_threads.idle()
        self._cleaner_threads.close()
        try:
            # On a thread: an event loop that is not the broker's alone goes on meanwhile.
            await self._workers.finish(self._close_logs)
        finally:
            self._driver.close()
        log.info("stopped")

    def _close_logs(self) -> None:
        try:
            self._controller.close()
        finally:
            self._logs.close()

    async def kill(self) -> None:
        """End as a process ends that is killed: connections are cut, answers that are under way are lost, nothing more
        is written, and the shutdown is not marked as clean. What was begun on a thread is finished first: that is a
        kill a moment later."""
        log.info("killed")
        await self.server.abort()
        self.coordinators.stop()
        await self._give_up()

    def duplicate_sockets(self) -> dict[str, socket.socket]:
        """Listener name -> its socket once more, for a node that takes over: clients that connect in between wait."""
        return self.server.duplicate_sockets()

    def close_inherited(self) -> None:
        """In a process that was forked from the broker's: leave the listeners to that one."""
        self.server.close_inherited()

    async def _open(self) -> None:
        bound = self.server.bind(self.config.listeners, self._inherited_sockets)
        self._logs.open_directories()
        self._has_logs = True
        self._controller = QuorumController(self.config, self.clock, self._workers, self._files, self._logs)
        self._controller.start()
        # On a thread: a signal to stop is heard while a large log recovers.
        await self._workers.run(lambda: self._logs.load_logs(self._controller.image.topic_configs))
        self._controller.attach_logs()
        self._equip_services(bound)
        self._controller.register_broker(self._registered_endpoints(bound))
        schedule_log_jobs(self._jobs, self.config, lambda: self.services.log_upkeep)
        self._jobs.every(
            "missing logs",
            _MISSING_LOGS_CHECK_MS,
            self._controller.open_missing_logs,
            initial_delay_ms=_MISSING_LOGS_CHECK_MS,
        )
        self._cleaner.start()
        self.server.start()
        self._tell_started(bound)

    def _equip_services(self, bound: list[Listener]) -> None:
        services = self.services
        services.node_id = self._logs.node_id
        services.cluster_id = self._logs.cluster_id
        self._use_config()
        services.clock = self.clock
        services.timers = self._timers
        services.run_blocking = self._workers
        services.image = self._controller.image
        services.controller = self._controller
        services.logs = self._logs
        self._provide_services()
        if self._logs.moves:
            services.replica_mover.resume()
        services.set_listeners(bound, self.config.advertised_listeners)
        purgatory = WaitingOperations(self._timers)
        services.purgatory = purgatory
        for partition_log in self._logs.all():
            partition_log.on_advance = purgatory.check
        services.partitions_led_elsewhere = self._led_elsewhere
        self._led_elsewhere.update(
            (topic.name, partition.index)
            for topic in services.image.topics_by_name.values()
            for partition in topic.partitions
            if partition.leader != services.node_id
        )
        self._controller.publisher.listeners.append(self._follow)
        self.coordinators.start()

    def _provide_services(self) -> None:
        """What many brokers never need, or not before their first client: made, and loaded, when it is asked for."""
        self.services.provide("log_upkeep", self._new_log_upkeep)
        self.services.provide("replica_mover", self._new_replica_mover)
        self.services.provide("fetch_sessions", self._new_fetch_sessions)
        self.services.provide("producer_ids", self._new_producer_ids)
        self.services.provide("advertised_watch", self._new_advertised_watch)

    def _new_log_upkeep(self) -> LogUpkeep:
        from minikafka.storage.log_upkeep import LogUpkeep

        return LogUpkeep(self._logs)

    def _new_replica_mover(self) -> ReplicaMover:
        from minikafka.storage.replica_mover import ReplicaMover

        return ReplicaMover(
            self._logs,
            self.clock,
            self._workers,
            self._controller.assign_directory,
            timers=self._timers,
            settings=lambda: self._controller.config,
        )

    def _new_fetch_sessions(self) -> FetchSessionCache:
        from minikafka.state.fetch_sessions import FetchSessionCache

        return FetchSessionCache(self.clock, self.config["max.incremental.fetch.session.cache.slots"])

    def _new_producer_ids(self) -> ProducerIds:
        from minikafka.coordinator.transactions.producer_ids import ProducerIds

        return ProducerIds(self._controller.allocate_producer_ids)

    def _new_advertised_watch(self) -> AdvertisedWatch:
        from minikafka.server.advertised_watch import AdvertisedWatch

        return AdvertisedWatch(self.clock, self._timers, self.server.activity)

    def _use_config(self) -> None:
        """Take over what was set while running (KIP-226), by this broker or before it was started."""
        config = self.services.config = self._controller.config
        self.server.change_limits(ConnectionLimits.from_config(config))
        self._logs.context.producer_id_expiration_ms = config["producer.id.expiration.ms"]
        self._cleaner_threads.resize(max(config["log.cleaner.threads"], 1))
        self._cleaner.reconfigure()

    def _follow(self, delta: MetadataDelta) -> None:
        if self._controller.config is not self.services.config:
            self._use_config()
        for topic, partition in delta.changed_partitions:
            self._follow_leader(topic, partition)
        for topic, partition in delta.created_partitions:
            partition_log = self._logs.get(topic.name, partition.index)
            if partition_log is not None:
                partition_log.on_advance = self.services.purgatory.check

    def _follow_leader(self, topic: TopicImage, partition: PartitionImage) -> None:
        if partition.leader == self.services.node_id:
            self._led_elsewhere.discard((topic.name, partition.index))
            return
        self._led_elsewhere.add((topic.name, partition.index))
        partition_log = self._logs.get(topic.name, partition.index)
        if partition_log is not None:
            self.services.purgatory.check(partition_log)

    def _registered_endpoints(self, bound: list[Listener]) -> list[ListenerEndpoint]:
        """What the metadata says of this broker. Clients are told by ``advertised_endpoints``, whom Apache Kafka, when
        it is started on the same directory, tells anew."""
        host_name = socket.gethostname()
        registered = []
        for listener in bound:
            endpoint = advertised_endpoint(listener, self.config.advertised_listeners, host_name)
            protocol_id = SECURITY_PROTOCOL_IDS[listener.security_protocol]
            registered.append(ListenerEndpoint(listener.name, endpoint.host, endpoint.port, protocol_id))
        return registered

    def _tell_started(self, bound: list[Listener]) -> None:
        log.info("listening on %s", ", ".join(map(str, bound)))
        for listener in bound:
            endpoint = advertised_endpoint(listener, self.config.advertised_listeners, "")
            address = (
                join_host_port(endpoint.host, endpoint.port)
                if endpoint.host
                else f"the address that each client connects to, port {endpoint.port}"
            )
            log.info("advertising %s as %s", listener.name, address)
        for listener in self.config.controller_listeners:
            log.info("not listening on %s: the controller is part of this process", listener)
        directories = ", ".join(directory.path for directory in self._logs.online_directories)
        log.info(
            "cluster %s with %d topics; %d partitions in %s%s",
            self._logs.cluster_id,
            len(self._controller.image.topics_by_name),
            len(self._logs.all()),
            directories,
            "" if self._logs.was_clean or not self._logs.reports else f"; {len(self._logs.reports)} recovered",
        )
        log.info("ready in %d ms", SystemClock().monotonic_ms() - self._started_ms)

    async def _give_up(self) -> None:
        """Undo a start that failed, without writing anything more."""
        self._jobs.close()
        self._cleaner.close()
        await self.server.close()
        await self._settle()
        self._driver.close()
        if self._has_logs:
            self._logs.abandon()

    async def _settle(self) -> None:
        """Let work in the background finish, and its outcomes arrive; from now on it is done at once."""
        self._workers.close()
        self._cleaner_threads.close()
        await asyncio.sleep(0)


def _refuse_unserved_protocols(config: BrokerConfig) -> None:
    for listener in config.listeners:
        if listener.security_protocol != "PLAINTEXT":
            raise ConfigError(
                f"the listener {listener} has the security protocol {listener.security_protocol}, which minikafka "
                f"{__version__} does not speak; only PLAINTEXT is served"
            )
