"""A broker for the data APIs' tests: real logs in memory, real waiting, time by hand, requests through their bytes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from minikafka import handlers
from minikafka.clock import ManualClock, Timers
from minikafka.config import BrokerConfig
from minikafka.coordinator.transactions.producer_ids import ProducerIds
from minikafka.errors import ApiError
from minikafka.handlers.context import RequestContext
from minikafka.pending import Pending, run_inline
from minikafka.protocol.messages import request_class, response_class
from minikafka.records.batch import Record, iter_batches
from minikafka.records.builder import build_batch
from minikafka.server.purgatory import WaitingOperations
from minikafka.state.fetch_sessions import FetchSessionCache
from minikafka.storage.log_manager import LogManager
from minikafka.storage.log_upkeep import LogUpkeep
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog

NOW_MS = 1_700_000_000_000
NO_ANSWER = object()


def topic_id_of(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


class Answer:
    """What a call gave, now or later. ``value`` is the response as a client decodes it."""

    def __init__(self, outcome: Any, api_key: int, version: int) -> None:
        self._api_key = api_key
        self._version = version
        self._pending = outcome if isinstance(outcome, Pending) else None
        self._value: Any = NO_ANSWER
        if self._pending is not None:
            self._pending.on_complete(self._take)
        elif outcome is not None:
            self._take(outcome)

    def _take(self, response: Any) -> None:
        out = bytearray()
        splices: list[tuple[int, Any]] = []
        response.write(out, self._version, splices)
        for position, value in reversed(splices):
            out[position:position] = value.read()
        self._value = response_class(self._api_key).decode(bytes(out), self._version)

    @property
    def is_there(self) -> bool:
        return self._value is not NO_ANSWER

    @property
    def value(self) -> Any:
        assert self.is_there, "no answer yet"
        return self._value

    def cancel(self) -> None:
        assert self._pending is not None
        self._pending.cancel()


class DataBroker:
    """Topics, their logs, and the handlers over them."""

    def __init__(self, *, files: MemoryFiles | None = None, clock: ManualClock | None = None, **config: object) -> None:
        self.clock = clock or ManualClock(NOW_MS)
        self.timers = Timers(self.clock)
        self.clock.on_advance(self.timers.run_due)
        self.config = BrokerConfig.from_mapping({"log.dirs": "/data", "node.id": 1, **config})
        self.files = files or MemoryFiles(self.clock.wall_ms)
        self.logs = LogManager(self.config, self.clock, run_inline, self.files)
        self.logs.start("c" * 22)
        self.log_upkeep = LogUpkeep(self.logs)
        self.purgatory = WaitingOperations(self.timers)
        self.fetch_sessions = FetchSessionCache(self.clock)
        self.image = SimpleNamespace(topics_by_name={}, topics_by_id={})
        self.producer_ids = ProducerIds(self._next_block)
        self.partitions_led_elsewhere: set[tuple[str, int]] = set()
        self.node_id = 1
        self.producer_id_blocks: list[Any] = [(1000, 1000)]

    def advertised_endpoints(self, connection: Any) -> list[Any]:
        return [SimpleNamespace(listener_name="PLAINTEXT", host="broker.example", port=9092)]

    def _next_block(self) -> Pending[Any]:
        pending: Pending[Any] = Pending()
        pending.complete(self.producer_id_blocks.pop(0))
        return pending

    def create(self, name: str, partitions: int = 1, **topic_config: str) -> PartitionLog:
        """A topic; returns the log of partition 0. ``cleanup_policy="compact"`` and the like."""
        topic = SimpleNamespace(name=name, topic_id=topic_id_of(name), partitions=[None] * partitions)
        self.image.topics_by_name[name] = topic
        self.image.topics_by_id[topic.topic_id] = topic
        log_config = self.config.log_config({key.replace("_", "."): value for key, value in topic_config.items()})
        for index in range(partitions):
            log = self.logs.create(name, index, topic.topic_id, log_config)
            log.on_advance = self.purgatory.check
        first = self.logs.get(name, 0)
        assert first is not None
        return first

    def call(self, request: Any, version: int, *, client_id: str = "app", connection: Any = None) -> Answer:
        """Call the request's handler at this version. Raises the handler's ApiError, as the dispatcher sees it."""
        api = handlers.API_BY_KEY[request.api_key]
        module = __import__(f"minikafka.handlers.{api.module}", fromlist=["handle"])
        broker: Any = self
        if connection is None:
            connection = SimpleNamespace(client_host="127.0.0.1")
        ctx = RequestContext(broker, connection, api.key, version, 1, client_id)
        decoded = request_class(api.key).decode(request.encode(version), version)
        return Answer(module.handle(ctx, decoded), api.key, version)

    def refusal(self, request: Any, version: int, **how: Any) -> int:
        """The error code of a request that is refused as a whole."""
        try:
            self.call(request, version, **how)
        except ApiError as error:
            return error.code
        raise AssertionError("the request was not refused")


def batch(*values: bytes, timestamp: int = NOW_MS, **how: Any) -> bytes:
    """One batch of these values, with offsets from 0."""
    return build_batch([Record(at, timestamp, None, value) for at, value in enumerate(values)], **how)


def values_in(records: Any) -> list[tuple[int, bytes | None]]:
    """(offset, value) of the records of all whole batches, as a consumer sees them."""
    return [
        (record.offset, record.value)
        for each in iter_batches(memoryview(bytes(records)))
        if not each.is_control
        for record in each
    ]
