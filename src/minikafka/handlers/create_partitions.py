"""CreatePartitions (key 37), versions 0-3: let topics grow (KIP-195).

Source: ControllerApis.createPartitions, ReplicationControlManager.createPartitions.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.topic_control import NewPartitions, Outcome
from minikafka.pending import Pending
from minikafka.protocol.messages import CreatePartitionsRequest, CreatePartitionsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_Result = CreatePartitionsResponse.CreatePartitionsTopicResult


def handle(
    ctx: RequestContext, request: CreatePartitionsRequest
) -> CreatePartitionsResponse | Pending[CreatePartitionsResponse]:
    counts = Counter(topic.name for topic in request.topics)
    refused = [
        _result(name, Outcome(errors.INVALID_REQUEST, "Duplicate topic name."))
        for name, count in counts.items()
        if count > 1
    ]
    wishes = [
        NewPartitions(
            topic.name,
            topic.count,
            None if topic.assignments is None else [assignment.broker_ids for assignment in topic.assignments],
        )
        for topic in request.topics
        if counts[topic.name] == 1
    ]
    if not wishes:
        return CreatePartitionsResponse(results=refused)
    answer: Pending[CreatePartitionsResponse] = Pending()

    def created(outcomes: list[Outcome]) -> None:
        results = [_result(wish.name, outcome) for wish, outcome in zip(wishes, outcomes, strict=True)]
        answer.complete(CreatePartitionsResponse(results=refused + results))

    ctx.broker.controller.create_partitions(wishes, validate_only=request.validate_only).on_complete(created)
    return answer


def error_response(request: CreatePartitionsRequest, code: int) -> CreatePartitionsResponse:
    """The answer when the request fails as a whole."""
    outcome = Outcome(code, errors.message_of(code))
    return CreatePartitionsResponse(results=[_result(topic.name, outcome) for topic in request.topics])


def _result(name: str, outcome: Outcome) -> _Result:
    return _Result(name=name, error_code=outcome.error, error_message=outcome.message)
