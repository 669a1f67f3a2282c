"""Answers with an error code in them: for the whole of a request, or for one of its topics or partitions while the rest
is done.

Where the code belongs is known to each handler: ``error_response`` is the answer to a request that fails as a whole,
``part_error_response``, where that is another one, to a request whose partitions all fail. A part of a request is
answered in one of three ways. APIs of logs find the log of the partition failed (``failing_logs``). Of those that
change something else the request is taken apart: what is meant is refused, the rest done, and both answers are put
together. Those that only read are done, and the code put into their answer.
"""

from __future__ import annotations

from copy import copy
from importlib import import_module
from typing import TYPE_CHECKING, Any

from minikafka import handlers
from minikafka.errors import (
    FETCH_SESSION_ID_NOT_FOUND,
    FETCH_SESSION_TOPIC_ID_ERROR,
    INVALID_FETCH_SESSION_EPOCH,
    INVALID_SHARE_SESSION_EPOCH,
    SHARE_SESSION_LIMIT_REACHED,
    SHARE_SESSION_NOT_FOUND,
    message_of,
)
from minikafka.faults import contents, names
from minikafka.faults.calls import Call, GoOn, when_answered
from minikafka.faults.failing_logs import FailingServices
from minikafka.handlers import API_BY_KEY
from minikafka.protocol.primitives import ZERO_UUID
from minikafka.protocol.structs import Struct

if TYPE_CHECKING:
    from minikafka.faults.selection import Selection
    from minikafka.state.metadata_image import MetadataImage

_FETCH = names.api_key("Fetch")
_DESCRIBE_LOG_DIRS = names.api_key("DescribeLogDirs")
_ELECT_LEADERS = names.api_key("ElectLeaders")
_SHARING = names.api_keys(("ShareAcknowledge", "ShareFetch"))

_OF_LOGS = names.api_keys(
    (
        "DeleteRecords",
        "DescribeProducers",
        "Fetch",
        "ListOffsets",
        "OffsetForLeaderEpoch",
        "Produce",
        "ShareAcknowledge",
        "ShareFetch",
    )
)
_OF_PARTS = names.api_keys(
    (
        "AddPartitionsToTxn",
        "AlterConfigs",
        "AlterPartitionReassignments",
        "AlterReplicaLogDirs",
        "AlterShareGroupOffsets",
        "CreatePartitions",
        "CreateTopics",
        "DeleteShareGroupOffsets",
        "DeleteShareGroupState",
        "DeleteTopics",
        "ElectLeaders",
        "IncrementalAlterConfigs",
        "InitializeShareGroupState",
        "OffsetCommit",
        "OffsetDelete",
        "ReadShareGroupState",
        "ReadShareGroupStateSummary",
        "TxnOffsetCommit",
        "WriteShareGroupState",
        "WriteTxnMarkers",
    )
)
_READING = names.api_keys(
    (
        "DescribeConfigs",
        "DescribeQuorum",
        "DescribeShareGroupOffsets",
        "DescribeTopicPartitions",
        "Metadata",
        "OffsetFetch",
    )
)

_SESSION_CODES = frozenset({FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR})
"""Of a fetch as a whole."""
_SHARE_SESSION_CODES = frozenset({SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH, SHARE_SESSION_LIMIT_REACHED})
"""Of a share fetch, or of acknowledgements, as a whole."""
_UNNAMED = (None, "", bytes(16))
_CODE_FIELDS = ("error_code", "partition_error_code")


def check_can_fail(selection: Selection) -> None:
    """:raises ValueError: no answer has a place for the error of a topic or partition alone."""
    if selection.topic is None:
        return
    for key in selection.api_keys:
        if key not in _OF_LOGS | _OF_PARTS | _READING:
            raise ValueError(f"{API_BY_KEY[key].name} does not fail for a topic alone: leave topic= out")


def refuse(call: Call, go_on: GoOn, selection: Selection, code: int, message: str | None) -> Any:
    """The answer to ``call`` in which what is selected fails with ``code``, and all else is as ``go_on`` has it."""
    key = call.request.api_key
    if key == _FETCH and code not in _SESSION_CODES:
        # A fetch of a session does not say what it fetches, and the codes of partitions mean nothing elsewhere.
        return _refuse_logs(call, go_on, selection, code, message)
    if selection.topic is None or (key in _SHARING and code in _SHARE_SESSION_CODES):
        return _refuse_all(call, go_on, code, message)
    if key in _OF_LOGS:
        return _refuse_logs(call, go_on, selection, code, message)
    if key in _READING:
        return when_answered(
            call, go_on(call), lambda response: _put_in(response, selection, call.node.services.image, code, message)
        )
    return _refuse_part(call, go_on, selection, code, message)


def refuse_answered(call: Call, response: Any, selection: Selection, code: int, message: str | None) -> Any:
    """``response``, the answer to what was done, with ``code`` at what is selected."""
    if selection.topic is None:
        return _refuse_all(call, lambda _: response, code, message)
    return None if response is None else _put_in(response, selection, call.node.services.image, code, message)


def _refuse_all(call: Call, go_on: GoOn, code: int, message: str | None) -> Any:
    request = call.request
    if request.api_key == _DESCRIBE_LOG_DIRS and request.api_version < 3:
        # Before version 3 it has codes of directories only, which the request does not name.
        return when_answered(call, go_on(call), lambda response: _put_in_each(response, "results", code))
    if request.api_key == _ELECT_LEADERS and request.api_version < 1:
        # Before version 1 it has codes of partitions only.
        return _refused_part(call, code, message)
    return _worded(call.refuse(code), code, message)


def _refuse_logs(call: Call, go_on: GoOn, selection: Selection, code: int, message: str | None) -> Any:
    return go_on(call.with_services(FailingServices(call.services, selection.takes, code, message)))


def _refuse_part(call: Call, go_on: GoOn, selection: Selection, code: int, message: str | None) -> Any:
    image = call.node.services.image
    meant, rest = _split(call.request.message, selection, image)
    refused = _refused_part(call.with_message(meant), code, message)
    if not _names_topics(rest, image):
        return refused
    return when_answered(call, go_on(call.with_message(rest)), lambda response: _merged(response, refused))


def _refused_part(call: Call, code: int, message: str | None) -> Any:
    """As the whole of a request that names nothing else; with the codes at the partitions, also where the answer has
    one for the request."""
    handler = import_module(f"{handlers.__name__}.{API_BY_KEY[call.request.api_key].module}")
    part_error_response = getattr(handler, "part_error_response", None)
    refused = call.refuse(code) if part_error_response is None else part_error_response(call.request.message, code)
    _set_topic_ids(refused, call.node.services.image)
    return _worded(refused, code, message)


def _set_topic_ids(response: Any, image: MetadataImage) -> None:
    """Where topics are asked for by name, and answered with their ids besides."""
    for _, values in contents.lists(response):
        for value in values:
            known = image.topics_by_name.get(getattr(value, "topic_name", ""))
            if known is not None and getattr(value, "topic_id", None) == ZERO_UUID:
                value.topic_id = known.topic_id


# Taking requests apart, and putting answers together.


def _split(message: Any, selection: Selection, image: MetadataImage) -> tuple[Any, Any]:
    """The message with only what is selected, and without it. Both share with it all but the lists of topics."""
    meant, rest = copy(message), copy(message)
    for name in message.field_names:
        values = getattr(message, name)
        if isinstance(values, list) and values:
            meant_values, rest_values = _split_list(name, values, selection, image)
            setattr(meant, name, meant_values)
            setattr(rest, name, rest_values)
    return meant, rest


def _split_list(
    name: str, values: list[Any], selection: Selection, image: MetadataImage
) -> tuple[list[Any], list[Any]]:
    if isinstance(values[0], str) and "topic" in name:
        return [v for v in values if selection.takes(v, None)], [v for v in values if not selection.takes(v, None)]
    if not isinstance(values[0], Struct):
        return values, values
    meant: list[Any] = []
    rest: list[Any] = []
    for value in values:
        topic = contents.topic_of(name, value, image)
        if topic is None:
            for into, part in zip((meant, rest), _split(value, selection, image), strict=True):
                if _names_topics(part, image):
                    into.append(part)
            if not _names_topics(value, image):
                rest.append(value)
            continue
        indexes = list(contents.partition_indexes(value))
        if not indexes:
            (meant if selection.takes(topic, None) else rest).append(value)
            continue
        for into, is_meant in ((meant, True), (rest, False)):
            if any(selection.takes(topic, index) is is_meant for index in indexes):
                into.append(_with_partitions(value, topic, selection, is_meant))
    return meant, rest


def _names_topics(part: Any, image: MetadataImage) -> bool:
    return next(contents.topic_partitions(part, image), None) is not None


def _with_partitions(value: Any, topic: str, selection: Selection, is_meant: bool) -> Any:
    reduced = copy(value)
    for name, parts in contents.lists(value):
        kept = [
            part
            for part in parts
            if (index := part if isinstance(part, int) else contents.partition_of(part)) is None
            or selection.takes(topic, index) is is_meant
        ]
        setattr(reduced, name, kept)
    return reduced


def _merged(response: Any, refused: Any) -> Any:
    """``response``, and in its lists what ``refused`` has there."""
    for name, values in contents.lists(refused):
        into = getattr(response, name)
        for value in values:
            same = next((each for each in into if _stands_for_the_same(each, value)), None)
            if same is None:
                into.append(value)
            else:
                _merged(same, value)
    return response


def _stands_for_the_same(one: Any, other: Any) -> bool:
    names = ("name", "topic", "topic_name", "topic_id", "transactional_id", "producer_id")
    keys = [name for name in names if all(getattr(each, name, None) not in _UNNAMED for each in (one, other))]
    return bool(keys) and all(getattr(one, name) == getattr(other, name) for name in keys)


def _put_in(response: Any, selection: Selection, image: MetadataImage, code: int, message: str | None) -> Any:
    for name, values in contents.lists(response):
        for value in values:
            if not isinstance(value, Struct):
                break
            topic = contents.topic_of(name, value, image)
            if topic is None:
                _put_in(value, selection, image, code, message)
            elif selection.takes(topic, None):
                _put_in_topic(value, topic, selection, code, message)
    return response


def _put_in_topic(part: Any, topic: str, selection: Selection, code: int, message: str | None) -> None:
    if selection.partition is None:
        _set_code(part, code, message)
    for _, partitions in contents.lists(part):
        for partition in partitions:
            index = contents.partition_of(partition) if isinstance(partition, Struct) else None
            if index is not None and selection.takes(topic, index):
                _set_code(partition, code, message)


def _put_in_each(response: Any, list_name: str, code: int) -> Any:
    for part in getattr(response, list_name):
        _set_code(part, code, None)
    return response


def _worded(part: Any, code: int, message: str | None) -> Any:
    """The answer with another sentence wherever it has one for this error."""
    if message is not None:
        if hasattr(part, "error_message") and part.error_code == code:
            part.error_message = message
        for _, values in contents.lists(part):
            for value in values:
                if isinstance(value, Struct):
                    _worded(value, code, message)
    return part


def _set_code(part: Any, code: int, message: str | None) -> None:
    for name in _CODE_FIELDS:
        if hasattr(part, name):
            setattr(part, name, code)
            if hasattr(part, "error_message"):
                part.error_message = message or message_of(code)
