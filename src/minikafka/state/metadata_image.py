"""Everything the cluster metadata log says, as of one offset (Kafka: org.apache.kafka.image.MetadataImage).

``replay`` is the only mutation, live and at start-up alike. ``apply`` replays a batch of records and says what it
changed, for those who have to act on it (partition logs, coordinators, caches). The parts live in modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from minikafka.errors import CorruptLogError
from minikafka.state.cluster import ClusterImage
from minikafka.state.configurations import BROKER as BROKER_RESOURCE
from minikafka.state.configurations import CLUSTER_DEFAULT, TOPIC, ConfigurationsImage
from minikafka.state.features import FeaturesImage
from minikafka.state.metadata_delta import MetadataDelta
from minikafka.state.topics import TopicImage, TopicsImage

if TYPE_CHECKING:
    from minikafka.protocol.messages import ProducerIdsRecord
    from minikafka.state.acls import AclsImage
    from minikafka.state.client_quotas import ClientQuotasImage
    from minikafka.state.delegation_tokens import DelegationTokensImage
    from minikafka.state.scram import ScramImage


class MetadataImage:
    """Topics, configs, features, registrations, ACLs, credentials, quotas, tokens.

    ``topics_by_name``, ``topics_by_id`` and ``configs`` are the dicts of ``topics`` and ``configurations``.
    ``offset`` and ``epoch`` are those of the last record replayed (-1 before the first); ``next_producer_id`` is the
    first producer id of the next block to hand out.
    """

    def __init__(self) -> None:
        self.topics = TopicsImage()
        self.topics_by_name: dict[str, TopicImage] = self.topics.by_name
        self.topics_by_id: dict[bytes, TopicImage] = self.topics.by_id
        self.configurations = ConfigurationsImage()
        self.configs: dict[tuple[int, str], dict[str, str]] = self.configurations.by_resource
        self.features = FeaturesImage()
        self.cluster = ClusterImage()
        self.next_producer_id = 0
        self.offset = -1
        self.epoch = 0

    # What few clusters have.

    @cached_property
    def client_quotas(self) -> ClientQuotasImage:
        from minikafka.state.client_quotas import ClientQuotasImage

        return ClientQuotasImage()

    @cached_property
    def acls(self) -> AclsImage:
        from minikafka.state.acls import AclsImage

        return AclsImage()

    @cached_property
    def scram(self) -> ScramImage:
        from minikafka.state.scram import ScramImage

        return ScramImage()

    @cached_property
    def delegation_tokens(self) -> DelegationTokensImage:
        from minikafka.state.delegation_tokens import DelegationTokensImage

        return DelegationTokensImage()

    def replay(self, record: Any) -> None:
        """Apply one record of ``__cluster_metadata``. Raises CorruptLogError when it makes no sense here."""
        self._replay(record, MetadataDelta())

    def apply(self, records: Iterable[Any]) -> MetadataDelta:
        """Replay ``records`` and return what they changed."""
        delta = MetadataDelta()
        for record in records:
            self._replay(record, delta)
        return delta

    def topic_configs(self, name: str) -> dict[str, str]:
        """The configs that were set for a topic (not its defaults)."""
        return self.configs.get((TOPIC, name), {})

    def broker_configs(self, broker_id: int) -> dict[str, str]:
        """The dynamic configs of a broker: the cluster's, overridden by its own."""
        cluster_wide = self.configs.get((BROKER_RESOURCE, CLUSTER_DEFAULT), {})
        return cluster_wide | self.configs.get((BROKER_RESOURCE, str(broker_id)), {})

    def records(self) -> Iterator[tuple[Any, int]]:
        """(record, version) pairs that make an empty image equal to this one, in the order of Kafka's snapshots."""
        level = self.features.metadata_version
        yield from self.features.records()
        yield from self.cluster.records(level)
        yield from self.topics.records(level)
        yield from self.configurations.records()
        yield from self.client_quotas.records()
        yield from self._producer_ids_records()
        yield from self.acls.records()
        yield from self.scram.records()
        yield from self.delegation_tokens.records()

    def _replay(self, record: Any, delta: MetadataDelta) -> None:
        name = type(record).__name__
        replay = _REPLAY.get(name)
        if replay is None:
            raise CorruptLogError(f"a {name} does not belong into the metadata log")
        replay(self, record, delta)

    def _replay_topic(self, record: Any, delta: MetadataDelta) -> None:
        delta.created_topics.append(self.topics.replay_topic(record))

    def _replay_partition(self, record: Any, delta: MetadataDelta) -> None:
        topic, partition, is_new = self.topics.replay_partition(record)
        (delta.created_partitions if is_new else delta.changed_partitions).append((topic, partition))

    def _replay_partition_change(self, record: Any, delta: MetadataDelta) -> None:
        delta.changed_partitions.append(self.topics.replay_partition_change(record))

    def _replay_remove_topic(self, record: Any, delta: MetadataDelta) -> None:
        topic = self.topics.replay_remove_topic(record)
        self.configurations.forget_topic(topic.name)
        delta.deleted_topics.append(topic)

    def _replay_clear_elr(self, record: Any, delta: MetadataDelta) -> None:
        self.topics.replay_clear_elr(record)

    def _replay_config(self, record: Any, delta: MetadataDelta) -> None:
        self.configurations.replay(record)
        delta.changed_configs.add((record.resource_type, record.resource_name))

    def _replay_feature_level(self, record: Any, delta: MetadataDelta) -> None:
        self.features.replay(record)
        delta.changed_parts.add("features")

    def _replay_register_broker(self, record: Any, delta: MetadataDelta) -> None:
        self.cluster.replay_register_broker(record)
        delta.changed_parts.add("cluster")

    def _replay_unregister_broker(self, record: Any, delta: MetadataDelta) -> None:
        self.cluster.replay_unregister_broker(record)
        delta.changed_parts.add("cluster")

    def _replay_registration_change(self, record: Any, delta: MetadataDelta) -> None:
        self.cluster.replay_registration_change(record)
        delta.changed_parts.add("cluster")

    def _replay_fence(self, record: Any, delta: MetadataDelta) -> None:
        self.cluster.replay_fencing(record.id, record.epoch, True)
        delta.changed_parts.add("cluster")

    def _replay_unfence(self, record: Any, delta: MetadataDelta) -> None:
        self.cluster.replay_fencing(record.id, record.epoch, False)
        delta.changed_parts.add("cluster")

    def _replay_register_controller(self, record: Any, delta: MetadataDelta) -> None:
        self.cluster.replay_register_controller(record)
        delta.changed_parts.add("cluster")

    def _replay_client_quota(self, record: Any, delta: MetadataDelta) -> None:
        self.client_quotas.replay(record)
        delta.changed_parts.add("client_quotas")

    def _replay_acl(self, record: Any, delta: MetadataDelta) -> None:
        self.acls.replay(record)
        delta.changed_parts.add("acls")

    def _replay_remove_acl(self, record: Any, delta: MetadataDelta) -> None:
        self.acls.replay_remove(record)
        delta.changed_parts.add("acls")

    def _replay_scram(self, record: Any, delta: MetadataDelta) -> None:
        self.scram.replay(record)
        delta.changed_parts.add("scram")

    def _replay_remove_scram(self, record: Any, delta: MetadataDelta) -> None:
        self.scram.replay_remove(record)
        delta.changed_parts.add("scram")

    def _replay_delegation_token(self, record: Any, delta: MetadataDelta) -> None:
        self.delegation_tokens.replay(record)
        delta.changed_parts.add("delegation_tokens")

    def _replay_remove_delegation_token(self, record: Any, delta: MetadataDelta) -> None:
        self.delegation_tokens.replay_remove(record)
        delta.changed_parts.add("delegation_tokens")

    def _replay_producer_ids(self, record: Any, delta: MetadataDelta) -> None:
        self.next_producer_id = record.next_producer_id

    def _replay_nothing(self, record: Any, delta: MetadataDelta) -> None:
        """Records that only move the offset on, or that mattered only while Kafka left ZooKeeper."""

    def _producer_ids_records(self) -> Iterator[tuple[ProducerIdsRecord, int]]:
        from minikafka.protocol.messages import ProducerIdsRecord

        if self.next_producer_id > 0:
            yield ProducerIdsRecord(broker_id=-1, broker_epoch=-1, next_producer_id=self.next_producer_id), 0


_REPLAY: dict[str, Callable[[MetadataImage, Any, MetadataDelta], None]] = {
    "TopicRecord": MetadataImage._replay_topic,
    "PartitionRecord": MetadataImage._replay_partition,
    "PartitionChangeRecord": MetadataImage._replay_partition_change,
    "RemoveTopicRecord": MetadataImage._replay_remove_topic,
    "ClearElrRecord": MetadataImage._replay_clear_elr,
    "ConfigRecord": MetadataImage._replay_config,
    "FeatureLevelRecord": MetadataImage._replay_feature_level,
    "RegisterBrokerRecord": MetadataImage._replay_register_broker,
    "UnregisterBrokerRecord": MetadataImage._replay_unregister_broker,
    "BrokerRegistrationChangeRecord": MetadataImage._replay_registration_change,
    "FenceBrokerRecord": MetadataImage._replay_fence,
    "UnfenceBrokerRecord": MetadataImage._replay_unfence,
    "RegisterControllerRecord": MetadataImage._replay_register_controller,
    "ClientQuotaRecord": MetadataImage._replay_client_quota,
    "AccessControlEntryRecord": MetadataImage._replay_acl,
    "RemoveAccessControlEntryRecord": MetadataImage._replay_remove_acl,
    "UserScramCredentialRecord": MetadataImage._replay_scram,
    "RemoveUserScramCredentialRecord": MetadataImage._replay_remove_scram,
    "DelegationTokenRecord": MetadataImage._replay_delegation_token,
    "RemoveDelegationTokenRecord": MetadataImage._replay_remove_delegation_token,
    "ProducerIdsRecord": MetadataImage._replay_producer_ids,
    "NoOpRecord": MetadataImage._replay_nothing,
    "ZkMigrationStateRecord": MetadataImage._replay_nothing,
}
"""By class name: looking the classes up would compile the codec of every record at import."""
