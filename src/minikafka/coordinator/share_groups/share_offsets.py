"""Where share groups begin, and that they begin at all: the state of their partitions, step by step (KIP-932).

The share coordinator keeps the state; here is only which partitions have it. Each change takes two steps: records say
that it begins, then the share coordinator is asked, then records say how it ended. What is left over when the broker
stops in between is begun again with the next heartbeat, or when the group is deleted.

Source: the share part of Kafka's GroupMetadataManager and GroupCoordinatorShard.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from minikafka.coordinator.assignments import Assignment, Place
from minikafka.coordinator.result import CoordinatorRecord, Result
from minikafka.coordinator.share_groups.share_group import ShareGroup
from minikafka.coordinator.share_groups.share_membership import ShareMembership
from minikafka.coordinator.share_groups.share_records import state_partitions_record
from minikafka.coordinator.share_groups.state_partitions import (
    NO_STATE_PARTITIONS,
    StatePartitions,
    StateTopic,
    partitions_of,
)
from minikafka.errors import NONE, UNKNOWN_TOPIC_OR_PARTITION, message_of
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import AlterShareGroupOffsetsResponse, DeleteShareGroupOffsetsResponse

if TYPE_CHECKING:
    from minikafka.protocol.messages import AlterShareGroupOffsetsRequest, DeleteShareGroupOffsetsRequest

_AlteredTopic = AlterShareGroupOffsetsResponse.AlterShareGroupOffsetsResponseTopic
_AlteredPartition = AlterShareGroupOffsetsResponse.AlterShareGroupOffsetsResponsePartition
_DeletedTopic = DeleteShareGroupOffsetsResponse.DeleteShareGroupOffsetsResponseTopic


class Places(NamedTuple):
    """Partitions of a group, or why they are not known, as a Kafka error code."""

    code: int = NONE
    partitions: Assignment = {}


class Altering(NamedTuple):
    """What AlterShareGroupOffsets has begun."""

    response: AlterShareGroupOffsetsResponse
    """The answer if the share coordinator agrees to all."""
    state_epoch: int = 0
    start_offsets: dict[Place, int] = {}
    """What the share coordinator is to be asked for."""


class DeletingOffsets(NamedTuple):
    """What DeleteShareGroupOffsets has begun."""

    response: DeleteShareGroupOffsetsResponse
    """With the topics that have no offsets to delete."""
    places: Assignment = {}
    """What the share coordinator is to forget."""
    names: dict[bytes, str] = {}
    """Of the topics of ``places``, by topic id."""


class ShareOffsets:
    """The operations on the state of share groups' partitions."""

    def __init__(self, groups: dict[str, Any], membership: ShareMembership) -> None:
        self._groups = groups
        self._membership = membership

    # Initializing

    def records_of_initialized(self, group_id: str, places: Assignment) -> list[CoordinatorRecord]:
        """The share coordinator has the state of ``places``."""
        group = self._groups.get(group_id)
        if not isinstance(group, ShareGroup):
            return []
        states = _states_of(group).with_initialized(places, self._membership.metadata)
        return [state_partitions_record(group_id, states)]

    def records_of_refused(self, group_id: str, places: Assignment) -> list[CoordinatorRecord]:
        """The share coordinator has refused at least one of ``places``: all are to be tried again."""
        group = self._groups.get(group_id)
        if not isinstance(group, ShareGroup) or not _states_of(group).initializing:
            return []
        return [state_partitions_record(group_id, _states_of(group).without_initializing(places))]

    def initialized(self, group_id: str) -> Places:
        """What has state; nothing when there is no such share group."""
        group = self._groups.get(group_id)
        return Places(partitions=partitions_of(_states_of(group).initialized) if isinstance(group, ShareGroup) else {})

    # AlterShareGroupOffsets

    def begin_altering(
        self, group_id: str, topics: Collection[AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestTopic]
    ) -> Result[Altering]:
        """Let partitions begin where somebody says. A group that there is not comes to be by it.

        Raises ApiError: GROUP_ID_NOT_FOUND when the group is of another type, NON_EMPTY_GROUP.
        """
        group = self._membership.existing_or_new(group_id)
        group.validate_delete()
        known = self._membership.metadata.topics_by_name
        begun: dict[bytes, StateTopic] = {}
        start_offsets: dict[Place, int] = {}
        responses: dict[str, _AlteredTopic] = {}
        for asked in sorted(topics, key=lambda one: one.topic_name in known):
            topic = known.get(asked.topic_name)
            topic_id, count = (bytes(16), 0) if topic is None else (topic.topic_id, len(topic.partitions))
            existing = {
                one.partition_index: one.start_offset for one in asked.partitions if one.partition_index < count
            }
            if topic is not None:
                begun[topic_id] = StateTopic(topic.name, frozenset(existing))
                start_offsets.update({(topic_id, index): offset for index, offset in existing.items()})
            answered = _AlteredTopic(topic_name=asked.topic_name, topic_id=topic_id)
            responses.setdefault(asked.topic_name, answered).partitions.extend(
                _altered(one.partition_index, one.partition_index < count) for one in asked.partitions
            )
        records: list[CoordinatorRecord] = []
        if begun:
            records.append(state_partitions_record(group_id, _states_of(group).with_initializing(begun)))
        response = AlterShareGroupOffsetsResponse(responses=list(responses.values()))
        return Result(records, Altering(response, group.group_epoch, start_offsets))

    # DeleteShareGroupOffsets

    def begin_deleting_offsets(
        self,
        group_id: str,
        topics: Collection[DeleteShareGroupOffsetsRequest.DeleteShareGroupOffsetsRequestTopic],
    ) -> Result[DeletingOffsets]:
        """Raises ApiError: GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP."""
        group = self._existing_and_empty(group_id)
        if group.state_partitions is None:
            return Result(response=DeletingOffsets(DeleteShareGroupOffsetsResponse()))
        states = group.state_partitions
        places: Assignment = {}
        names: dict[bytes, str] = {}
        errors = []
        for name in dict.fromkeys(one.topic_name for one in topics):
            topic = self._membership.metadata.topics_by_name.get(name)
            if topic is None:
                errors.append(_nothing_to_delete(name, message_of(UNKNOWN_TOPIC_OR_PARTITION)))
                continue
            partitions = states.to_delete_of(topic)
            if partitions:
                places[topic.topic_id] = partitions
                names[topic.topic_id] = name
            else:
                errors.append(_nothing_to_delete(name, "There is no offset information to delete."))
        response = DeleteShareGroupOffsetsResponse(responses=errors)
        record = state_partitions_record(group_id, states.with_deleting(names))
        return Result([record], DeletingOffsets(response, places, names))

    def records_of_deleted(self, group_id: str, topic_ids: Collection[bytes]) -> list[CoordinatorRecord]:
        """The share coordinator has forgotten all of these topics."""
        group = self._groups.get(group_id)
        if not isinstance(group, ShareGroup) or group.state_partitions is None:
            return []
        return [state_partitions_record(group_id, group.state_partitions.without_deleting(topic_ids))]

    # DeleteGroups

    def begin_deleting_group(self, group_id: str) -> Result[Places]:
        """What the share coordinator is to forget before the group can go.

        Raises ApiError: GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP.
        """
        group = self._existing_and_empty(group_id)
        if group.state_partitions is None:
            return Result(response=Places())
        topics = group.state_partitions.all_of(self._membership.metadata)
        names = {topic_id: topic.name for topic_id, topic in topics.items()}
        record = state_partitions_record(group_id, StatePartitions(deleting=names))
        return Result([record], Places(partitions=partitions_of(topics)))

    # Deletion of topics

    def forget_topics(self, topic_ids: Collection[bytes]) -> Result[None]:
        """The topics are gone; the share coordinator hears of it by itself."""
        records = []
        for group in self._groups.values():
            if isinstance(group, ShareGroup) and group.state_partitions is not None:
                states = group.state_partitions.without_topics(topic_ids)
                if states != group.state_partitions:
                    records.append(state_partitions_record(group.group_id, states))
        return Result(records)

    def forget_missing_topics(self) -> Result[None]:
        """The state is loaded: topics may have been deleted without anybody here who heard of it."""
        stored = {
            topic_id
            for group in self._groups.values()
            if isinstance(group, ShareGroup) and group.state_partitions is not None
            for topic_id in group.state_partitions.topic_ids()
        }
        return self.forget_topics(stored - self._membership.metadata.topics_by_id.keys())

    def _existing_and_empty(self, group_id: str) -> ShareGroup:
        group = self._membership.existing(group_id)
        group.validate_delete()
        return group


def _states_of(group: ShareGroup) -> StatePartitions:
    return group.state_partitions or NO_STATE_PARTITIONS


def _altered(partition: int, exists: bool) -> _AlteredPartition:
    code = NONE if exists else UNKNOWN_TOPIC_OR_PARTITION
    return _AlteredPartition(
        partition_index=partition, error_code=code, error_message=None if exists else message_of(code)
    )


def _nothing_to_delete(topic_name: str, message: str) -> _DeletedTopic:
    return _DeletedTopic(topic_name=topic_name, error_code=UNKNOWN_TOPIC_OR_PARTITION, error_message=message)
