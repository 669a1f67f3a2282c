"""Topics of an embedded broker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minikafka.embedded.caller import Caller, check, name_of_topic
from minikafka.errors import NONE, UNKNOWN_TOPIC_OR_PARTITION, ApiError, message_of
from minikafka.protocol import messages

_TIMEOUT_MS = 30_000
_TOPIC_RESOURCE = 2
_TOPIC_CONFIG_SOURCE = 1
_SET = 0
_DELETE = 1
_METADATA_VERSION = 9


class TopicCalls(Caller):
    """Create, list and delete topics."""

    def create_topic(
        self,
        topic: str,
        partitions: int = -1,
        configs: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        """:param partitions: how many; -1: as ``num.partitions`` says.
        :param configs: settings by Kafka's names; ``settings`` are further ones, with underscores for dots
            (``retention_ms=1000``).
        :raises ApiError: why it was not created.
        """
        if not isinstance(partitions, int):
            raise TypeError(f"partitions is a number, not {partitions!r}")
        given = {**(configs or {}), **{name.replace("_", "."): value for name, value in settings.items()}}
        wanted = messages.CreateTopicsRequest.CreatableTopic(
            name=name_of_topic(topic),
            num_partitions=partitions,
            replication_factor=-1,
            configs=[
                messages.CreateTopicsRequest.CreatableTopicConfig(name=name, value=_text(value))
                for name, value in given.items()
            ],
        )
        for result in self.call(messages.CreateTopicsRequest(topics=[wanted], timeout_ms=_TIMEOUT_MS), 7).topics:
            check(result.error_code, result.error_message)

    def topics(self) -> dict[str, int]:
        """Name -> number of partitions, by name; without Kafka's internal topics."""
        answer: messages.MetadataResponse = self.call(messages.MetadataRequest(topics=None), _METADATA_VERSION)
        return {
            topic.name or "": len(topic.partitions)
            for topic in sorted(answer.topics, key=lambda topic: topic.name or "")
            if not topic.is_internal
        }

    def delete_topic(self, topic: str) -> None:
        """:raises ApiError: why it is still there."""
        self.delete_topics([topic])

    def delete_topics(self, topics: list[str] | None = None) -> None:
        """:param topics: which; all of them when left out.
        :raises ApiError: why one of them is still there.
        """
        names = list(self.topics()) if topics is None else topics
        states = [messages.DeleteTopicsRequest.DeleteTopicState(name=name_of_topic(name)) for name in names]
        for result in self.call(messages.DeleteTopicsRequest(topics=states, timeout_ms=_TIMEOUT_MS), 6).responses:
            check(result.error_code, f"{result.name}: {result.error_message}" if result.error_message else None)

    def topic_configs(self, topic: str) -> dict[str, str]:
        """The settings that were made for the topic itself. Raises ApiError."""
        return self._own_configs(_TOPIC_RESOURCE, name_of_topic(topic), _TOPIC_CONFIG_SOURCE)

    def configure_topic(
        self, topic: str, configs: Mapping[str, object | None] | None = None, **settings: object | None
    ) -> None:
        """Change settings of a topic, named as in ``create_topic``; None goes back to the default. Raises ApiError."""
        self._configure(_TOPIC_RESOURCE, topic, configs, settings)

    def _own_configs(self, resource_type: int, name: str, source: int) -> dict[str, str]:
        """The settings of a resource that come from ``source``, both by Kafka's numbers. Raises ApiError."""
        resource = messages.DescribeConfigsRequest.DescribeConfigsResource(
            resource_type=resource_type, resource_name=name, configuration_keys=None
        )
        [result] = self.call(messages.DescribeConfigsRequest(resources=[resource]), 4).results
        check(result.error_code, result.error_message or f"{name}: {message_of(result.error_code)}")
        return {entry.name: entry.value for entry in result.configs if entry.config_source == source}

    def _configure(
        self,
        resource_type: int,
        name: str,
        configs: Mapping[str, object | None] | None,
        settings: Mapping[str, object | None],
    ) -> None:
        """Change settings of a resource; ``settings`` have underscores for dots. Raises ApiError."""
        given = {**(configs or {}), **{key.replace("_", "."): value for key, value in settings.items()}}
        wanted = messages.IncrementalAlterConfigsRequest.AlterConfigsResource(
            resource_type=resource_type,
            resource_name=name,
            configs=[
                messages.IncrementalAlterConfigsRequest.AlterableConfig(
                    name=key,
                    config_operation=_DELETE if value is None else _SET,
                    value=None if value is None else _text(value),
                )
                for key, value in given.items()
            ],
        )
        for result in self.call(messages.IncrementalAlterConfigsRequest(resources=[wanted]), 1).responses:
            check(result.error_code, result.error_message)

    def partition_count(self, topic: str, *, creates: bool = False) -> int:
        """How many partitions a topic has, 0 when it is not there; with ``creates`` it is made then, if the broker
        does so for clients. Raises ApiError."""
        request = messages.MetadataRequest(
            topics=[messages.MetadataRequest.MetadataRequestTopic(name=name_of_topic(topic))],
            allow_auto_topic_creation=False,
        )
        count = _partitions(self.call(request, _METADATA_VERSION))
        if count == 0 and creates:
            request.allow_auto_topic_creation = True
            self.call(request, _METADATA_VERSION)
            request.allow_auto_topic_creation = False
            count = _partitions(self.call(request, _METADATA_VERSION))
            if count == 0:
                raise ApiError(
                    UNKNOWN_TOPIC_OR_PARTITION,
                    f"there is no topic {topic!r}, and it could not be created: create_topic",
                )
        return count


def _partitions(answer: messages.MetadataResponse) -> int:
    [topic] = answer.topics
    if topic.error_code not in (NONE, UNKNOWN_TOPIC_OR_PARTITION):
        raise ApiError(topic.error_code, f"{topic.name}: {message_of(topic.error_code)}")
    return len(topic.partitions)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
