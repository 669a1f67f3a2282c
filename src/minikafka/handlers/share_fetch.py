"""ShareFetch (key 78), versions 1-2: acquire records as a member of a share group, waiting for some (KIP-932).

Acknowledgements of what was acquired before may come along, and are taken first. Version 2: exactly as many records
as asked for (KIP-1206), and renewal of locks (KIP-1222), for which nothing is fetched. The answer waits for
``min_bytes``, and for records that are released or whose locks run out, up to ``max_wait_ms``. With the epoch -1 the
session ends, and what the member has not acknowledged is released.
Source: Kafka's KafkaApis.handleShareFetchRequest, DelayedShareFetch, ShareFetchUtils.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka import errors
from minikafka.coordinator.gathering import gather, map_pending
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.errors import ApiError, StorageError
from minikafka.handlers._partitions import partition_log
from minikafka.handlers._share_acknowledgements import Outcomes, acknowledge
from minikafka.handlers._share_partitions import has_partition, refusal, tell_leader, topic_name
from minikafka.pending import Pending
from minikafka.protocol.messages import ShareFetchResponse
from minikafka.sharing.acquisition import ACQUIRE_MODES
from minikafka.sharing.fetched_batches import FetchedBatches
from minikafka.sharing.share_partition import SharePartitionId
from minikafka.sharing.share_sessions import FINAL_EPOCH, INITIAL_EPOCH, SessionKey, SessionPartition

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import ShareFetchRequest
    from minikafka.sharing.share_partition import SharePartition
    from minikafka.sharing.share_sessions import PartitionResults, ShareFetchContext
    from minikafka.storage.fetch_data import FetchData

_PartitionData = ShareFetchResponse.PartitionData
_TopicResponse = ShareFetchResponse.ShareFetchableTopicResponse
_NO_RECORDS = b""


def handle(ctx: RequestContext, request: ShareFetchRequest) -> ShareFetchResponse | Pending[ShareFetchResponse]:
    code = refusal(ctx, request.group_id, request.member_id)
    if code == errors.NONE and not _is_sensible(request):
        code = errors.INVALID_REQUEST
    if code != errors.NONE:
        return error_response(request, code)
    session = SessionKey(request.group_id or "", request.member_id or "")
    try:
        context = _session_context(ctx, session, request)
    except ApiError as error:
        response = error_response(request, error.code)
        return _later(ctx, request, response) if error.code == errors.SHARE_SESSION_LIMIT_REACHED else response
    outcomes: Outcomes | Pending[Outcomes] = {}
    if _has_acknowledgements(request):
        outcomes = acknowledge(ctx, session, request)
    results: PartitionResults | Pending[PartitionResults] = []
    if not request.is_renew_ack:
        results = _ShareFetch(ctx, request, context).start()
    both: list[Any] = [results, outcomes]
    return map_pending(gather(both), lambda done: _answer(ctx, request, session, context, *done))


def error_response(request: ShareFetchRequest, code: int) -> ShareFetchResponse:
    """The answer when the request fails as a whole; Kafka gives no sentence with it."""
    return ShareFetchResponse(error_code=code)


def _is_sensible(request: ShareFetchRequest) -> bool:
    return request.share_acquire_mode in ACQUIRE_MODES and not (request.is_renew_ack and _asks_for_records(request))


def _asks_for_records(request: ShareFetchRequest) -> bool:
    return any((request.max_bytes, request.min_bytes, request.max_records, request.max_wait_ms))


def _has_acknowledgements(request: ShareFetchRequest) -> bool:
    return any(partition.acknowledgement_batches for topic in request.topics for partition in topic.partitions)


def _later(
    ctx: RequestContext, request: ShareFetchRequest, response: ShareFetchResponse
) -> Pending[ShareFetchResponse]:
    """Who finds no room for a session is answered when it would have been without records: it comes back at once."""
    pending: Pending[ShareFetchResponse] = Pending()

    def answer() -> None:
        pending.complete(response)

    pending.on_cancel = ctx.broker.timers.after(max(request.max_wait_ms, 0), answer).cancel
    return pending


def _session_context(ctx: RequestContext, session: SessionKey, request: ShareFetchRequest) -> ShareFetchContext:
    wanted: dict[tuple[bytes, int], SessionPartition] = {}
    for topic in request.topics:
        for partition in topic.partitions:
            each = SessionPartition(topic_name(ctx, topic.topic_id), topic.topic_id, partition.partition_index)
            wanted.setdefault(each.key, each)
    share_partitions = ctx.broker.share_partitions
    context = share_partitions.sessions.context(
        session,
        request.share_session_epoch,
        list(wanted.values()),
        [(topic.topic_id, index) for topic in request.forgotten_topics_data for index in topic.partitions],
        ctx.connection,
        has_acknowledgements=_has_acknowledgements(request),
    )
    if request.share_session_epoch == INITIAL_EPOCH:
        ctx.connection.on_lost = share_partitions.connection_lost
    return context


class _ShareFetch:
    """The fetching part of one request, from its first look to what it acquired."""

    __slots__ = (
        "_ctx",
        "_failed",
        "_isolation",
        "_loaded",
        "_max_bytes",
        "_min_bytes",
        "_pending",
        "_request",
        "_wanted",
    )

    def __init__(self, ctx: RequestContext, request: ShareFetchRequest, context: ShareFetchContext) -> None:
        self._ctx = ctx
        self._request = request
        settings = ctx.broker.share_partitions.settings.of_group(request.group_id or "")
        self._isolation = settings.isolation
        self._max_bytes: int = min(request.max_bytes, ctx.broker.config["fetch.max.bytes"])
        self._min_bytes: int = min(request.min_bytes, self._max_bytes)
        self._failed: dict[SessionPartition, int] = {}
        self._wanted: list[SessionPartition] = []
        self._loaded: dict[SessionPartition, SharePartition] = {}
        self._pending: Pending[PartitionResults] | None = None
        for partition in context.partitions:
            if partition.topic is None:
                self._failed[partition] = errors.UNKNOWN_TOPIC_ID
            elif not has_partition(ctx, *partition.key):
                self._failed[partition] = errors.UNKNOWN_TOPIC_OR_PARTITION
            else:
                self._wanted.append(partition)

    def start(self) -> PartitionResults | Pending[PartitionResults]:
        if not self._wanted or self._request.max_records <= 0 or self._max_bytes <= 0:
            return self._failures()
        self._rotate()
        for partition in self._wanted:
            self._load(partition)
        if not self._loaded:
            return self._failures()
        results = self._try()
        if results is not None:
            return results
        if self._request.max_wait_ms <= 0:
            return self._acquire(self._read())
        return self._wait()

    def _rotate(self) -> None:
        """Begin with another partition in each request of a session: bytes may not suffice for all."""
        epoch = self._request.share_session_epoch
        if epoch > INITIAL_EPOCH:
            at = epoch % len(self._wanted)
            self._wanted = self._wanted[at:] + self._wanted[:at]

    def _load(self, partition: SessionPartition) -> None:
        ctx = self._ctx
        try:
            log = partition_log(ctx.broker, partition.topic or "", partition.index)
        except ApiError as error:
            self._failed[partition] = error.code
            return
        key = SharePartitionId(self._request.group_id or "", *partition.key)
        share_partition, outcome = ctx.broker.share_partitions.of_fetch(key, log)
        self._loaded[partition] = share_partition
        if isinstance(outcome, Pending):
            outcome.on_complete(lambda it: self._take_load(partition, it))
        else:
            self._take_load(partition, outcome)

    def _take_load(self, partition: SessionPartition, outcome: Outcome) -> None:
        """LEADER_NOT_AVAILABLE: another request is loading it, and tells when it has."""
        if outcome.code not in (errors.NONE, errors.LEADER_NOT_AVAILABLE):
            del self._loaded[partition]
            self._failed[partition] = outcome.code

    def _failures(self) -> PartitionResults:
        return [(partition, _failed(partition.index, code)) for partition, code in self._failed.items()]

    # --- waiting

    def _wait(self) -> Pending[PartitionResults]:
        broker = self._ctx.broker
        pending: Pending[PartitionResults] = Pending()
        self._pending = pending
        keys = [key for each in self._loaded.values() for key in (each, each.log)]
        deadline_ms = broker.clock.monotonic_ms() + self._request.max_wait_ms
        pending.on_cancel = broker.purgatory.watch(self._try_complete, keys, deadline_ms)
        return pending

    def _try_complete(self, expired: bool) -> bool:
        results = self._acquire(self._read()) if expired else self._try()
        if results is None:
            return False
        assert self._pending is not None
        self._pending.complete(results)
        return True

    def _try(self) -> PartitionResults | None:
        """What can be acquired, if that is enough, or something has failed; None: wait."""
        reads = self._read()
        if not reads or not self._is_enough(reads):
            return None
        return self._acquire(reads)

    # --- reading

    def _read(self) -> list[_Read]:
        """Read where each partition has something to acquire, within the bytes that are its part of the limit."""
        fetchable = [
            (partition, share_partition, offset)
            for partition, share_partition in self._loaded.items()
            if (offset := share_partition.fetch_offset()) is not None
        ]
        shares = _shares(self._max_bytes, len(fetchable))
        remaining_bytes = self._max_bytes
        reads: list[_Read] = []
        for (partition, share_partition, offset), max_bytes in zip(fetchable, shares, strict=True):
            read = _Read(partition, share_partition, offset, max_bytes)
            read.run(self._ctx, min(max_bytes, remaining_bytes), self._isolation, remaining_bytes == self._max_bytes)
            remaining_bytes = max(0, remaining_bytes - read.size_bytes)
            reads.append(read)
        return reads

    def _is_enough(self, reads: list[_Read]) -> bool:
        if any(read.code != errors.NONE for read in reads):
            return True
        size_bytes = sum(min(read.size_bytes, read.max_bytes) for read in reads)
        return size_bytes >= self._min_bytes or any(read.ends_with_segment for read in reads)

    # --- acquiring

    def _acquire(self, reads: list[_Read]) -> PartitionResults:
        results: PartitionResults = []
        left = self._request.max_records
        for read in reads:
            data = self._acquire_from(read, left)
            left -= sum(each.last_offset - each.first_offset + 1 for each in data.acquired_records)
            results.append((read.partition, data))
        return self._failures() + results

    def _acquire_from(self, read: _Read, max_records: int) -> ShareFetchResponse.PartitionData:
        index = read.partition.index
        share_partition = read.share_partition
        if read.code == errors.OFFSET_OUT_OF_RANGE:
            # Retention or DeleteRecords has overtaken the group. There is nothing yet; the next fetch finds some.
            share_partition.move_start_to(share_partition.log.log_start_offset)
            return _PartitionData(partition_index=index, records=_NO_RECORDS)
        if read.data is None:
            return _failed(index, read.code)
        try:
            max_records = max(max_records, 0)
            window = share_partition.window
            fetched = FetchedBatches.of(
                read.data,
                max(window.end_offset, read.offset),
                max_records,
                share_partition.log.name,
                window.reach(read.offset, max_records),
            )
        except (OSError, StorageError):
            return _failed(index, errors.KAFKA_STORAGE_ERROR)
        acquired = share_partition.acquire(
            self._request.member_id or "",
            read.offset,
            fetched,
            mode=self._request.share_acquire_mode,
            max_records=max_records,
            batch_size=self._request.batch_size,
        )
        if not acquired:
            return _PartitionData(partition_index=index, records=_NO_RECORDS)
        return _PartitionData(
            partition_index=index,
            records=fetched.slice(acquired[0].first_offset, acquired[-1].last_offset),
            acquired_records=[
                ShareFetchResponse.AcquiredRecords(
                    first_offset=each.first_offset, last_offset=each.last_offset, delivery_count=each.delivery_count
                )
                for each in acquired
            ],
        )


class _Read:
    """One partition's part of a fetch: what lies at ``offset``, or the error ``code``."""

    __slots__ = ("code", "data", "max_bytes", "offset", "partition", "share_partition")

    def __init__(
        self, partition: SessionPartition, share_partition: SharePartition, offset: int, max_bytes: int
    ) -> None:
        self.partition = partition
        self.share_partition = share_partition
        self.offset = offset
        self.max_bytes = max_bytes
        self.data: FetchData | None = None
        self.code = errors.NONE

    @property
    def size_bytes(self) -> int:
        return 0 if self.data is None else self.data.size_bytes

    @property
    def ends_with_segment(self) -> bool:
        """Whether there is more than a read gives, in the next segment: no reason to wait (DelayedShareFetch)."""
        return self.size_bytes > 0 and self.offset < self.share_partition.log.segments()[-1].base_offset

    def run(self, ctx: RequestContext, max_bytes: int, isolation: str, min_one_batch: bool) -> None:
        try:
            log = partition_log(ctx.broker, self.partition.topic or "", self.partition.index)
            self.data = log.read(self.offset, max_bytes, isolation=isolation, min_one_batch=min_one_batch)
        except ApiError as error:
            self.code = error.code
        except StorageError:
            self.code = errors.KAFKA_STORAGE_ERROR


def _shares(max_bytes: int, count: int) -> list[int]:
    """``max_bytes`` in equal parts; the first gets what remains, and with less than a byte for each only the first
    ones get any (PartitionMaxBytesStrategy.UNIFORM, which draws lots)."""
    if max_bytes < count:
        return [1] * max_bytes + [0] * (count - max_bytes)
    if not count:
        return []
    part, rest = divmod(max_bytes, count)
    return [part + rest, *[part] * (count - 1)]


def _failed(index: int, code: int) -> ShareFetchResponse.PartitionData:
    return _PartitionData(partition_index=index, error_code=code, records=_NO_RECORDS)


def _answer(
    ctx: RequestContext,
    request: ShareFetchRequest,
    session: SessionKey,
    context: ShareFetchContext,
    results: PartitionResults,
    outcomes: Outcomes,
) -> ShareFetchResponse:
    share_partitions = ctx.broker.share_partitions
    error_code, answered = context.finish(results)
    response = ShareFetchResponse(
        error_code=error_code,
        acquisition_lock_timeout_ms=share_partitions.settings.of_group(session.group_id).record_lock_duration_ms,
    )
    partitions = {partition.key: data for partition, data in answered}
    for key, data in partitions.items():
        tell_leader(ctx, response, key[0], data)
    for key, outcome in outcomes.items():
        data = partitions.setdefault(key, _PartitionData(partition_index=key[1], records=_NO_RECORDS))
        data.acknowledge_error_code = outcome.code
        data.acknowledge_error_message = outcome.message
    topics: dict[bytes, ShareFetchResponse.ShareFetchableTopicResponse] = {}
    for (topic_id, _), data in partitions.items():
        topics.setdefault(topic_id, _TopicResponse(topic_id=topic_id)).partitions.append(data)
    response.responses = list(topics.values())
    if request.share_session_epoch == FINAL_EPOCH:
        share_partitions.close_session(session)
    return response
