"""DeleteTopics (key 20), versions 0-6: by name, from version 6 on also by id (KIP-516).

The logs are out of the way, under a "-delete" name, when the answer goes out. Source: ControllerApis.deleteTopics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import DeleteTopicsRequest, DeleteTopicsResponse

if TYPE_CHECKING:
    from minikafka.controller.topic_control import Outcome
    from minikafka.handlers.context import RequestContext

_NO_ID = bytes(16)
_FIRST_VERSION_WITH_DELETION_DISABLED = 3

_Result = DeleteTopicsResponse.DeletableTopicResult


def handle(ctx: RequestContext, request: DeleteTopicsRequest) -> DeleteTopicsResponse | Pending[DeleteTopicsResponse]:
    if not ctx.broker.controller.config["delete.topic.enable"]:
        if ctx.api_version < _FIRST_VERSION_WITH_DELETION_DISABLED:
            raise ApiError(errors.INVALID_REQUEST, "Topic deletion is disabled.")
        raise ApiError(errors.TOPIC_DELETION_DISABLED)
    refused: list[_Result] = []
    names, ids = _wanted(request, refused)
    topics = _resolve(ctx, names, ids, refused)
    if not topics:
        return DeleteTopicsResponse(responses=refused)
    answer: Pending[DeleteTopicsResponse] = Pending()

    def deleted(outcomes: dict[bytes, Outcome]) -> None:
        results = [
            _result(topics[topic_id], topic_id, outcome.error, outcome.message)
            for topic_id, outcome in outcomes.items()
        ]
        answer.complete(DeleteTopicsResponse(responses=refused + results))

    ctx.broker.controller.delete_topics(topics).on_complete(deleted)
    return answer


def error_response(request: DeleteTopicsRequest, code: int) -> DeleteTopicsResponse:
    """The answer when the request fails as a whole."""
    message = errors.message_of(code)
    by_name = [_result(name, _NO_ID, code, message) for name in request.topic_names]
    return DeleteTopicsResponse(
        responses=by_name + [_result(topic.name, topic.topic_id, code, message) for topic in request.topics]
    )


def _wanted(request: DeleteTopicsRequest, refused: list[_Result]) -> tuple[list[str], list[bytes]]:
    """The names and the ids that are there once; what is not acceptable goes to ``refused``."""
    names = list(request.topic_names)
    ids: list[bytes] = []
    for topic in request.topics:
        has_id = topic.topic_id != _NO_ID
        if topic.name is None and not has_id:
            refused.append(_invalid(None, _NO_ID, "Neither topic name nor id were specified."))
        elif topic.name is not None and has_id:
            refused.append(_invalid(topic.name, topic.topic_id, "You may not specify both topic name and topic id."))
        elif topic.name is not None:
            names.append(topic.name)
        else:
            ids.append(topic.topic_id)
    name_counts, id_counts = Counter(names), Counter(ids)
    refused += [_invalid(name, _NO_ID, "Duplicate topic name.") for name in name_counts if name_counts[name] > 1]
    refused += [_invalid(None, topic_id, "Duplicate topic id.") for topic_id in id_counts if id_counts[topic_id] > 1]
    return (
        [name for name in name_counts if name_counts[name] == 1],
        [topic_id for topic_id in id_counts if id_counts[topic_id] == 1],
    )


def _resolve(
    ctx: RequestContext, names: Iterable[str], ids: Iterable[bytes], refused: list[_Result]
) -> dict[bytes, str]:
    """Topic id -> name of the topics to delete."""
    image = ctx.broker.image
    topics: dict[bytes, str] = {}
    for topic_id in ids:
        known = image.topics_by_id.get(topic_id)
        if known is None:
            refused.append(_failed(None, topic_id, errors.UNKNOWN_TOPIC_ID))
        else:
            topics[topic_id] = known.name
    for name in names:
        known = image.topics_by_name.get(name)
        if known is None:
            refused.append(_failed(name, _NO_ID, errors.UNKNOWN_TOPIC_OR_PARTITION))
        elif topics.pop(known.topic_id, None) is not None:
            sentence = "The provided topic name maps to an ID that was already supplied."
            refused.append(_invalid(name, known.topic_id, sentence))
        else:
            topics[known.topic_id] = name
    return topics


def _result(name: str | None, topic_id: bytes, code: int, message: str | None) -> _Result:
    return _Result(name=name, topic_id=topic_id, error_code=code, error_message=message)


def _invalid(name: str | None, topic_id: bytes, sentence: str) -> _Result:
    return _result(name, topic_id, errors.INVALID_REQUEST, sentence)


def _failed(name: str | None, topic_id: bytes, code: int) -> _Result:
    return _result(name, topic_id, code, errors.message_of(code))
