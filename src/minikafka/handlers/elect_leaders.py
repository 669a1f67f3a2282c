"""ElectLeaders (key 43), versions 0-2: make the preferred, or any, replica the leader (KIP-183, KIP-460).

On one node a partition that has a leader has the right one. Those that were led by brokers that are gone can be given
to this node, if it has a replica. Source: ReplicationControlManager.electLeaders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.replica_control import PREFERRED, UNCLEAN, ReplicaControl
from minikafka.controller.topic_control import Outcome
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import ElectLeadersRequest, ElectLeadersResponse

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.handlers.context import RequestContext

_TopicResult = ElectLeadersResponse.ReplicaElectionResult
_FIRST_VERSION_WITH_ERROR = 1


def handle(ctx: RequestContext, request: ElectLeadersRequest) -> ElectLeadersResponse | Pending[ElectLeadersResponse]:
    if request.election_type not in {PREFERRED, UNCLEAN}:
        outcome = Outcome(errors.INVALID_REQUEST, f"Unknown election type {request.election_type}")
        return _refused(ctx.api_version, request, outcome)
    wanted = request.topic_partitions
    asked = _everything(ctx) if wanted is None else [(topic.topic, list(topic.partitions)) for topic in wanted]
    outcomes: dict[tuple[str, int], Outcome] = {}

    def prepare() -> list[VersionedRecord]:
        replicas = ReplicaControl(ctx.broker.image, ctx.broker.node_id)
        records: list[VersionedRecord] = []
        for topic, indexes in asked:
            for index in indexes:
                try:
                    records.append(replicas.elect(request.election_type, topic, index))
                    outcomes[topic, index] = Outcome()
                except ApiError as error:
                    outcomes[topic, index] = Outcome(error.code, error.message)
        return records

    answer: Pending[ElectLeadersResponse] = Pending()

    def elected(error: ApiError | None) -> None:
        if error is not None:
            answer.complete(_refused(ctx.api_version, request, Outcome(error.code, error.message)))
            return
        # Who asks for all partitions is not told of those with which nothing was to be done.
        left_out = errors.ELECTION_NOT_NEEDED if wanted is None else None
        answer.complete(
            ElectLeadersResponse(
                replica_election_results=[
                    _result(topic, {index: outcomes[topic, index] for index in indexes}, left_out)
                    for topic, indexes in asked
                ]
            )
        )

    ctx.broker.controller.write(["leaders", *(topic for topic, _ in asked)], prepare).on_complete(elected)
    return answer


def part_error_response(request: ElectLeadersRequest, code: int) -> ElectLeadersResponse:
    """The answer when each partition fails, and not the request as a whole."""
    return _alike(request, Outcome(code, errors.message_of(code)))


def _everything(ctx: RequestContext) -> list[tuple[str, list[int]]]:
    topics = ctx.broker.image.topics_by_name.values()
    return [(topic.name, [partition.index for partition in topic.partitions]) for topic in topics]


def _result(topic: str, outcomes: dict[int, Outcome], left_out: int | None) -> _TopicResult:
    return _TopicResult(
        topic=topic,
        partition_result=[
            ElectLeadersResponse.PartitionResult(
                partition_id=index, error_code=outcome.error, error_message=outcome.message
            )
            for index, outcome in outcomes.items()
            if outcome.error != left_out
        ],
    )


def _refused(version: int, request: ElectLeadersRequest, outcome: Outcome) -> ElectLeadersResponse:
    response = _alike(request, outcome)
    if version >= _FIRST_VERSION_WITH_ERROR:
        response.error_code = outcome.error
    return response


def _alike(request: ElectLeadersRequest, outcome: Outcome) -> ElectLeadersResponse:
    return ElectLeadersResponse(
        replica_election_results=[
            _result(topic.topic, dict.fromkeys(topic.partitions, outcome), None)
            for topic in request.topic_partitions or []
        ]
    )
