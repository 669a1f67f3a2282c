"""What any Kafka has, over its protocol, in the shape in which an embedded broker gives what it has."""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.client.admin import configs
from minikafka.client.admin.group_offsets import fetch_offsets
from minikafka.client.admin.groups import SHARE, list_groups
from minikafka.client.admin.topics import list_topics
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import Consumer, ConsumerSettings
from minikafka.client.consuming.fetcher import FetchSettings
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.leaders import Leaders
from minikafka.client.offsets import LATEST, list_offsets
from minikafka.embedded.plain_types import CommittedOffset, Record
from minikafka.errors import NONE, ApiError
from minikafka.protocol.messages import DescribeConfigsRequest

_TOPIC_CONFIG_SOURCE = configs.SOURCES[1]
_POLL_S = 1.0


class KafkaSource:
    """A ``Source`` (see ``copying``)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def topics(self) -> dict[str, int]:
        return {topic.name: len(topic.partitions) for topic in list_topics(self._cluster) if not topic.is_internal}

    def topic_configs(self, topic: str) -> dict[str, str]:
        if self._cluster.any_broker().served_versions(DescribeConfigsRequest.api_key) is None:
            return {}  # Before Kafka 0.11 only ZooKeeper could tell.
        resource = configs.Resource(configs.TOPIC, topic)
        return {
            entry.name: entry.value
            for entry in configs.describe_configs(self._cluster, [resource])[resource]
            if entry.source == _TOPIC_CONFIG_SOURCE and entry.value is not None
        }

    def committed_records(self, topic: str) -> Iterator[Record]:
        leaders = Leaders(self._cluster, allow_auto_topic_creation=False)
        ends = {}
        partitions = [(topic, index) for index in range(self.topics()[topic])]
        wanted = dict.fromkeys(partitions, LATEST)
        for where, found in list_offsets(self._cluster, leaders, wanted, read_committed=True).items():
            if found.error_code != NONE:
                raise ApiError(found.error_code, f"{topic}-{where[1]} cannot be read")
            ends[where] = found.offset
        settings = ConsumerSettings(
            auto_offset_reset="earliest", allow_auto_create_topics=False, fetch=FetchSettings(read_committed=True)
        )
        consumer = Consumer(self._cluster, settings)
        consumer.assign([where for where in partitions if ends[where] > 0])
        while any(consumer.positions.get(where, 0) < ends[where] for where in consumer.assignment):
            consumer.poll(_POLL_S)
            while consumer.has_fetched:
                taken = consumer.take()
                record = taken.fetched.record
                if record.offset < ends[topic, taken.partition]:
                    yield Record(topic, taken.partition, *record)

    def group_offsets(self) -> dict[str, dict[tuple[str, int], CommittedOffset]]:
        found = {}
        for group in list_groups(self._cluster):
            if group.group_type.lower() != SHARE:
                offsets = fetch_offsets(GroupCoordinator(self._cluster, group.group_id), None)
                found[group.group_id] = {
                    where: CommittedOffset(each.offset, each.metadata) for where, each in offsets.items()
                }
        return found
