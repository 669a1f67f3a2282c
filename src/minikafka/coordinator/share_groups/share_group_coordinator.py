"""What handlers ask for share groups (``ctx.broker.groups.share``); the share coordinator is asked where it has to be.

The group coordinator says which partitions have state, the share coordinator has it; a request that changes both goes
back and forth between them. Source: the share part of Kafka's GroupCoordinatorService.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from minikafka.coordinator.assignments import Assignment, Place, as_assignment
from minikafka.coordinator.client_codes import coordinator_code
from minikafka.coordinator.gathering import chain_pending, gather, map_pending, shielded
from minikafka.coordinator.result import Caller, Result
from minikafka.coordinator.share_groups.share_offsets import Altering, DeletingOffsets, Places
from minikafka.errors import INVALID_GROUP_ID, NONE, ApiError, message_of
from minikafka.pending import Pending
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsResponse,
    DeleteShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponse,
    ShareGroupDescribeResponse,
    ShareGroupHeartbeatResponse,
)

if TYPE_CHECKING:
    from minikafka.coordinator.group_coordinator import GroupRuntime
    from minikafka.coordinator.group_shard import GroupShard
    from minikafka.coordinator.share_state.outcomes import Outcome, ReadSummary
    from minikafka.coordinator.topic_metadata import TopicMetadata
    from minikafka.protocol.messages import (
        AlterShareGroupOffsetsRequest,
        DeleteShareGroupOffsetsRequest,
        DescribeShareGroupOffsetsRequest,
        ShareGroupHeartbeatRequest,
    )

_logger = logging.getLogger(__name__)

_DescribedGroup = DescribeShareGroupOffsetsResponse.DescribeShareGroupOffsetsResponseGroup
_DescribedTopic = DescribeShareGroupOffsetsResponse.DescribeShareGroupOffsetsResponseTopic
_DescribedPartition = DescribeShareGroupOffsetsResponse.DescribeShareGroupOffsetsResponsePartition
_DeletedTopic = DeleteShareGroupOffsetsResponse.DeleteShareGroupOffsetsResponseTopic

NO_OFFSET = -1
UNKNOWN_LAG = -1
UNKNOWN_COUNT = -1


class ShareStates(Protocol):
    """The share coordinator, as far as share groups ask it (``ctx.broker.share_states``)."""

    def initialize(
        self, group_id: str, topic_id: bytes, partition: int, state_epoch: int, start_offset: int
    ) -> Outcome | Pending[Outcome]: ...

    def delete(self, group_id: str, topic_id: bytes, partition: int) -> Outcome | Pending[Outcome]: ...

    def read_summary(
        self, group_id: str, topic_id: bytes, partition: int, leader_epoch: int
    ) -> ReadSummary | Pending[ReadSummary]: ...


LatestOffset = Callable[[str, int], int]
"""The end of a partition, by topic name and index. Raises ApiError when it is not known."""


class ShareGroupCoordinator:
    """See the module."""

    def __init__(self, runtime: GroupRuntime, states: ShareStates, metadata: TopicMetadata) -> None:
        self._runtime = runtime
        self._states = states
        self._metadata = metadata

    # Membership

    def heartbeat(
        self, caller: Caller, request: ShareGroupHeartbeatRequest
    ) -> ShareGroupHeartbeatResponse | Pending[ShareGroupHeartbeatResponse]:
        """Errors come with a sentence, so those that the group gives are answered where they arise."""

        def failed(code: int) -> ShareGroupHeartbeatResponse:
            return ShareGroupHeartbeatResponse(error_code=coordinator_code(code))

        def operation(shard: GroupShard) -> Result[ShareGroupHeartbeatResponse]:
            try:
                return shard.share.membership.heartbeat(caller, request, begin)
            except ApiError as error:
                return Result(response=ShareGroupHeartbeatResponse(error_code=error.code, error_message=error.message))

        def begin(places: Assignment, state_epoch: int) -> None:
            self._begin(request.group_id, places, state_epoch)

        return self._runtime.write(request.group_id, operation, failed)

    def describe(
        self, group_ids: Iterable[str]
    ) -> list[ShareGroupDescribeResponse.DescribedGroup] | Pending[list[ShareGroupDescribeResponse.DescribedGroup]]:
        return gather([self._describe(group_id) for group_id in group_ids])

    def _describe(
        self, group_id: str
    ) -> ShareGroupDescribeResponse.DescribedGroup | Pending[ShareGroupDescribeResponse.DescribedGroup]:
        def failed(code: int, message: str | None) -> ShareGroupDescribeResponse.DescribedGroup:
            return ShareGroupDescribeResponse.DescribedGroup(group_id=group_id, error_code=code, error_message=message)

        def operation(shard: GroupShard) -> ShareGroupDescribeResponse.DescribedGroup:
            try:
                return shard.share.membership.describe(group_id)
            except ApiError as error:
                return failed(error.code, error.message)

        if not group_id:
            return failed(INVALID_GROUP_ID, None)
        return self._runtime.read(group_id, operation, lambda code: failed(*_client_error(code)))

    # Offsets

    def alter_offsets(
        self, request: AlterShareGroupOffsetsRequest
    ) -> AlterShareGroupOffsetsResponse | Pending[AlterShareGroupOffsetsResponse]:
        """Let an empty or new group begin where ``request`` says."""

        def failed(code: int, message: str) -> Altering:
            return Altering(AlterShareGroupOffsetsResponse(error_code=code, error_message=message))

        def operation(shard: GroupShard) -> Result[Altering]:
            try:
                return shard.share.offsets.begin_altering(request.group_id, request.topics)
            except ApiError as error:
                return Result(response=failed(error.code, error.message))

        if not request.group_id:
            return failed(INVALID_GROUP_ID, message_of(INVALID_GROUP_ID)).response
        begun = self._runtime.write(request.group_id, operation, lambda code: failed(*_client_error(code)))
        return shielded(chain_pending(begun, lambda altering: self._alter(request.group_id, altering)))

    def _alter(
        self, group_id: str, altering: Altering
    ) -> AlterShareGroupOffsetsResponse | Pending[AlterShareGroupOffsetsResponse]:
        if not altering.start_offsets:
            return altering.response

        def ended(outcomes: dict[Place, Outcome]) -> AlterShareGroupOffsetsResponse:
            if not any(outcome.code for outcome in outcomes.values()):
                self._end_initializing(group_id, outcomes)
            return _with_outcomes(altering.response, outcomes)

        return map_pending(self._initialize(group_id, altering.start_offsets, altering.state_epoch), ended)

    def delete_offsets(
        self, request: DeleteShareGroupOffsetsRequest
    ) -> DeleteShareGroupOffsetsResponse | Pending[DeleteShareGroupOffsetsResponse]:
        """Let an empty group begin anew in the topics of ``request``."""

        def failed(code: int, message: str) -> DeletingOffsets:
            return DeletingOffsets(DeleteShareGroupOffsetsResponse(error_code=code, error_message=message))

        def operation(shard: GroupShard) -> Result[DeletingOffsets]:
            try:
                return shard.share.offsets.begin_deleting_offsets(request.group_id, request.topics)
            except ApiError as error:
                return Result(response=failed(error.code, error.message))

        if not request.group_id:
            return failed(INVALID_GROUP_ID, message_of(INVALID_GROUP_ID)).response
        begun = self._runtime.write(request.group_id, operation, lambda code: failed(*_client_error(code)))
        return shielded(chain_pending(begun, lambda deleting: self._delete(request.group_id, deleting)))

    def _delete(
        self, group_id: str, deleting: DeletingOffsets
    ) -> DeleteShareGroupOffsetsResponse | Pending[DeleteShareGroupOffsetsResponse]:
        if not deleting.places:
            return deleting.response
        return chain_pending(
            self._forget(group_id, deleting.places),
            lambda outcomes: self._end_deleting(group_id, deleting, _failed_topics(outcomes)),
        )

    def _end_deleting(
        self, group_id: str, deleting: DeletingOffsets, failed: dict[bytes, Outcome]
    ) -> DeleteShareGroupOffsetsResponse | Pending[DeleteShareGroupOffsetsResponse]:
        response = deleting.response
        response.responses += [
            _DeletedTopic(
                topic_id=topic_id,
                topic_name=deleting.names[topic_id],
                error_code=outcome.code,
                error_message=message_of(outcome.code),
            )
            for topic_id, outcome in failed.items()
        ]
        deleted = {topic_id: name for topic_id, name in deleting.names.items() if topic_id not in failed}
        if not deleted:
            return response

        def operation(shard: GroupShard) -> Result[DeleteShareGroupOffsetsResponse]:
            response.responses[:0] = [
                _DeletedTopic(topic_id=topic_id, topic_name=name) for topic_id, name in deleted.items()
            ]
            return Result(shard.share.offsets.records_of_deleted(group_id, deleted), response)

        def failed_to_note(code: int) -> DeleteShareGroupOffsetsResponse:
            code, message = _client_error(code)
            return DeleteShareGroupOffsetsResponse(error_code=code, error_message=message)

        return self._runtime.write(group_id, operation, failed_to_note)

    def describe_offsets(
        self, request: DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup, latest: LatestOffset
    ) -> _DescribedGroup | Pending[_DescribedGroup]:
        """Where a group begins, in the topics asked for, or in all that have state when ``topics`` is None."""
        group_id = request.group_id
        if request.topics is None:
            initialized = self._runtime.read(group_id, lambda shard: shard.share.offsets.initialized(group_id), Places)
            return chain_pending(initialized, lambda places: self._describe_all(group_id, places, latest))
        known = self._metadata.topics_by_name
        asked = {
            topic.topic_name: [(known[topic.topic_name].topic_id, partition) for partition in topic.partitions]
            for topic in request.topics
            if topic.topic_name in known
        }
        unknown = [
            _DescribedTopic(
                topic_name=topic.topic_name,
                partitions=[
                    _DescribedPartition(partition_index=partition, start_offset=NO_OFFSET)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
            if topic.topic_name not in known
        ]
        return self._describe_places(group_id, asked, unknown, latest)

    def _describe_all(
        self, group_id: str, initialized: Places, latest: LatestOffset
    ) -> _DescribedGroup | Pending[_DescribedGroup]:
        if initialized.code:
            return _DescribedGroup(
                group_id=group_id, error_code=initialized.code, error_message=message_of(initialized.code)
            )
        known = self._metadata.topics_by_id
        asked = {
            known[topic_id].name: [(topic_id, partition) for partition in sorted(partitions)]
            for topic_id, partitions in initialized.partitions.items()
            if topic_id in known
        }
        return self._describe_places(group_id, asked, [], latest)

    def _describe_places(
        self, group_id: str, asked: dict[str, list[Place]], unknown: list[_DescribedTopic], latest: LatestOffset
    ) -> _DescribedGroup | Pending[_DescribedGroup]:
        places = [place for of_topic in asked.values() for place in of_topic]

        def answer(summaries: list[ReadSummary]) -> _DescribedGroup:
            by_place = dict(zip(places, summaries, strict=True))
            topics = [
                _DescribedTopic(
                    topic_name=name,
                    topic_id=of_topic[0][0],
                    partitions=[_described(name, place[1], by_place[place], latest) for place in of_topic],
                )
                for name, of_topic in asked.items()
                if of_topic
            ]
            return _DescribedGroup(group_id=group_id, topics=topics + unknown)

        return map_pending(gather([self._states.read_summary(group_id, *place, 0) for place in places]), answer)

    # Deletion

    def forget_group(self, group_id: str) -> int | Pending[int]:
        """Let the share coordinator forget an empty group, before it is deleted itself. Returns a Kafka error code."""

        def forget(places: Places) -> int | Pending[int]:
            if places.code:
                return places.code
            return map_pending(self._forget(group_id, places.partitions), _first_code)

        begun = self._runtime.write(
            group_id,
            lambda shard: shard.share.offsets.begin_deleting_group(group_id),
            lambda code: Places(coordinator_code(code)),
        )
        return chain_pending(begun, forget)

    def on_topic_deleted(self, topic_id: bytes) -> None:
        """The topic is gone, and with it everybody's place in it."""
        for shard in self._runtime.shards():
            if shard.has_share_groups:
                self._runtime.write_to_shard(
                    shard,
                    lambda shard=shard: shard.share.offsets.forget_topics([topic_id]),  # type: ignore[misc]
                )

    # The share coordinator

    def _begin(self, group_id: str, places: Assignment, state_epoch: int) -> None:
        """Initialize what a heartbeat was the first to need; a later one gives it to members, or tries again."""
        start_offsets = dict.fromkeys(_places(places), NO_OFFSET)
        outcomes = self._initialize(group_id, start_offsets, state_epoch)
        map_pending(outcomes, lambda it: self._end_initializing(group_id, it))

    def _initialize(
        self, group_id: str, start_offsets: Mapping[Place, int], state_epoch: int
    ) -> dict[Place, Outcome] | Pending[dict[Place, Outcome]]:
        return _ask(
            start_offsets,
            lambda place: self._states.initialize(group_id, *place, state_epoch, start_offsets[place]),
        )

    def _end_initializing(self, group_id: str, outcomes: dict[Place, Outcome]) -> None:
        """Note that partitions have state, or, when there was any problem, that they have none."""
        places = as_assignment(outcomes)
        failure = next((outcome for outcome in outcomes.values() if outcome.code), None)
        if failure is not None:
            _logger.warning("Share group %s: partitions are not initialized: %s", group_id, failure.message)

        def operation(shard: GroupShard) -> Result[int]:
            offsets = shard.share.offsets
            records = (
                offsets.records_of_initialized(group_id, places)
                if failure is None
                else offsets.records_of_refused(group_id, places)
            )
            return Result(records, NONE)

        noted = self._runtime.write(group_id, operation, lambda code: code)
        map_pending(noted, lambda code: _log_if_not_noted(group_id, code))

    def _forget(self, group_id: str, places: Assignment) -> dict[Place, Outcome] | Pending[dict[Place, Outcome]]:
        return _ask(_places(places), lambda place: self._states.delete(group_id, *place))


def _ask(
    places: Iterable[Place], ask: Callable[[Place], Outcome | Pending[Outcome]]
) -> dict[Place, Outcome] | Pending[dict[Place, Outcome]]:
    asked = list(places)
    return map_pending(
        gather([ask(place) for place in asked]), lambda outcomes: dict(zip(asked, outcomes, strict=True))
    )


def _places(assignment: Assignment) -> list[Place]:
    return [(topic_id, partition) for topic_id, partitions in assignment.items() for partition in sorted(partitions)]


def _first_code(outcomes: Mapping[Place, Outcome]) -> int:
    return next((outcome.code for outcome in outcomes.values() if outcome.code), NONE)


def _failed_topics(outcomes: Mapping[Place, Outcome]) -> dict[bytes, Outcome]:
    """By topic id, one failure of each topic that has any."""
    return {place[0]: outcome for place, outcome in outcomes.items() if outcome.code}


def _with_outcomes(
    response: AlterShareGroupOffsetsResponse, outcomes: Mapping[Place, Outcome]
) -> AlterShareGroupOffsetsResponse:
    for topic in response.responses:
        for partition in topic.partitions:
            outcome = outcomes.get((topic.topic_id, partition.partition_index))
            if outcome is not None and outcome.code:
                partition.error_code, partition.error_message = outcome.code, outcome.message
    return response


def _described(topic: str, partition: int, summary: ReadSummary, latest: LatestOffset) -> _DescribedPartition:
    """Of a partition whose state cannot be read nothing is said, not even why."""
    described = _DescribedPartition(partition_index=partition, start_offset=NO_OFFSET, lag=UNKNOWN_LAG)
    if summary.code:
        return described
    described.start_offset, described.leader_epoch = summary.start_offset, summary.leader_epoch
    if summary.start_offset == NO_OFFSET or summary.delivery_complete_count == UNKNOWN_COUNT:
        return described
    try:
        described.lag = latest(topic, partition) - summary.start_offset - summary.delivery_complete_count
    except ApiError as error:
        return _DescribedPartition(
            partition_index=partition, error_code=error.code, error_message=message_of(error.code)
        )
    return described


def _client_error(code: int) -> tuple[int, str]:
    code = coordinator_code(code)
    return code, message_of(code)


def _log_if_not_noted(group_id: str, code: int) -> None:
    if code:
        _logger.warning("Share group %s: how initializing went could not be noted: %s", group_id, message_of(code))
