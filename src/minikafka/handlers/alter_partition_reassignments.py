"""AlterPartitionReassignments (key 45), versions 0-1: give partitions other replicas, or cancel that (KIP-455).

A partition can be taken from brokers that are gone, which is done at once; it cannot be given to any. Version 1 can
forbid another number of replicas (KIP-860). Source: ReplicationControlManager.alterPartitionReassignments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.replica_control import ReplicaControl
from minikafka.controller.topic_control import Outcome
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.handlers.context import RequestContext

_Partition = AlterPartitionReassignmentsRequest.ReassignablePartition
_Outcomes = dict[tuple[str, int], Outcome]


def handle(
    ctx: RequestContext, request: AlterPartitionReassignmentsRequest
) -> AlterPartitionReassignmentsResponse | Pending[AlterPartitionReassignmentsResponse]:
    if not request.topics:
        return AlterPartitionReassignmentsResponse(
            allow_replication_factor_change=request.allow_replication_factor_change
        )
    outcomes: _Outcomes = {}

    def prepare() -> list[VersionedRecord]:
        records: list[VersionedRecord] = []
        for topic in request.topics:
            for partition in topic.partitions:
                key = topic.name, partition.partition_index
                try:
                    records += _records(ctx, request, topic.name, partition)
                    outcomes[key] = Outcome()
                except ApiError as error:
                    has_sentence = error.code != errors.NO_REASSIGNMENT_IN_PROGRESS
                    outcomes[key] = Outcome(error.code, error.message if has_sentence else None)
        return records

    answer: Pending[AlterPartitionReassignmentsResponse] = Pending()

    def altered(error: ApiError | None) -> None:
        answer.complete(_response(request, outcomes, error))

    keys = ["leaders", *(topic.name for topic in request.topics)]
    ctx.broker.controller.write(keys, prepare).on_complete(altered)
    return answer


def part_error_response(request: AlterPartitionReassignmentsRequest, code: int) -> AlterPartitionReassignmentsResponse:
    """The answer when each partition fails, and not the request as a whole."""
    outcome = Outcome(code, errors.message_of(code))
    outcomes = {
        (topic.name, partition.partition_index): outcome for topic in request.topics for partition in topic.partitions
    }
    return _response(request, outcomes, None)


def _records(
    ctx: RequestContext, request: AlterPartitionReassignmentsRequest, topic: str, partition: _Partition
) -> list[VersionedRecord]:
    replicas = ReplicaControl(ctx.broker.image, ctx.broker.node_id)
    records = replicas.reassign(topic, partition.partition_index, partition.replicas)
    if partition.replicas is not None and not request.allow_replication_factor_change:
        current = ctx.broker.image.topics_by_name[topic].partitions[partition.partition_index].replicas
        if len(partition.replicas) != len(current):
            raise ApiError(
                errors.INVALID_REPLICATION_FACTOR,
                f"The replication factor is changed from {len(current)} to {len(partition.replicas)}",
            )
    return records


def _response(
    request: AlterPartitionReassignmentsRequest, outcomes: _Outcomes, error: ApiError | None
) -> AlterPartitionReassignmentsResponse:
    return AlterPartitionReassignmentsResponse(
        allow_replication_factor_change=request.allow_replication_factor_change,
        error_code=errors.NONE if error is None else error.code,
        error_message=None if error is None else error.message,
        responses=[
            AlterPartitionReassignmentsResponse.ReassignableTopicResponse(
                name=topic.name,
                partitions=[
                    AlterPartitionReassignmentsResponse.ReassignablePartitionResponse(
                        partition_index=partition.partition_index,
                        error_code=outcome.error,
                        error_message=outcome.message,
                    )
                    for partition in topic.partitions
                    if (outcome := outcomes.get((topic.name, partition.partition_index))) is not None
                ],
            )
            for topic in request.topics
        ],
    )
