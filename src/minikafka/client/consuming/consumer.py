"""``Consumer``: records of partitions, given to it or to its group, one after the other.

Nothing runs in the background: heartbeats go out while ``poll`` is called. What is committed is what was taken with
``take``, so a caller that stops in between loses nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from minikafka.client.admin.group_offsets import fetch_offsets
from minikafka.client.cluster import RETRY_BACKOFF_S, Cluster
from minikafka.client.consuming.consumer_group_member import ConsumerGroupMember
from minikafka.client.consuming.fetcher import FetchedPartition, FetchedRecord, FetchSettings, fetch
from minikafka.client.consuming.group_member import GroupMember
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.errors import BrokerUnreachable, ClientError
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import EARLIEST, LATEST, by_topic, list_offsets
from minikafka.errors import (
    NONE,
    OFFSET_OUT_OF_RANGE,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
    is_retriable,
    name_of,
)
from minikafka.named_tuple import NamedTuple

_METADATA_MAX_AGE_S: Final = 300.0
_MISSING_TOPIC_RETRY_S: Final = 1.0
_MAX_BACKOFF_S: Final = 1.0


class ConsumerSettings(NamedTuple):
    """Kafka's consumer settings, in its units; ``auto_offset_reset``: earliest, latest or none."""

    auto_offset_reset: str = "latest"
    auto_commit: bool = True
    auto_commit_interval_ms: int = 5_000
    allow_auto_create_topics: bool = True
    exclude_internal_topics: bool = True
    fetch: FetchSettings = FetchSettings()


class ConsumedRecord(NamedTuple):
    """A record and where it is from; ``delivery_count`` is how often a share group had it, this time included."""

    topic: str
    partition: int
    fetched: FetchedRecord
    delivery_count: int | None = None


OnPartitions = Callable[[list[TopicPartition]], None]


class Consumer:
    """Either ``assign`` partitions to it, or let it ``subscribe`` to topics as a member of a group.

    :param on_assigned: is told what the group gave it. ``on_revoked``: what it has no longer, after the commit.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: ConsumerSettings | None = None,
        group: GroupSettings | None = None,
        *,
        on_warning: Callable[[str], None] = lambda sentence: None,
        on_assigned: OnPartitions = lambda partitions: None,
        on_revoked: OnPartitions = lambda partitions: None,
    ) -> None:
        self._cluster = cluster
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._settings = settings or ConsumerSettings()
        self._leaders = Leaders(cluster, allow_auto_topic_creation=self._settings.allow_auto_create_topics)
        self._member = self._member_of(group) if group is not None else None
        self._on_warning = on_warning
        self._wanted: Callable[[str], bool] | None = None
        self._topics: list[str] = []
        self._is_subscribed = False
        self._seen_counts: dict[str, int] = {}
        self._refresh_due_s = 0.0
        self._commit_due_s = 0.0
        self._assigned: list[TopicPartition] = []
        self._positions: dict[TopicPartition, int] = {}
        self._ends_sought: dict[TopicPartition, int] = {}
        self._taken: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._fetched: deque[tuple[TopicPartition, FetchedRecord]] = deque()

    def _member_of(self, group: GroupSettings) -> GroupMember | ConsumerGroupMember:
        if group.protocol == "consumer":
            return ConsumerGroupMember(self._cluster, group, self._leaders)
        return GroupMember(self._cluster, group, self._partition_counts)

    # What to read.

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions, from the group's committed offsets or where ``auto_offset_reset`` says."""
        self._is_subscribed = False
        self._take_over(list(partitions))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on at ``offset``; EARLIEST and LATEST are where the partition begins and ends when it is polled next."""
        if offset < 0:
            self._positions.pop(partition, None)
            self._ends_sought[partition] = offset
        else:
            self._positions[partition] = self._taken[partition] = offset
        self._fetched = deque(item for item in self._fetched if item[0] != partition)

    def subscribe(self, topics: Iterable[str]) -> None:
        """Share these topics with the other members of the group."""
        self._topics = sorted(topics)
        self._wanted = None
        self._is_subscribed = True
        self._refresh_due_s = 0.0

    def subscribe_matching(self, is_wanted: Callable[[str], bool]) -> None:
        """Share the topics whose names are wanted, those to come included."""
        self._topics = []
        self._wanted = is_wanted
        self._is_subscribed = True
        self._refresh_due_s = 0.0

    @property
    def assignment(self) -> list[TopicPartition]:
        """The partitions that are read now."""
        return list(self._assigned)

    @property
    def positions(self) -> dict[TopicPartition, int]:
        """Partition -> the offset behind what was taken; partitions whose position is not known are not there."""
        waiting = {where for where, _ in self._fetched}
        return {
            where: self._taken[where] if where in waiting else position for where, position in self._positions.items()
        }

    # Reading.

    @property
    def has_fetched(self) -> bool:
        """Whether ``take`` has something."""
        return bool(self._fetched)

    def poll(self, timeout_s: float) -> bool:
        """Look for records until there are some, or ``timeout_s`` has passed; returns whether ``take`` has something.

        :raises ApiError: reading cannot go on. ClientError. ProtocolError.
        """
        deadline = time.monotonic() + timeout_s
        backoff_s = RETRY_BACKOFF_S
        while True:
            remaining_s = deadline - time.monotonic()
            try:
                self._keep_membership()
                if self._fetched:
                    break
                self._fetch(max(0.0, remaining_s))
                backoff_s = RETRY_BACKOFF_S
            except BrokerUnreachable as error:
                self._on_warning(str(error))
                self._pause(deadline, backoff_s)
                backoff_s = min(2 * backoff_s, _MAX_BACKOFF_S)
            if remaining_s <= 0:
                break
        return bool(self._fetched)

    def take(self) -> ConsumedRecord:
        """The next record. IndexError when ``poll`` found none."""
        where, fetched = self._fetched.popleft()
        self._taken[where] = fetched.record.offset + 1
        return ConsumedRecord(*where, fetched)

    def take_many(self, limit: int) -> list[tuple[TopicPartition, FetchedRecord]]:
        """So many of those that ``poll`` found, or all there are: quicker than one after the other."""
        if limit >= len(self._fetched):
            taken = list(self._fetched)
            self._fetched.clear()
            self._taken.update(self._positions)
            return taken
        taken = [self._fetched.popleft() for _ in range(limit)]
        self._taken.update((where, fetched.record.offset + 1) for where, fetched in taken)
        return taken

    def commit(self) -> None:
        """Commit what was taken. Raises ApiError, ClientError."""
        if self._member is None:
            raise ClientError("without a group there is nothing to commit to")
        positions = self.positions
        self._member.commit(
            {where: position for where, position in positions.items() if self._committed.get(where) != position}
        )
        self._committed.update(positions)

    def close(self) -> None:
        """Commit what was taken where that is wished, and leave the group. Raises ApiError, ClientError."""
        if self._member is None:
            return
        try:
            if self._settings.auto_commit and (self._member.can_commit or not self._is_subscribed):
                self.commit()
        finally:
            if self._is_subscribed:
                self._revoke()
                self._member.leave()

    # The group.

    def _keep_membership(self) -> None:
        if self._member is None:
            return
        if not self._is_subscribed:
            self._commit_if_due()
            return
        self._member.heartbeat_if_due()
        self._commit_if_due()
        has_changed = self._refresh_topics_if_due()
        if self._member.is_joined and not has_changed:
            return
        if self._settings.auto_commit and self._member.can_commit:
            self.commit()
        self._revoke()
        if self._topics:
            partitions = self._member.join(self._topics)
            self._take_over(partitions)
            self._on_assigned(partitions)

    def _revoke(self) -> None:
        revoked, self._assigned = self._assigned, []
        if revoked:
            self._on_revoked(revoked)

    def _commit_if_due(self) -> None:
        now_s = time.monotonic()
        if not self._settings.auto_commit or now_s < self._commit_due_s:
            return
        self._commit_due_s = now_s + self._settings.auto_commit_interval_ms / 1000
        if not self._is_subscribed or (self._member is not None and self._member.is_joined):
            self.commit()

    def _refresh_topics_if_due(self) -> bool:
        """Whether there are other topics or partitions than before."""
        if time.monotonic() < self._refresh_due_s:
            return False
        if self._wanted is not None:
            self._topics = self._matching_topics(self._wanted)
        counts = self._partition_counts(self._topics)
        is_missing = any(topic not in counts for topic in self._topics)
        self._refresh_due_s = time.monotonic() + (_MISSING_TOPIC_RETRY_S if is_missing else _METADATA_MAX_AGE_S)
        has_changed = counts != self._seen_counts
        self._seen_counts = counts
        return has_changed

    def _matching_topics(self, is_wanted: Callable[[str], bool]) -> list[str]:
        exclude_internal = self._settings.exclude_internal_topics
        return sorted(
            topic.name or ""
            for topic in self._cluster.metadata(None).topics
            if is_wanted(topic.name or "") and not (topic.is_internal and exclude_internal)
        )

    def _partition_counts(self, topics: list[str]) -> dict[str, int]:
        self._leaders.refresh(topics)
        for topic, code in self._leaders.problems.items():
            self._on_warning(
                f"The metadata response from the cluster reported a recoverable issue : {{{topic}={name_of(code)}}}"
            )
        known = {topic: self._leaders.topic(topic) for topic in topics}
        return {topic: len(found.leaders) for topic, found in known.items() if found is not None}

    def _take_over(self, partitions: list[TopicPartition]) -> None:
        self._assigned = partitions
        self._positions = {where: offset for where, offset in self._positions.items() if where in partitions}
        # Others may have read on meanwhile: what the group has committed counts, if somebody commits.
        if self._is_subscribed and self._settings.auto_commit:
            self._positions.clear()
        self._taken = dict(self._positions)
        self._committed.clear()
        self._fetched.clear()

    # Positions and records.

    def _fetch(self, remaining_s: float) -> None:
        self._find_positions()
        positions = {where: self._positions[where] for where in self._assigned if where in self._positions}
        if not positions:
            self._pause(time.monotonic() + remaining_s, RETRY_BACKOFF_S)
            return
        wait_ms = min(self._settings.fetch.max_wait_ms, int(remaining_s * 1000))
        answer = fetch(self._cluster, self._leaders, positions, self._settings.fetch, wait_ms)
        has_problem = False
        for where, fetched in answer.items():
            if fetched.error_code != NONE:
                has_problem |= self._handle(where, fetched)
            else:
                self._positions[where] = fetched.next_position
                self._fetched.extend([(where, record) for record in fetched.records])
        if has_problem:
            self._pause(time.monotonic() + remaining_s, RETRY_BACKOFF_S)

    def _handle(self, where: TopicPartition, fetched: FetchedPartition) -> bool:
        """Whether it is worth a pause. Raises ApiError when it will not pass."""
        code = fetched.error_code
        if code == OFFSET_OUT_OF_RANGE:
            if self._settings.auto_offset_reset == "none":
                raise ApiError(
                    code,
                    f"Fetch position {self._positions[where]} is out of range for partition {where[0]}-{where[1]}, and "
                    "auto.offset.reset=none",
                )
            self._on_warning(
                f"Fetch offset {self._positions[where]} is out of range for partition {where[0]}-{where[1]}, "
                "resetting offset"
            )
            self._reset([where])
            return False
        if not is_retriable(code) and code != UNKNOWN_TOPIC_OR_PARTITION:
            raise ApiError(code)
        self._leaders.forget(where[0])
        return True

    def _find_positions(self) -> None:
        missing = [where for where in self._assigned if where not in self._positions]
        if not missing:
            return
        sought = {where: self._ends_sought[where] for where in missing if where in self._ends_sought}
        self._look_up(sought)
        missing = [where for where in missing if where not in sought]
        if missing and self._member is not None:
            fetched = fetch_offsets(
                self._member.coordinator, by_topic(missing), require_stable=self._settings.fetch.read_committed
            )
            committed = {where: each.offset for where, each in fetched.items()}
            self._positions.update(committed)
            self._taken.update(committed)
            self._committed.update(committed)
            missing = [where for where in missing if where not in committed]
        if missing and self._settings.auto_offset_reset == "none":
            raise ClientError(
                "Undefined offset with no reset policy for partitions: "
                + ", ".join(f"{topic}-{index}" for topic, index in missing)
            )
        self._reset(missing)

    def _reset(self, partitions: list[TopicPartition]) -> None:
        timestamp = EARLIEST if self._settings.auto_offset_reset == "earliest" else LATEST
        self._look_up(dict.fromkeys(partitions, timestamp))

    def _look_up(self, timestamps: dict[TopicPartition, int]) -> None:
        if not timestamps:
            return
        read_committed = self._settings.fetch.read_committed
        found = list_offsets(self._cluster, self._leaders, timestamps, read_committed=read_committed)
        for where, (offset, _, code) in found.items():
            if code == NONE:
                self._positions[where] = self._taken[where] = offset
                self._ends_sought.pop(where, None)
            elif not is_retriable(code):
                raise ApiError(code)

    def _pause(self, deadline: float, backoff_s: float) -> None:
        time.sleep(max(0.0, min(backoff_s, deadline - time.monotonic())))
