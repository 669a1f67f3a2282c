"""Which requests are meant: the filters that faults and the request log share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.faults import contents, names
from minikafka.handlers import API_BY_KEY
from minikafka.protocol.messages import request_class

if TYPE_CHECKING:
    from minikafka.protocol.connection import Request
    from minikafka.state.metadata_image import MetadataImage

_METADATA, _DESCRIBE_TOPIC_PARTITIONS = 3, 75


FILTERS = ("topic", "partition", "client_id", "group", "transactional_id", "when")


def ensure_filters(given: Iterable[str]) -> None:
    """:raises TypeError: requests are not selected by that."""
    for name in given:
        if name not in FILTERS:
            raise TypeError(f"requests are not selected by {name}=; there are {', '.join(FILTERS)}")


class Selection:
    """Requests of some APIs about a topic, a partition, a group, a transactional id, or sent by a client.

    :param api: Kafka's name or number of an API, several of them, or ``"*"`` for all.
    :param when: given the decoded request, says whether it is meant.
    :raises ValueError: no request can be meant by this.
    """

    __slots__ = ("api_keys", "client_id", "group", "partition", "topic", "transactional_id", "when")

    def __init__(
        self,
        api: str | int | Iterable[str | int] = names.ALL,
        *,
        topic: str | None = None,
        partition: int | None = None,
        client_id: str | None = None,
        group: str | None = None,
        transactional_id: str | None = None,
        when: Callable[[Any], object] | None = None,
    ) -> None:
        if partition is not None and topic is None:
            raise ValueError(f"partition {partition} of which topic? Say topic=... too")
        if partition is not None and not isinstance(partition, int):
            raise TypeError(f"a partition is a number, not {partition!r}")
        if when is not None and not callable(when):
            raise TypeError(f"when is a function of the decoded request, not {when!r}")
        self.api_keys = names.api_keys(api)
        self.topic = topic
        self.partition = partition
        self.client_id = client_id
        self.group = group
        self.transactional_id = transactional_id
        self.when = when
        for filter_name, wanted, is_named in (
            ("topic", topic, _names_topics),
            ("group", group, _names_groups),
            ("transactional_id", transactional_id, _names_transactional_ids),
        ):
            if wanted is not None and not any(map(is_named, self.api_keys)):
                apis = ", ".join(API_BY_KEY[key].name for key in sorted(self.api_keys))
                raise ValueError(f"no request of {apis} says a {filter_name}, so {filter_name}={wanted!r} fits none")

    def fits(self, request: Request, image: MetadataImage, topic_partitions: Iterable[contents.TopicPartition]) -> bool:
        """Whether a request is meant. ``topic_partitions`` are those it is about besides what it says itself."""
        if request.api_key not in self.api_keys:
            return False
        if self.client_id is not None and request.client_id != self.client_id:
            return False
        message = request.message
        if self.group is not None and self.group not in contents.groups(message):
            return False
        if self.transactional_id is not None and self.transactional_id not in contents.transactional_ids(message):
            return False
        if self.topic is not None and not (
            any(self.takes(*each) for each in contents.topic_partitions(message, image))
            or any(self.takes(*each) for each in topic_partitions)
            or (self.topic in image.topics_by_name and _asks_for_all_topics(request))
        ):
            return False
        return self.when is None or bool(self.when(message))

    def takes(self, topic: str | None, partition: int | None) -> bool:
        """Whether this partition (None: the topic as a whole) is meant."""
        if self.topic is None:
            return True
        return topic == self.topic and (self.partition is None or partition is None or partition == self.partition)

    def __str__(self) -> str:
        apis = [API_BY_KEY[key].name for key in sorted(self.api_keys)]
        which = "all requests" if len(apis) == len(API_BY_KEY) else ", ".join(apis)
        for word, value in (
            ("topic", self.topic),
            ("partition", self.partition),
            ("client id", self.client_id),
            ("group", self.group),
            ("transactional id", self.transactional_id),
        ):
            if value is not None:
                which += f" of {word} {value!r}"
        return which + (" when " + getattr(self.when, "__name__", "asked") if self.when is not None else "")


def _asks_for_all_topics(request: Request) -> bool:
    topics = getattr(request.message, "topics", ())
    if topics is None:
        return True
    is_all_by_empty_list = request.api_key == _DESCRIBE_TOPIC_PARTITIONS or (
        request.api_key == _METADATA and request.api_version == 0
    )
    return is_all_by_empty_list and not topics


def _names_topics(api_key: int) -> bool:
    return any("topic" in name or name == "resource_name" for name in _field_names(api_key))


def _names_groups(api_key: int) -> bool:
    return any(
        name in ("group_id", "groups", "group_ids", "groups_names", "key_type") for name in _field_names(api_key)
    )


def _names_transactional_ids(api_key: int) -> bool:
    endings = ("transactional_id", "transactional_ids", "key_type")
    return any(name.endswith(endings) for name in _field_names(api_key))


def _field_names(api_key: int) -> Iterable[str]:
    return _names_in(request_class(api_key)._schema)


def _names_in(struct: Any) -> Iterable[str]:
    for field in struct.fields:
        yield field.name
        if field.struct is not None:
            yield from _names_in(field.struct)
