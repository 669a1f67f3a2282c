"""Groups of an embedded broker: their members, offsets and lag, and waiting for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from minikafka.embedded.caller import Caller, check
from minikafka.embedded.topics import TopicCalls
from minikafka.embedded.watches import EVERY_TOPIC
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    COORDINATOR_NOT_AVAILABLE,
    GROUP_ID_NOT_FOUND,
    NONE,
    NOT_COORDINATOR,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
    message_of,
)
from minikafka.protocol import messages

if TYPE_CHECKING:
    from minikafka.embedded.plain_types import CommittedOffset, Group, Member
    from minikafka.protocol.messages import Message

_OFFSET_FETCH_VERSION = 7
_OFFSET_COMMIT_VERSION = 8  # the last that knows nothing of member epochs
_STABLE = "Stable"
_SHARE = "share"
_GROUPS_TOPIC = "__consumer_offsets"
_GROUP_RESOURCE = 32
_GROUP_CONFIG_SOURCE = 8
_NOT_YET = frozenset({COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR})
_LOADING_TIMEOUT_S = 10.0
_LOADING_INTERVAL_S = 0.002


class GroupCalls(TopicCalls):
    """Look at groups."""

    def groups(self, types: Collection[str] = ()) -> dict[str, str]:
        """Group id -> state, by id. Raises ApiError.

        :param types: only these, of ``classic``, ``consumer``, ``share`` and ``streams``.
        """
        request = messages.ListGroupsRequest(types_filter=list(types))
        answer = self._ask(request, 5, lambda answer: answer.error_code)
        check(answer.error_code)
        return {group.group_id: group.group_state for group in sorted(answer.groups, key=lambda each: each.group_id)}

    def group(self, group_id: str) -> Group:
        """A group with its members. Raises ApiError: there is none (GROUP_ID_NOT_FOUND)."""
        from minikafka.embedded.plain_types import Group, Member

        request = messages.ConsumerGroupDescribeRequest(group_ids=[group_id])
        [found] = self._ask(request, 1, lambda answer: answer.groups[0].error_code).groups
        if found.error_code != GROUP_ID_NOT_FOUND:
            check(found.error_code, found.error_message)
            members = [Member.described(member, member.instance_id) for member in found.members]
            return Group(group_id, "consumer", found.group_state, members)
        try:
            return self._classic_group(group_id)
        except ApiError as error:
            # A broker without share groups is not made to look for one.
            if error.code != GROUP_ID_NOT_FOUND or group_id not in self.groups([_SHARE]):
                raise
        from minikafka.embedded.share_groups import share_group

        return share_group(self._ask, group_id)

    def members(self, group_id: str) -> list[Member]:
        """The members of a group, with their partitions; none when there is no such group. Raises ApiError."""
        try:
            return self.group(group_id).members
        except ApiError as error:
            if error.code == GROUP_ID_NOT_FOUND:
                return []
            raise

    def committed_offsets(self, group_id: str) -> dict[tuple[str, int], int]:
        """Topic and partition -> the committed offset, ascending. Raises ApiError."""
        return {where: committed.offset for where, committed in self.commits(group_id).items()}

    def commits(self, group_id: str) -> dict[tuple[str, int], CommittedOffset]:
        """As ``committed_offsets``, with what was committed besides. Raises ApiError."""
        from minikafka.embedded.plain_types import CommittedOffset

        request = messages.OffsetFetchRequest(group_id=group_id, topics=None)
        answer = self._ask(request, _OFFSET_FETCH_VERSION, lambda answer: answer.error_code)
        check(answer.error_code)
        found = {}
        for topic in sorted(answer.topics, key=lambda each: each.name):
            for partition in sorted(topic.partitions, key=lambda each: each.partition_index):
                check(partition.error_code)
                if partition.committed_offset >= 0:
                    found[topic.name, partition.partition_index] = CommittedOffset(
                        partition.committed_offset, partition.metadata or ""
                    )
        return found

    def commit_offsets(self, group_id: str, offsets: Mapping[tuple[str, int], int | CommittedOffset]) -> None:
        """Say where a group without members is to go on: topic and partition -> offset. Raises ApiError."""
        by_topic: dict[str, list[messages.OffsetCommitRequest.OffsetCommitRequestPartition]] = {}
        for where, committed in offsets.items():
            topic, index = _topic_partition(where)
            offset, metadata = _committed(committed)
            by_topic.setdefault(topic, []).append(
                messages.OffsetCommitRequest.OffsetCommitRequestPartition(
                    partition_index=index, committed_offset=offset, committed_metadata=metadata
                )
            )
        request = messages.OffsetCommitRequest(
            group_id=group_id,
            topics=[
                messages.OffsetCommitRequest.OffsetCommitRequestTopic(name=topic, partitions=partitions)
                for topic, partitions in by_topic.items()
            ],
        )
        answer = self._ask(request, _OFFSET_COMMIT_VERSION, _first_error)
        for topic in answer.topics:
            for partition in topic.partitions:
                check(
                    partition.error_code,
                    f"the offset of {group_id!r} in {topic.name}-{partition.partition_index} was not committed: "
                    f"{message_of(partition.error_code)}",
                )

    def lag(self, group_id: str, topic: str | None = None) -> dict[tuple[str, int], int]:
        """Topic and partition -> how many records the group has not committed yet, of the partitions it has committed
        for or is assigned; of all partitions of ``topic``, if that is given. Where nothing was committed, all records
        count. Of a share group: how many records are neither acknowledged nor archived. Raises ApiError."""
        committed = self.committed_offsets(group_id)
        group = self._group_or_none(group_id)
        wanted = {*committed, *(part for member in (group.members if group else ()) for part in member.partitions)}
        acknowledged = self._share_lag(group)
        wanted.update(acknowledged)
        if topic is not None:
            wanted = {(topic, index) for index in range(self.partition_count(topic))}
        known = {where: lag for where, lag in acknowledged.items() if lag is not None and where in wanted}
        wanted -= known.keys()
        by_topic: dict[str, list[int]] = {}
        for name, index in sorted(wanted):
            by_topic.setdefault(name, []).append(index)
        counted = {
            (name, index): lag
            for name, indexes in by_topic.items()
            for index, lag in _lag(self, name, indexes, committed).items()
        }
        return dict(sorted({**known, **counted}.items()))

    def configure_group(
        self, group_id: str, configs: Mapping[str, object | None] | None = None, **settings: object | None
    ) -> None:
        """Change settings of a group, be it there yet or not: by Kafka's names, or with underscores for dots
        (``share_auto_offset_reset="earliest"``); None goes back to the default. Raises ApiError."""
        self._configure(_GROUP_RESOURCE, group_id, configs, settings)

    def group_configs(self, group_id: str) -> dict[str, str]:
        """The settings that were made for the group itself. Raises ApiError."""
        return self._own_configs(_GROUP_RESOURCE, group_id, _GROUP_CONFIG_SOURCE)

    def wait_for_group(self, group_id: str, members: int = 1, *, timeout_s: float = 10.0) -> Group:
        """Wait until a group is stable with at least so many members, each of which has its partitions.

        :raises TimeoutError: with the state it is in.
        """

        def look() -> Group | None:
            group = self._group_or_none(group_id)
            is_there = group is not None and group.state == _STABLE and len(group.members) >= members
            if is_there and group is not None and group.kind == _SHARE:
                # Stable from the first heartbeat on; the partitions come with a later one.
                is_there = all(member.partitions for member in group.members)
            return group if is_there else None

        return self.wait_until(
            look,
            timeout_s,
            lambda: f"the group {group_id!r} is stable with {members} members. {self._state(group_id)}",
            [_GROUPS_TOPIC],
        )

    def wait_for_lag(
        self, group_id: str, lag: int = 0, *, topic: str | None = None, timeout_s: float = 10.0
    ) -> dict[tuple[str, int], int]:
        """Wait until a group has at most so many records left to commit (a share group: to acknowledge), over all its
        partitions, or those of ``topic``. A group that has neither partitions nor offsets yet is waited for.

        :returns: what ``lag`` says then.
        :raises TimeoutError: with the lag it has.
        """

        def look() -> dict[tuple[str, int], int] | None:
            found = self.lag(group_id, topic)
            return found if found and sum(found.values()) <= lag else None

        of_topic = "" if topic is None else f" in {topic!r}"
        return self.wait_until(
            look,
            timeout_s,
            lambda: (
                f"a lag of {lag} or less of the group {group_id!r}{of_topic}. It is {self.lag(group_id, topic)}; "
                f"{self._state(group_id)}"
            ),
            EVERY_TOPIC,
        )

    def _ask(self, request: Message, version: int, code_of: Callable[[Any], int]) -> Any:
        """The coordinator's answer, as soon as it has loaded its groups: after a start that takes a moment."""
        deadline = time.monotonic() + _LOADING_TIMEOUT_S
        while True:
            answer = self.call(request, version)
            if code_of(answer) not in _NOT_YET or not self.may_wait or time.monotonic() >= deadline:
                return answer
            time.sleep(_LOADING_INTERVAL_S)

    def _classic_group(self, group_id: str) -> Group:
        from minikafka.embedded.plain_types import Group, Member

        request = messages.DescribeGroupsRequest(groups=[group_id])
        [found] = self._ask(request, 6, lambda answer: answer.groups[0].error_code).groups
        check(found.error_code, found.error_message)
        members = [
            Member(
                member.member_id,
                member.client_id,
                member.client_host,
                member.group_instance_id,
                _assigned(bytes(member.member_assignment)) if found.protocol_type == "consumer" else [],
            )
            for member in found.members
        ]
        return Group(group_id, "classic", found.group_state, members)

    def _share_lag(self, group: Group | None) -> dict[tuple[str, int], int | None]:
        """Of other groups, none."""
        if group is None or group.kind != _SHARE:
            return {}
        from minikafka.embedded.share_groups import share_lag

        return share_lag(self._ask, group.group_id)

    def _group_or_none(self, group_id: str) -> Group | None:
        try:
            return self.group(group_id)
        except ApiError as error:
            if error.code == GROUP_ID_NOT_FOUND:
                return None
            raise

    def _state(self, group_id: str) -> str:
        group = self._group_or_none(group_id)
        if group is None:
            others = sorted(self.groups())
            return f"There is no such group, but {others}" if others else "There is no such group, nor any other"
        members = {member.client_id: member.partitions for member in group.members}
        return f"The group is {group.state} and has {len(group.members)} members: {members}"


def _first_error(answer: messages.OffsetCommitResponse) -> int:
    return next((part.error_code for topic in answer.topics for part in topic.partitions), NONE)


def _topic_partition(given: Any) -> tuple[str, int]:
    """Raises TypeError."""
    if isinstance(given, tuple) and list(map(type, given)) == [str, int]:
        return given[0], given[1]
    raise TypeError(f'offsets are of (topic, partition), such as ("orders", 0), not of {given!r}')


def _committed(given: Any) -> tuple[int, str]:
    """Raises TypeError, ValueError."""
    offset, metadata = given if isinstance(given, tuple) else (given, "")
    if not isinstance(offset, int):
        raise TypeError(f"an offset is a number, not {offset!r}")
    if offset < 0:
        raise ValueError(f"an offset is 0 or more, not {offset}")
    return offset, metadata


def _assigned(assignment: bytes) -> list[tuple[str, int]]:
    if not assignment:
        return []
    version = int.from_bytes(assignment[:2], "big")
    known = min(version, messages.ConsumerProtocolAssignment.max_version)
    decoded, _ = messages.ConsumerProtocolAssignment.decode_from(assignment, 2, known)
    return sorted((part.topic, index) for part in decoded.assigned_partitions for index in part.partitions)


def _lag(caller: Caller, topic: str, partitions: list[int], committed: dict[tuple[str, int], int]) -> dict[int, int]:
    from minikafka.embedded.reader import EARLIEST, LATEST, offsets

    try:
        ends = offsets(caller, topic, partitions, LATEST)
        starts = offsets(caller, topic, partitions, EARLIEST)
    except ApiError as error:
        if error.code == UNKNOWN_TOPIC_OR_PARTITION:
            return {}  # It was deleted, and the offsets are about to be.
        raise
    return {index: ends[index] - committed.get((topic, index), starts[index]) for index in partitions}
