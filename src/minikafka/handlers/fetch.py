"""Fetch (key 1), versions 0-18: read record batches, waiting for them if the client asks to.

A request becomes a fetch context (sessions, KIP-227: ``state/fetch_sessions.py``), whose partitions are read in turn
within the byte limits. When less than ``min_bytes`` is there and nothing failed, the answer waits up to ``max_wait_ms``
for a log to advance. What is answered are slices of the log's files: no record is decoded, except for versions 0-3,
whose clients know only the message formats 0 and 1.
Source: Kafka's KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages and readFromLog, DelayedFetch; of 3.9.1 for
down-conversion (KIP-283).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError, StorageError
from minikafka.handlers._partitions import NO_EPOCH, check_leader_epoch, partition_log
from minikafka.pending import Pending
from minikafka.protocol.messages import FetchRequest, FetchResponse
from minikafka.state.fetch_sessions import FetchPartition, SessionKey, size_of_records

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.state.fetch_sessions import FetchContext, PartitionResults
    from minikafka.storage.partition_log import PartitionLog

_PartitionData = FetchResponse.PartitionData
_TopicResponse = FetchResponse.FetchableTopicResponse

_NO_RECORDS = b""
_CONSUMER_REPLICA_ID = -1
_READ_COMMITTED = 1
_ZERO_UUID = bytes(16)


def handle(ctx: RequestContext, request: FetchRequest) -> FetchResponse | Pending[FetchResponse]:
    return _Fetch(ctx, request).start()


def error_response(request: FetchRequest, code: int) -> FetchResponse:
    """The answer when the request fails as a whole: in the body from version 7 on, in each partition before."""
    return FetchResponse(
        error_code=code,
        responses=[
            _TopicResponse(
                topic=topic.topic,
                topic_id=topic.topic_id,
                partitions=[_failed(partition.partition, code) for partition in topic.partitions],
            )
            for topic in request.topics
        ],
    )


class _Fetch:
    """One fetch request, from its first read to its answer."""

    __slots__ = (
        "_cancel_watch",
        "_context",
        "_ctx",
        "_hard_max_bytes",
        "_isolation",
        "_known",
        "_max_bytes",
        "_min_bytes",
        "_pending",
        "_request",
        "_unknown",
    )

    def __init__(self, ctx: RequestContext, request: FetchRequest) -> None:
        self._ctx = ctx
        self._request = request
        # Before version 3 a limit is a limit; since then the first batch comes whole, however large (KIP-74).
        self._hard_max_bytes = ctx.api_version <= 2
        self._max_bytes: int = min(request.max_bytes, ctx.broker.config["fetch.max.bytes"])
        self._min_bytes: int = min(request.min_bytes, self._max_bytes)
        self._isolation = _isolation(request)
        self._context = _session_context(ctx, request)
        self._known: list[FetchPartition] = []
        self._unknown: PartitionResults = []
        self._pending: Pending[FetchResponse] | None = None

    def start(self) -> FetchResponse | Pending[FetchResponse]:
        self._resolve_topics()
        results = self._read()
        if self._must_answer_now(results):
            return self._answer(results)
        return self._wait()

    def _resolve_topics(self) -> None:
        """Part the partitions this broker knows from those it does not; the latter never end a wait (KafkaApis)."""
        image = self._ctx.broker.image
        uses_topic_ids = self._ctx.api_version >= 13
        for partition in self._context.partitions:
            if uses_topic_ids:
                known = image.topics_by_id.get(partition.topic_id)
                partition.topic = None if known is None else known.name
            else:
                known = image.topics_by_name.get(partition.topic or "")
            if known is not None and 0 <= partition.index < len(known.partitions):
                self._known.append(partition)
            elif known is None and uses_topic_ids:
                self._unknown.append((partition, _failed(partition.index, errors.UNKNOWN_TOPIC_ID)))
            else:
                self._unknown.append((partition, _failed(partition.index, errors.UNKNOWN_TOPIC_OR_PARTITION)))

    def _read(self) -> PartitionResults:
        remaining_bytes = self._max_bytes
        min_one_batch = not self._hard_max_bytes
        results: PartitionResults = []
        for partition in self._known:
            data = self._read_partition(partition, min(partition.max_bytes, remaining_bytes), min_one_batch)
            size_bytes = size_of_records(data.records)
            if size_bytes:
                min_one_batch = False
                remaining_bytes = max(0, remaining_bytes - size_bytes)
            results.append((partition, data))
        return results

    def _read_partition(
        self, partition: FetchPartition, max_bytes: int, min_one_batch: bool
    ) -> FetchResponse.PartitionData:
        try:
            log = partition_log(self._ctx.broker, partition.topic or "", partition.index)
            check_leader_epoch(log, partition.current_leader_epoch)
            self._check_not_follower(partition)
            if partition.last_fetched_epoch != NO_EPOCH:
                diverging = _diverging_epoch(log, partition)
                if diverging is not None:
                    data = _data_of(partition.index, log)
                    data.diverging_epoch = diverging
                    return data
            return self._read_log(log, partition, max_bytes, min_one_batch)
        except ApiError as error:
            return self._failed(partition, error.code)
        except StorageError:
            return self._failed(partition, errors.KAFKA_STORAGE_ERROR)

    def _read_log(
        self, log: PartitionLog, partition: FetchPartition, max_bytes: int, min_one_batch: bool
    ) -> FetchResponse.PartitionData:
        data = _data_of(partition.index, log)
        if self._ctx.api_version < 10 and log.config.compression_type == "zstd":
            raise ApiError(errors.UNSUPPORTED_COMPRESSION_TYPE)
        if self._ctx.api_version <= 3:
            data.records = self._read_down_converted(log, partition, max_bytes, min_one_batch)
            return data
        fetched = log.read(partition.fetch_offset, max_bytes, isolation=self._isolation, min_one_batch=min_one_batch)
        if self._hard_max_bytes or not fetched.first_batch_incomplete:
            data.records = fetched.records
        if fetched.aborted_transactions is not None:
            data.aborted_transactions = [
                FetchResponse.AbortedTransaction(producer_id=producer_id, first_offset=first_offset)
                for producer_id, first_offset in fetched.aborted_transactions
            ]
        return data

    def _read_down_converted(
        self, log: PartitionLog, partition: FetchPartition, max_bytes: int, min_one_batch: bool
    ) -> bytes:
        """Read on past batches that vanish in conversion (transaction markers), to the first that leaves records.

        Kafka 3.9 answers such a batch with a stub that its oldest clients choke on; an empty set is what they expect
        at the end of a log.
        """
        from minikafka.records.batch import iter_batches
        from minikafka.records.conversion import down_convert

        to_magic = 0 if self._ctx.api_version <= 1 else 1
        offset = partition.fetch_offset
        while True:
            fetched = log.read(offset, max_bytes, isolation=self._isolation, min_one_batch=min_one_batch)
            stored = fetched.records.read()
            if not stored:
                return _NO_RECORDS
            next_offset = offset
            for batch in iter_batches(memoryview(stored)):
                next_offset = batch.next_offset
            if next_offset == offset:
                # The limit cuts the first batch. Before KIP-74 (version 3) clients tell from the cut that the record
                # is too large for them; since then they get nothing, and come again.
                return stored if self._hard_max_bytes else _NO_RECORDS
            converted = down_convert(memoryview(stored), to_magic, partition.fetch_offset)
            if converted:
                return converted
            offset = next_offset

    def _check_not_follower(self, partition: FetchPartition) -> None:
        """No other broker replicates from this one (Partition.followerReplicaOrThrow)."""
        replica_id = self._request.replica_id
        if self._ctx.api_version >= 15:
            replica_id = self._request.replica_state.replica_id
        if replica_id >= 0:
            raise ApiError(
                errors.NOT_LEADER_OR_FOLLOWER
                if partition.current_leader_epoch == NO_EPOCH
                else errors.UNKNOWN_LEADER_EPOCH
            )

    def _failed(self, partition: FetchPartition, code: int) -> FetchResponse.PartitionData:
        if code == errors.KAFKA_STORAGE_ERROR and self._ctx.api_version <= 5:
            # Older clients do not know this error; this one makes them refresh metadata and try again (KafkaApis).
            code = errors.NOT_LEADER_OR_FOLLOWER
        data = _failed(partition.index, code)
        if self._ctx.api_version >= 12 and code in (errors.FENCED_LEADER_EPOCH, errors.NOT_LEADER_OR_FOLLOWER):
            log = self._ctx.broker.logs.get(partition.topic or "", partition.index)
            if log is not None:
                data.current_leader = FetchResponse.LeaderIdAndEpoch(
                    leader_id=self._ctx.broker.node_id, leader_epoch=log.leader_epoch
                )
        return data

    def _must_answer_now(self, results: PartitionResults) -> bool:
        if self._request.max_wait_ms <= 0 or not self._known:
            return True
        readable_bytes = 0
        for _, data in results:
            if data.error_code != errors.NONE or data.diverging_epoch.epoch != NO_EPOCH:
                return True
            readable_bytes += size_of_records(data.records)
        return readable_bytes >= self._min_bytes

    def _wait(self) -> Pending[FetchResponse]:
        broker = self._ctx.broker
        keys = [log for partition in self._known if (log := broker.logs.get(partition.topic or "", partition.index))]
        pending: Pending[FetchResponse] = Pending()
        self._pending = pending
        pending.on_cancel = broker.purgatory.watch(
            self._try_complete, keys, broker.clock.monotonic_ms() + self._request.max_wait_ms
        )
        return pending

    def _try_complete(self, expired: bool) -> bool:
        if not expired and self._min_bytes <= 1 and not self._anything_to_answer():
            return False
        results = self._read()
        if not expired and not self._must_answer_now(results):
            return False
        assert self._pending is not None
        self._pending.complete(self._answer(results))
        return True

    def _anything_to_answer(self) -> bool:
        """Whether a log has moved past, or away from, what is asked of it: cheaper than a read."""
        broker = self._ctx.broker
        for partition in self._known:
            log = broker.logs.get(partition.topic or "", partition.index)
            if log is None or log.is_failed or _limit_offset(log, self._isolation) != partition.fetch_offset:
                return True
            if (partition.topic or "", partition.index) in broker.partitions_led_elsewhere:
                return True
        return False

    def _answer(self, results: PartitionResults) -> FetchResponse:
        error_code, session_id, answered = self._context.finish(results + self._unknown)
        response = FetchResponse(error_code=error_code, session_id=session_id, responses=_by_topic(answered))
        if self._ctx.api_version >= 16:
            self._add_node_endpoints(response, answered)
        return response

    def _add_node_endpoints(self, response: FetchResponse, answered: PartitionResults) -> None:
        """Tell clients that were sent away where the leader is (KIP-951)."""
        if all(data.current_leader.leader_id == -1 for _, data in answered):
            return
        response.node_endpoints = [
            FetchResponse.NodeEndpoint(node_id=self._ctx.broker.node_id, host=endpoint.host, port=endpoint.port)
            for endpoint in self._ctx.broker.advertised_endpoints(self._ctx.connection)
        ]


def _session_context(ctx: RequestContext, request: FetchRequest) -> FetchContext:
    uses_topic_ids = ctx.api_version >= 13
    # A partition named twice is read once, as its last mention says (FetchRequest.fetchData).
    wanted: dict[SessionKey, FetchPartition] = {}
    for topic in request.topics:
        for p in topic.partitions:
            partition = FetchPartition(
                None if uses_topic_ids else topic.topic,
                topic.topic_id,
                p.partition,
                p.fetch_offset,
                p.partition_max_bytes,
                p.current_leader_epoch,
                p.last_fetched_epoch,
                p.log_start_offset,
            )
            wanted[partition.key] = partition
    forgotten: list[SessionKey] = [
        (topic.topic_id if uses_topic_ids else topic.topic, index)
        for topic in request.forgotten_topics_data
        for index in topic.partitions
    ]
    return ctx.broker.fetch_sessions.context(
        request.session_id,
        request.session_epoch,
        list(wanted.values()),
        forgotten,
        uses_topic_ids=uses_topic_ids,
    )


def _isolation(request: FetchRequest) -> str:
    # A negative replica id other than the consumers' is a debugging tool's, which sees up to the log's end.
    if request.replica_id != _CONSUMER_REPLICA_ID:
        return "log_end"
    return "read_committed" if request.isolation_level == _READ_COMMITTED else "read_uncommitted"


def _limit_offset(log: PartitionLog, isolation: str) -> int:
    if isolation == "read_committed":
        return log.last_stable_offset
    return log.high_watermark if isolation == "read_uncommitted" else log.log_end_offset


def _diverging_epoch(log: PartitionLog, partition: FetchPartition) -> FetchResponse.EpochEndOffset | None:
    """Where this log and the reader's last parted ways (KIP-595), or None when they agree.

    Raises ApiError OFFSET_OUT_OF_RANGE (Partition.readRecords).
    """
    epoch, end_offset = log.end_offset_for_epoch(partition.last_fetched_epoch)
    if epoch == NO_EPOCH or end_offset == -1 or partition.fetch_offset < log.log_start_offset:
        raise ApiError(errors.OFFSET_OUT_OF_RANGE)
    if epoch < partition.last_fetched_epoch or end_offset < partition.fetch_offset:
        return FetchResponse.EpochEndOffset(epoch=epoch, end_offset=end_offset)
    return None


def _data_of(index: int, log: PartitionLog) -> FetchResponse.PartitionData:
    return _PartitionData(
        partition_index=index,
        high_watermark=log.high_watermark,
        last_stable_offset=log.last_stable_offset,
        log_start_offset=log.log_start_offset,
        aborted_transactions=None,
        records=_NO_RECORDS,
    )


def _failed(index: int, code: int) -> FetchResponse.PartitionData:
    return _PartitionData(
        partition_index=index, error_code=code, high_watermark=-1, aborted_transactions=None, records=_NO_RECORDS
    )


def _by_topic(results: PartitionResults) -> list[FetchResponse.FetchableTopicResponse]:
    """The results grouped as they come: a topic's neighbours share an entry (FetchResponse.toMessage)."""
    topics: list[FetchResponse.FetchableTopicResponse] = []
    last_key: bytes | str | None = None
    for partition, data in results:
        key = partition.key[0]
        if not topics or key != last_key:
            topics.append(_TopicResponse(topic=partition.topic or "", topic_id=partition.topic_id, partitions=[]))
            last_key = key
        topics[-1].partitions.append(data)
    return topics
