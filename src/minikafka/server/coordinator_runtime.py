"""Brings a coordinator's state machines together with their topic's log, one shard for each partition.

    Loading    the log is being replayed, on a worker thread        -> Active, Failed
    Active     operations run; what they give is written, replayed, and then released
    Failed     the log cannot be read; clients are told to look elsewhere
    Stopped    the broker goes down

A shard comes to be when its partition is first used, and for partitions with records at start-up. Everything but the
reading of the log runs on the event loop. Source: Kafka's CoordinatorRuntime.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from minikafka.clock import Clock, Timers
from minikafka.coordinator.partitioner import partition_for
from minikafka.coordinator.result import CoordinatorRecord, Result
from minikafka.coordinator.timers import KeyedTimers, Operation
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    COORDINATOR_NOT_AVAILABLE,
    KAFKA_STORAGE_ERROR,
    NOT_COORDINATOR,
    UNKNOWN_SERVER_ERROR,
    ApiError,
    MinikafkaError,
    StorageError,
)
from minikafka.pending import Pending, RunBlocking
from minikafka.protocol import stored
from minikafka.records.batch import NO_PRODUCER_EPOCH, NO_PRODUCER_ID, Record
from minikafka.records.builder import build_batch, end_transaction_marker

if TYPE_CHECKING:
    from minikafka.storage.partition_log import PartitionLog

_logger = logging.getLogger(__name__)

T = TypeVar("T")

LOAD_CHUNK_BYTES = 4 << 20
"""How much of the log is read at once (Kafka's ``offsets.load.buffer.size`` is 5 MiB)."""
MAX_RECORDS_IN_BATCH = 1000
"""Of an operation that need not be written as a whole: deletions of what has expired may be many."""


class Shard(Protocol):
    """A coordinator's state for one partition."""

    def replay(self, key: Any, value: Any | None, record_offset: int, producer_id: int) -> None: ...

    def on_loaded(self) -> Iterator[Result[Any]]: ...

    def on_unloaded(self) -> None: ...


class TransactionalShard(Shard, Protocol):
    """One whose records may be part of producers' transactions."""

    def replay_end_transaction_marker(self, producer_id: int, *, committed: bool) -> None: ...


S = TypeVar("S", bound=Shard)
TS = TypeVar("TS", bound=TransactionalShard)
S_contra = TypeVar("S_contra", contravariant=True)


class Loader(Protocol[S_contra]):
    """Takes in a log, then fills a new shard with it. A type: it is called once for each load."""

    def feed(self, data: bytes) -> int:
        """Take in whole batches. Returns the offset after them, -1 for none."""
        ...

    def finish(self, shard: S_contra) -> None: ...


class Producer(Protocol):
    @property
    def producer_id(self) -> int: ...

    @property
    def producer_epoch(self) -> int: ...


class Logs(Protocol):
    """The logs of the broker, as the runtime uses them (``LogManager``)."""

    def get(self, topic: str, partition: int) -> PartitionLog | None: ...


class _Partition(Generic[S]):
    """One shard with its timers and its log."""

    __slots__ = ("error", "index", "log", "shard", "timers", "waiting")

    def __init__(self, index: int, log: PartitionLog, shard: S, timers: KeyedTimers) -> None:
        self.index = index
        self.log = log
        self.shard = shard
        self.timers = timers
        self.error: int | None = COORDINATOR_LOAD_IN_PROGRESS
        """Why operations are refused; None when the shard is active."""
        self.waiting: list[Callable[[], None]] = []
        """What to do when the loading has ended, well or not."""


class CoordinatorRuntime(Generic[S]):
    """The shards of one coordinator.

    :param topic: the coordinator's topic.
    :param partition_count: how many partitions the topic has, 0 while there is none.
    :param create_topic: called when the topic is first needed; gives a promise when it cannot say at once.
    :param new_shard: makes the empty shard of a partition, with the timers it is to use.
    :param new_loader: makes what reads a log into such a shard.
    :param defers_sync: where flush.messages asks for a sync, answers wait for it instead of the event loop. Not for a
        coordinator that hands its answers on before they are released.
    :param awaits_loading: operations wait while their partition is loaded. Else clients are told to come again.
    :param base_sequence: what stands in the batches it writes, which nobody reads: each coordinator of Kafka has its
        own.
    """

    def __init__(
        self,
        *,
        topic: str,
        partition_count: Callable[[], int],
        create_topic: Callable[[], object],
        logs: Logs,
        clock: Clock,
        timers: Timers,
        run_blocking: RunBlocking,
        new_shard: Callable[[KeyedTimers], S],
        new_loader: Callable[[], Loader[S]],
        compression: str = "none",
        base_sequence: int = 0,
        defers_sync: bool = False,
        awaits_loading: bool = False,
    ) -> None:
        self._topic = topic
        self._partition_count = partition_count
        self._create_topic = create_topic
        self._logs = logs
        self._clock = clock
        self._timers = timers
        self._run_blocking = run_blocking
        self._new_shard = new_shard
        self._new_loader = new_loader
        self._compression = compression
        self._base_sequence = base_sequence
        self._defers_sync = defers_sync
        self._awaits_loading = awaits_loading
        self._partitions: dict[int, _Partition[S]] = {}
        self._unloadable: set[int] = set()
        self._is_stopped = False

    # Life

    def start(self) -> None:
        """Load the partitions that hold something. The others are made when they are used."""
        for index in range(self._partition_count()):
            log = self._logs.get(self._topic, index)
            if log is not None and log.log_end_offset > log.log_start_offset:
                self._open(index, log)

    def stop(self) -> None:
        """Answer whoever waits, and refuse what comes after."""
        self._is_stopped = True
        for partition in self._partitions.values():
            self._close(partition, COORDINATOR_NOT_AVAILABLE)

    @staticmethod
    def _close(partition: _Partition[S], code: int) -> None:
        partition.timers.cancel_all()
        was_active = partition.error is None
        partition.error = code
        if was_active:
            partition.shard.on_unloaded()
        _release(partition)

    def unload(self, index: int) -> None:
        """The partition is gone: so is what it held, and whoever waits for it is sent away."""
        partition = self._partitions.pop(index, None)
        if partition is not None:
            self._close(partition, NOT_COORDINATOR)

    def hold_loading(self, index: int) -> None:
        """Drop what the partition holds, and do not load it before ``release_loading``: clients are told to wait."""
        self._unloadable.add(index)
        self.unload(index)

    def release_loading(self, index: int) -> None:
        """Load the partition now, if it was held."""
        self._unloadable.discard(index)
        self.unload(index)
        self._find(index)

    @property
    def has_topic(self) -> bool:
        """Whether the coordinator's topic is there; the first operation creates it."""
        return self._partition_count() > 0

    def is_loading(self) -> bool:
        return any(partition.error == COORDINATOR_LOAD_IN_PROGRESS for partition in self._partitions.values())

    def shards(self) -> Iterable[S]:
        """Those that are active."""
        return [shard for _, shard in self.active()]

    def active(self) -> list[tuple[int, S]]:
        """The indexes of the partitions that are active, with their shards."""
        return [
            (partition.index, partition.shard) for partition in self._partitions.values() if partition.error is None
        ]

    # Operations

    def write(
        self,
        key: str,
        operation: Callable[[S], Result[T]],
        on_error: Callable[[int], T],
        producer: Producer | None = None,
    ) -> T | Pending[T]:
        """Run an operation on the shard of ``key`` (a group id, a transactional id), write and replay its records,
        and release its answer. Errors, as Kafka codes, become answers by ``on_error``."""
        return self._with_partition(
            key, lambda partition: self._run(partition, operation, on_error, producer), on_error
        )

    def read(self, key: str, operation: Callable[[S], T], on_error: Callable[[int], T]) -> T | Pending[T]:
        """Ask the shard of ``key``. All it knows is written, so there is nothing to wait for."""

        def ask(partition: _Partition[S]) -> T:
            try:
                return operation(partition.shard)
            except ApiError as error:
                return on_error(error.code)

        return self._with_partition(key, ask, on_error)

    def write_to_shard(self, shard: S, operation: Callable[[], Result[Any]]) -> None:
        """Run an operation whose answer nobody waits for."""
        for partition in self._partitions.values():
            if partition.shard is shard:
                self._run_unasked(partition, operation)

    def end_transaction(
        self: CoordinatorRuntime[TS],
        partition_index: int,
        producer: Producer,
        coordinator_epoch: int,
        *,
        committed: bool,
        transaction_version: int = 0,
    ) -> int:
        """Write the marker that ends a producer's transaction in a partition, and let its records count, or not.

        ``transaction_version`` as for ``PartitionLog.append``. Returns a Kafka error code.
        """
        partition = self._partitions.get(partition_index) or self._find(partition_index)
        if partition is None:
            return NOT_COORDINATOR
        if partition.error is not None:
            return partition.error
        marker = end_transaction_marker(
            commit=committed,
            producer_id=producer.producer_id,
            producer_epoch=producer.producer_epoch,
            coordinator_epoch=coordinator_epoch,
            timestamp=self._clock.wall_ms(),
        )
        try:
            self._append(partition, marker, transaction_version)
        except MinikafkaError as error:
            return _code_of(error)
        partition.shard.replay_end_transaction_marker(producer.producer_id, committed=committed)
        return 0

    def partition_index(self, key: str) -> int:
        """The partition that ``key`` belongs to; the topic must exist."""
        return partition_for(key, self._partition_count())

    # Partitions

    def _with_partition(
        self, key: str, action: Callable[[_Partition[S]], T | Pending[T]], on_error: Callable[[int], T]
    ) -> T | Pending[T]:
        if self._is_stopped:
            return on_error(COORDINATOR_NOT_AVAILABLE)
        if not self._partition_count():
            return self._after_creating_topic(key, action, on_error)
        index = self.partition_index(key)
        partition = self._partitions.get(index) or self._find(index)
        if partition is None:
            return on_error(NOT_COORDINATOR)
        if partition.error == COORDINATOR_LOAD_IN_PROGRESS and self._awaits_loading and index not in self._unloadable:
            return self._after_loading(partition, action, on_error)
        if partition.error is not None:
            return on_error(partition.error)
        return action(partition)

    @staticmethod
    def _after_loading(
        partition: _Partition[S], action: Callable[[_Partition[S]], T | Pending[T]], on_error: Callable[[int], T]
    ) -> Pending[T]:
        answer: Pending[T] = Pending()

        def has_ended() -> None:
            outcome = action(partition) if partition.error is None else on_error(partition.error)
            _pass_on(outcome, answer)

        partition.waiting.append(has_ended)
        return answer

    def _after_creating_topic(
        self, key: str, action: Callable[[_Partition[S]], T | Pending[T]], on_error: Callable[[int], T]
    ) -> T | Pending[T]:
        """Clients that ask for their coordinator first find the topic there; the oldest do not ask."""
        created = self._create_topic()
        if not isinstance(created, Pending):
            return self._with_partition(key, action, on_error) if self._partition_count() else on_error(NOT_COORDINATOR)
        answer: Pending[T] = Pending()

        def is_created(_: object) -> None:
            if not self._partition_count():
                answer.complete(on_error(NOT_COORDINATOR))
                return
            _pass_on(self._with_partition(key, action, on_error), answer)

        created.on_complete(is_created)
        return answer

    def _find(self, index: int) -> _Partition[S] | None:
        """The partition with its log, opened on first use; None when it has none."""
        log = self._logs.get(self._topic, index) if 0 <= index < self._partition_count() else None
        return None if log is None or log.is_failed else self._open(index, log)

    def _open(self, index: int, log: PartitionLog) -> _Partition[S]:
        timers = KeyedTimers(self._clock, self._timers, lambda operation: self._run_unasked(partition, operation))
        partition = self._partitions[index] = _Partition(index, log, self._new_shard(timers), timers)
        if index in self._unloadable:
            return partition
        if log.log_end_offset == log.log_start_offset:
            self._activate(partition)
        else:
            self._run_blocking(lambda: self._load(partition), lambda _, error: self._loaded(partition, error))
        return partition

    def _load(self, partition: _Partition[S]) -> None:
        """On a worker thread: nobody else sees the shard yet."""
        loader = self._new_loader()
        log = partition.log
        offset = log.log_start_offset
        while offset < log.log_end_offset:
            fetched = log.read(offset, LOAD_CHUNK_BYTES, isolation="log_end", min_one_batch=True)
            next_offset = loader.feed(fetched.read())
            if next_offset <= offset:
                raise StorageError(f"{self._topic}-{partition.index} gives no batch at offset {offset}")
            offset = next_offset
        loader.finish(partition.shard)

    def _loaded(self, partition: _Partition[S], error: BaseException | None) -> None:
        if partition.error != COORDINATOR_LOAD_IN_PROGRESS:
            return
        if error is None:
            self._activate(partition)
            return
        partition.error = NOT_COORDINATOR
        _logger.error(
            "Cannot load %s-%d: %s: %s. What it holds is not available; the log of the partition has to be repaired",
            self._topic,
            partition.index,
            type(error).__name__,
            error,
            exc_info=error,
        )
        _release(partition)

    def _activate(self, partition: _Partition[S]) -> None:
        partition.error = None
        for result in partition.shard.on_loaded():
            self._process(partition, result, None)
        _release(partition)

    # Writing

    def _run(
        self,
        partition: _Partition[S],
        operation: Callable[[S], Result[T]],
        on_error: Callable[[int], T],
        producer: Producer | None,
    ) -> T | Pending[T]:
        end_offset = partition.log.log_end_offset
        try:
            result = operation(partition.shard)
        except ApiError as error:
            return on_error(error.code)
        code = self._process(partition, result, producer)
        if code:
            if isinstance(result.response, Pending):
                result.response.complete(on_error(code))
                return result.response
            return on_error(code)
        assert result.response is not None
        if end_offset < partition.log.log_end_offset > partition.log.high_watermark:
            return self._when_synced(partition.log, result.response, on_error)
        return result.response

    @staticmethod
    def _when_synced(log: PartitionLog, response: T | Pending[T], on_error: Callable[[int], T]) -> T | Pending[T]:
        """The answer, when what was written for it is synced."""
        if isinstance(response, Pending):
            return response  # The step that completes it has written after this one, and waited.
        answer: Pending[T] = Pending()
        log.when_synced(
            log.log_end_offset - 1,
            lambda error: answer.complete(response if error is None else on_error(_code_of(error))),
        )
        return answer

    def _run_unasked(self, partition: _Partition[S], operation: Operation) -> None:
        """A deadline has come. What goes wrong in one group must not stop the clock of all others."""
        if partition.error is not None:
            return
        try:
            result = operation()
            if result is not None:
                self._process(partition, result, None)
        except Exception:
            _logger.exception("A deadline of %s-%d ended with an error", self._topic, partition.index)

    def _process(self, partition: _Partition[S], result: Result[Any], producer: Producer | None) -> int:
        """Write and replay, then go on with what follows. Returns the error code of the first step that failed."""
        first_code = 0
        following: Result[Any] | None = result
        while following is not None:
            code = self._write_records(partition, following, producer)
            then = following.then
            if code:
                first_code = first_code or code
                on_failure = following.on_failure
                following = None if on_failure is None else on_failure(code)
            else:
                following = None if then is None else then()
        return first_code

    def _write_records(self, partition: _Partition[S], result: Result[Any], producer: Producer | None) -> int:
        """Returns a Kafka error code."""
        records = result.records
        step = MAX_RECORDS_IN_BATCH if not result.is_atomic else len(records) or 1
        producer_id = NO_PRODUCER_ID if producer is None else producer.producer_id
        # What follows must not be on the disk before that which it follows from.
        defers_sync = self._defers_sync and result.then is None and not isinstance(result.response, Pending)
        for start in range(0, len(records), step):
            chunk = records[start : start + step]
            try:
                base_offset = self._append(partition, self._batch_of(chunk, producer), defers_sync=defers_sync)
            except MinikafkaError as error:
                _logger.warning("Cannot write %d records to %s-%d: %s", len(chunk), self._topic, partition.index, error)
                return _code_of(error)
            for delta, record in enumerate(chunk):
                partition.shard.replay(record.key, record.value, base_offset + delta, producer_id)
        return 0

    def _batch_of(self, records: list[CoordinatorRecord], producer: Producer | None) -> bytes:
        """All batches have the same base sequence, as Kafka's: a coordinator does not number what it writes."""
        now_ms = self._clock.wall_ms()
        return build_batch(
            [
                Record(
                    delta,
                    now_ms,
                    stored.encode_key(record.key),
                    None if record.value is None else stored.encode_value(record.value, record.version),
                )
                for delta, record in enumerate(records)
            ],
            compression=self._compression,
            producer_id=NO_PRODUCER_ID if producer is None else producer.producer_id,
            producer_epoch=NO_PRODUCER_EPOCH if producer is None else producer.producer_epoch,
            base_sequence=self._base_sequence,
            is_transactional=producer is not None,
        )

    def _append(
        self, partition: _Partition[S], batch: bytes, transaction_version: int = 0, *, defers_sync: bool = False
    ) -> int:
        """Returns the base offset. Raises ApiError, StorageError."""
        appended = partition.log.append(
            bytearray(batch),
            now_ms=self._clock.wall_ms(),
            origin="coordinator",
            transaction_version=transaction_version,
            defers_sync=defers_sync,
        )
        return appended.base_offset


def _code_of(error: MinikafkaError) -> int:
    if isinstance(error, ApiError):
        return error.code
    if isinstance(error, StorageError):
        return KAFKA_STORAGE_ERROR
    return UNKNOWN_SERVER_ERROR


def _release(partition: _Partition[Any]) -> None:
    """Whoever waited for the loading goes on, in the order in which they came."""
    waiting, partition.waiting = partition.waiting, []
    for go_on in waiting:
        go_on()


def _pass_on(outcome: T | Pending[T], answer: Pending[T]) -> None:
    if isinstance(outcome, Pending):
        outcome.on_complete(answer.complete)
    else:
        answer.complete(outcome)
