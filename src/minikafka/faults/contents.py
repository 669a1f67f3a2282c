"""What a request or response is about: its topics and partitions, groups and transactional ids, found by the names that
Kafka's schemas have for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from minikafka.protocol.structs import Struct

if TYPE_CHECKING:
    from minikafka.state.metadata_image import MetadataImage

TopicPartition = tuple[str, "int | None"]
"""A topic and one of its partitions, or None where the topic as a whole is meant."""

PARTITION_FIELDS = ("partition_index", "partition", "partition_id", "index")
_PARTITION_LISTS = ("partitions", "partition_indexes")
_TOPIC_FIELDS = ("topic", "topic_name")
_TOPIC_LISTS = ("responses", "results")
"""Lists of topics, besides those that have the word in their name."""
_TOPIC_RESOURCE = 2
_NO_ID = bytes(16)
_GROUP_LISTS = ("groups", "group_ids", "groups_names")
_GROUP_KEY, _TRANSACTION_KEY, _SHARE_KEY = 0, 1, 2


def topic_partitions(message: Any, image: MetadataImage) -> Iterator[TopicPartition]:
    """All that a message names. Topics that it names by id are looked up in ``image``."""
    for name, values in lists(message):
        if values and isinstance(values[0], str):
            if "topic" in name:
                yield from ((value, None) for value in values)
            continue
        for value in values:
            if not isinstance(value, Struct):
                break
            topic = topic_of(name, value, image)
            if topic is None:
                yield from topic_partitions(value, image)
                continue
            is_named_as_a_whole = True
            for index in partition_indexes(value):
                is_named_as_a_whole = False
                yield topic, index
            if is_named_as_a_whole:
                yield topic, None


def topic_of(list_name: str, part: Any, image: MetadataImage) -> str | None:
    """The topic that an element of a list stands for; None when it stands for something else."""
    for field in _TOPIC_FIELDS:
        topic: str | None = getattr(part, field, None)
        if topic:
            return topic
    topic_id = getattr(part, "topic_id", _NO_ID)
    if topic_id != _NO_ID:
        known = image.topics_by_id.get(topic_id)
        if known is not None:
            return known.name
    if getattr(part, "resource_type", None) == _TOPIC_RESOURCE:
        return str(part.resource_name)
    if "topic" in list_name or list_name in _TOPIC_LISTS:
        return getattr(part, "name", None) or None
    return None


def partition_indexes(topic_part: Any) -> Iterator[int]:
    """Of a topic's part of a message."""
    for name, values in lists(topic_part):
        for value in values:
            if isinstance(value, int):
                if name in _PARTITION_LISTS:
                    yield value
            elif isinstance(value, Struct):
                index = partition_of(value)
                if index is not None:
                    yield index


def partition_of(part: Any) -> int | None:
    """The partition that an element of a topic's list stands for."""
    for field in PARTITION_FIELDS:
        index: int | None = getattr(part, field, None)
        if index is not None:
            return index
    return None


def groups(message: Any) -> Iterator[str]:
    """The ids of the groups that a message names."""
    if getattr(message, "key_type", None) == _GROUP_KEY:
        yield from _coordinator_keys(message)
    elif getattr(message, "key_type", None) == _SHARE_KEY:
        # GROUP:TOPIC-ID:PARTITION, of which only a group may have colons.
        yield from (key.rsplit(":", 2)[0] for key in _coordinator_keys(message))
    for name, value in _strings(message, 2):
        if name == "group_id" or name in _GROUP_LISTS:
            yield value


def transactional_ids(message: Any) -> Iterator[str]:
    """Those that a message names."""
    if getattr(message, "key_type", None) == _TRANSACTION_KEY:
        yield from _coordinator_keys(message)
    for name, value in _strings(message, 1):
        if name.endswith(("transactional_id", "transactional_ids")):
            yield value


def error_codes(message: Any) -> Iterator[int]:
    """Of a response, wherever they are; 0 included."""
    for name in message.field_names:
        value = getattr(message, name)
        if name.endswith("error_code"):
            yield value
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, Struct):
                    yield from error_codes(each)


def _coordinator_keys(message: Any) -> Iterator[str]:
    yield from message.coordinator_keys
    if message.key:
        yield message.key


def _strings(message: Any, depth: int) -> Iterator[tuple[str, str]]:
    """(field, value) of the texts in a message that are not empty, and in its lists of structs, down to a depth."""
    for name in message.field_names:
        value = getattr(message, name)
        if isinstance(value, str):
            if value:
                yield name, value
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, str):
                    yield name, each
                elif isinstance(each, Struct) and depth:
                    yield from _strings(each, depth - 1)


def lists(message: Any) -> Iterator[tuple[str, list[Any]]]:
    """(field, value) of the lists in a message or in a part of one."""
    for name in message.field_names:
        value = getattr(message, name)
        if isinstance(value, list):
            yield name, value
