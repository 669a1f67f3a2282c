"""``ShareConsumer``: records that the members of a share group read together, each acknowledged on its own (KIP-932).

Nothing runs in the background: heartbeats go out while ``poll`` is called, and acknowledgements with the next fetch.
What was taken and is not acknowledged when the consumer is closed comes again, to this group.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, cast

from minikafka.client.cluster import RETRY_BACKOFF_S, Cluster
from minikafka.client.consuming.consumer import ConsumedRecord
from minikafka.client.consuming.fetcher import FetchedRecord
from minikafka.client.errors import BrokerUnreachable
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import FoundOffset, by_leader
from minikafka.client.sharing.share_group_member import ShareGroupMember
from minikafka.client.sharing.share_session import GAP, Acknowledgements, ShareFetchSettings, ShareSession
from minikafka.errors import NONE, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, ApiError, is_retriable, message_of
from minikafka.protocol.messages import ShareFetchResponse
from minikafka.protocol.primitives import Buffer
from minikafka.records.batch import iter_batches

_CHANNEL: Final = "share"
_MISSING: Final = frozenset({UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION})


class ShareConsumer:
    def __init__(
        self,
        cluster: Cluster,
        group_id: str,
        topics: list[str],
        settings: ShareFetchSettings | None = None,
        *,
        on_warning: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._cluster = cluster
        self._settings = settings or ShareFetchSettings()
        self._leaders = Leaders(cluster, allow_auto_topic_creation=True)
        self._member = ShareGroupMember(cluster, group_id, topics, self._leaders)
        self._on_warning = on_warning
        self._sessions: dict[int, ShareSession] = {}
        self._acknowledged: Acknowledgements = {}
        self._fetched: deque[ConsumedRecord] = deque()

    @property
    def has_fetched(self) -> bool:
        """Whether ``take`` has something."""
        return bool(self._fetched)

    def poll(self, timeout_s: float) -> bool:
        """Look for records until there are some, or ``timeout_s`` has passed; returns whether ``take`` has something.

        :raises ApiError: reading cannot go on. ClientError. ProtocolError.
        """
        deadline_s = time.monotonic() + timeout_s
        while not self._fetched:
            remaining_s = deadline_s - time.monotonic()
            try:
                self._member.heartbeat_if_due()
                has_asked = self._fetch(max(0.0, remaining_s))
            except BrokerUnreachable as error:
                self._on_warning(str(error))
                has_asked = False
            if remaining_s <= 0:
                break
            if not has_asked and not self._fetched:
                time.sleep(min(RETRY_BACKOFF_S, remaining_s))
        return bool(self._fetched)

    def take(self) -> ConsumedRecord:
        """The next record. IndexError when ``poll`` found none."""
        return self._fetched.popleft()

    def acknowledge(self, record: ConsumedRecord, kind: int) -> None:
        """:param kind: ACCEPT: done with it. RELEASE: let it be delivered again. REJECT: never again."""
        offsets = self._acknowledged.setdefault((record.topic, record.partition), {})
        offsets[record.fetched.record.offset] = kind

    def close(self) -> None:
        """Acknowledge, and leave the group. Raises ApiError, ClientError."""
        try:
            for node_id, acknowledged in self._acknowledged_by_leader().items():
                if node_id in self._sessions:
                    self._sessions.pop(node_id).close(acknowledged)
            for session in self._sessions.values():
                session.close({})
        finally:
            self._member.leave()

    # Fetching.

    def _fetch(self, remaining_s: float) -> bool:
        """Whether a broker was asked."""
        refused: dict[TopicPartition, FoundOffset] = {}
        by_node = by_leader(self._leaders, self._member.partitions, refused)
        for topic, _ in refused:
            self._leaders.forget(topic)
        acknowledged = self._acknowledged_by_leader()
        self._acknowledged = {}
        wait_ms = min(self._settings.max_wait_ms, int(remaining_s * 1000))
        asked = []
        try:
            for node_id in by_node.keys() | acknowledged.keys():
                session = self._session(node_id)
                session.ask(by_node.get(node_id, []), acknowledged.get(node_id, {}), self._settings, wait_ms)
                asked.append(session)
            for session in asked:
                response = session.answer()
                if response is not None:
                    self._take_in(response)
        except BaseException:  # an error, or an interrupt: what comes now would be taken for another answer
            self._forget_sessions()
            raise
        return bool(asked)

    def _forget_sessions(self) -> None:
        """Without their connections they end; what was acquired there, others get."""
        for session in self._sessions.values():
            session.connection.close()
        self._sessions.clear()

    def _session(self, node_id: int) -> ShareSession:
        connection = self._cluster.broker(node_id, channel=_CHANNEL)
        session = self._sessions.get(node_id)
        if session is None or session.connection is not connection:
            session = ShareSession(connection, self._member.coordinator.group_id, self._member.member_id, self._leaders)
            self._sessions[node_id] = session
        return session

    def _acknowledged_by_leader(self) -> dict[int, Acknowledgements]:
        refused: dict[TopicPartition, FoundOffset] = {}
        by_node = by_leader(self._leaders, self._acknowledged, refused)
        return {
            node_id: {where: self._acknowledged[where] for where in partitions}
            for node_id, partitions in by_node.items()
        }

    def _take_in(self, response: ShareFetchResponse) -> None:
        names = {}
        for topic in {topic for topic, _ in self._member.partitions}:
            found = self._leaders.topic(topic)
            if found is not None:
                names[found.topic_id] = topic
        for topic_answer in response.responses:
            name = names.get(topic_answer.topic_id)
            if name is None:
                continue
            for part in topic_answer.partitions:
                where = (name, part.partition_index)
                if part.acknowledge_error_code != NONE:
                    reason = part.acknowledge_error_message or message_of(part.acknowledge_error_code)
                    self._on_warning(f"an acknowledgement of {name}-{part.partition_index} was refused: {reason}")
                if part.error_code == NONE:
                    self._fetched.extend(self._acquired(where, part))
                elif is_retriable(part.error_code) or part.error_code in _MISSING:
                    self._leaders.forget(name)
                else:
                    raise ApiError(part.error_code, part.error_message)

    def _acquired(self, where: TopicPartition, part: ShareFetchResponse.PartitionData) -> Iterator[ConsumedRecord]:
        """The records that are this member's now; offsets without a record are acknowledged as gaps."""
        counts = {
            offset: acquired.delivery_count
            for acquired in part.acquired_records
            for offset in range(acquired.first_offset, acquired.last_offset + 1)
        }
        for batch in iter_batches(cast(Buffer, part.records or b"")):
            if batch.is_control:
                continue
            for record in batch:
                count = counts.pop(record.offset, None)
                if count is not None:
                    # Kafka's share consumer does not tell the leader epoch either.
                    yield ConsumedRecord(*where, FetchedRecord(record, batch.timestamp_type, -1), count)
        if counts:
            self._acknowledged.setdefault(where, {}).update(dict.fromkeys(counts, GAP))
