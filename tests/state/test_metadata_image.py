"""The metadata image: what each record does to it, and that it can be written as records again."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka.errors import CorruptLogError
from minikafka.protocol.messages import (
    AccessControlEntryRecord,
    BrokerRegistrationChangeRecord,
    ClearElrRecord,
    ClientQuotaRecord,
    ConfigRecord,
    DelegationTokenRecord,
    FeatureLevelRecord,
    FenceBrokerRecord,
    NoOpRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RegisterControllerRecord,
    RemoveAccessControlEntryRecord,
    RemoveDelegationTokenRecord,
    RemoveTopicRecord,
    RemoveUserScramCredentialRecord,
    TopicRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
    UserScramCredentialRecord,
)
from minikafka.protocol.stored import decode_metadata_record, encode_metadata_record
from minikafka.state.configurations import BROKER, GROUP, TOPIC
from minikafka.state.metadata_image import MetadataImage
from minikafka.state.scram import SCRAM_SHA_256

ID = bytes(range(16))
OTHER_ID = bytes(range(1, 17))
DIRECTORY = bytes(range(2, 18))


def image_of(*records: Any) -> MetadataImage:
    image = MetadataImage()
    for record in records:
        image.replay(record)
    return image


def partition(index: int = 0, **fields: Any) -> PartitionRecord:
    defaults = {
        "partition_id": index,
        "topic_id": ID,
        "replicas": [1],
        "isr": [1],
        "leader": 1,
        "leader_epoch": 0,
        "partition_epoch": 0,
        "directories": [DIRECTORY],
    }
    return PartitionRecord(**{**defaults, **fields})


def broker(**fields: Any) -> RegisterBrokerRecord:
    endpoint = RegisterBrokerRecord.BrokerEndpoint(name="PLAINTEXT", host="h", port=9092, security_protocol=0)
    feature = RegisterBrokerRecord.BrokerFeature(
        name="metadata.version", min_supported_version=7, max_supported_version=29
    )
    defaults = {
        "broker_id": 1,
        "incarnation_id": ID,
        "broker_epoch": 5,
        "end_points": [endpoint],
        "features": [feature],
        "log_dirs": [DIRECTORY],
    }
    return RegisterBrokerRecord(**{**defaults, **fields})


TOPIC_RECORD = TopicRecord(name="t", topic_id=ID)


def test_a_topic_is_known_by_name_and_by_id() -> None:
    image = image_of(TOPIC_RECORD, partition(0), partition(1))
    topic = image.topics_by_name["t"]
    assert image.topics_by_id[ID] is topic
    assert [part.index for part in topic.partitions] == [0, 1]
    assert topic.partition(1) is topic.partitions[1]
    assert topic.partition(2) is None
    assert topic.partition(-1) is None


def test_partitions_are_in_order_whatever_the_order_of_their_records() -> None:
    image = image_of(TOPIC_RECORD, *(partition(index) for index in (2, 0, 3, 1)))
    assert [part.index for part in image.topics_by_name["t"].partitions] == [0, 1, 2, 3]


def test_a_second_record_of_a_partition_replaces_it() -> None:
    image = image_of(TOPIC_RECORD, partition(0), partition(1), partition(0, leader_epoch=7))
    assert [part.leader_epoch for part in image.topics_by_name["t"].partitions] == [7, 0]


def test_naming_a_leader_starts_a_leader_epoch_even_for_the_same_leader() -> None:
    image = image_of(TOPIC_RECORD, partition(0))
    part = image.topics_by_name["t"].partitions[0]
    image.replay(PartitionChangeRecord(partition_id=0, topic_id=ID, leader=1))
    assert (part.leader_epoch, part.partition_epoch) == (1, 1)
    image.replay(PartitionChangeRecord(partition_id=0, topic_id=ID, isr=[]))
    assert (part.leader_epoch, part.partition_epoch, part.isr) == (1, 2, [])


def test_a_change_keeps_what_it_does_not_name() -> None:
    image = image_of(TOPIC_RECORD, partition(0, eligible_leader_replicas=[1], last_known_elr=[1]))
    image.replay(PartitionChangeRecord(partition_id=0, topic_id=ID, replicas=[1, 2], adding_replicas=[2]))
    part = image.topics_by_name["t"].partitions[0]
    assert (part.replicas, part.directories, part.adding_replicas) == ([1, 2], [DIRECTORY, bytes(16)], [2])
    assert (part.isr, part.leader, part.eligible_leader_replicas, part.last_known_elr) == ([1], 1, [1], [1])


def test_clearing_eligible_leaders_is_for_one_topic_or_for_all() -> None:
    elr = {"eligible_leader_replicas": [1], "last_known_elr": [1]}
    other = [TopicRecord(name="u", topic_id=OTHER_ID), partition(0, topic_id=OTHER_ID, **elr)]
    image = image_of(TOPIC_RECORD, partition(0, **elr), *other)
    parts = [image.topics_by_name[name].partitions[0] for name in "tu"]
    image.replay(ClearElrRecord(topic_name="t"))
    assert [part.eligible_leader_replicas for part in parts] == [[], [1]]
    image.replay(ClearElrRecord(topic_name=""))
    assert [(part.eligible_leader_replicas, part.last_known_elr, part.partition_epoch) for part in parts] == [
        ([], [], 1),
        ([], [], 1),
    ]


def test_removing_a_topic_removes_its_configs() -> None:
    config = ConfigRecord(resource_type=TOPIC, resource_name="t", name="retention.ms", value="5")
    image = image_of(TOPIC_RECORD, partition(0), config)
    assert image.topic_configs("t") == {"retention.ms": "5"}
    image.replay(RemoveTopicRecord(topic_id=ID))
    assert (image.topics_by_name, image.topics_by_id, image.configs) == ({}, {}, {})


def test_a_config_without_a_value_is_removed() -> None:
    config = ConfigRecord(resource_type=GROUP, resource_name="g", name="k", value="5")
    image = image_of(config)
    assert image.configs == {(GROUP, "g"): {"k": "5"}}
    gone = ConfigRecord(resource_type=GROUP, resource_name="g", name="k", value=None)
    image.replay(gone)
    image.replay(gone)
    assert image.configs == {}


def test_a_brokers_configs_lie_over_those_of_the_cluster() -> None:
    image = image_of(
        ConfigRecord(resource_type=BROKER, resource_name="", name="a", value="cluster"),
        ConfigRecord(resource_type=BROKER, resource_name="", name="b", value="cluster"),
        ConfigRecord(resource_type=BROKER, resource_name="1", name="b", value="own"),
    )
    assert image.broker_configs(1) == {"a": "cluster", "b": "own"}
    assert image.broker_configs(2) == {"a": "cluster", "b": "cluster"}


def test_a_broker_is_fenced_until_it_is_not() -> None:
    image = image_of(broker())
    registration = image.cluster.brokers[1]
    assert registration.fenced
    image.replay(BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=5, fenced=-1))
    assert registration.is_active
    image.replay(BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=5, in_controlled_shutdown=1))
    assert (registration.fenced, registration.is_active) == (False, False)
    image.replay(FenceBrokerRecord(id=1, epoch=5))
    assert registration.fenced
    image.replay(UnfenceBrokerRecord(id=1, epoch=5))
    assert not registration.fenced
    image.replay(UnregisterBrokerRecord(broker_id=1, broker_epoch=5))
    assert image.cluster.brokers == {}


def test_features_at_level_zero_are_off() -> None:
    image = image_of(
        FeatureLevelRecord(name="group.version", feature_level=1),
        FeatureLevelRecord(name="metadata.version", feature_level=29),
    )
    assert image.features.finalized() == {"group.version": 1, "metadata.version": 29}
    image.replay(FeatureLevelRecord(name="group.version", feature_level=0))
    assert image.features.finalized() == {"metadata.version": 29}
    assert image.features.level("group.version") == 0


def test_removals_undo_what_was_added() -> None:
    image = populated_image()
    for record in (
        RemoveAccessControlEntryRecord(id=ID),
        RemoveUserScramCredentialRecord(name="alice", mechanism=SCRAM_SHA_256),
        RemoveDelegationTokenRecord(token_id="token"),
        quota(remove=True),
    ):
        image.replay(record)
    assert image.acls.by_id == {}
    assert image.scram.by_mechanism == {SCRAM_SHA_256: {}}
    assert image.delegation_tokens.by_id == {}
    assert image.client_quotas.by_entity == {}


@pytest.mark.parametrize(
    "record",
    [
        partition(0),
        PartitionChangeRecord(partition_id=0, topic_id=ID, leader=1),
        RemoveTopicRecord(topic_id=ID),
        BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=5, fenced=1),
        UnregisterBrokerRecord(broker_id=1, broker_epoch=5),
        RemoveAccessControlEntryRecord(id=ID),
    ],
    ids=lambda record: type(record).__name__,
)
def test_records_about_what_is_not_there_are_corruption(record: Any) -> None:
    with pytest.raises(CorruptLogError):
        image_of(record)


def test_the_same_topic_twice_is_corruption() -> None:
    with pytest.raises(CorruptLogError, match="creates topic 't' twice"):
        image_of(TOPIC_RECORD, TOPIC_RECORD)


def test_a_change_of_a_broker_of_another_epoch_is_corruption() -> None:
    with pytest.raises(CorruptLogError, match="broker 1 of epoch 4"):
        image_of(broker(), BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=4, fenced=1))


def test_a_delta_names_what_changed() -> None:
    image = MetadataImage()
    config = ConfigRecord(resource_type=TOPIC, resource_name="t", name="retention.ms", value="5")
    delta = image.apply([TOPIC_RECORD, partition(0), config, NoOpRecord()])
    topic = image.topics_by_name["t"]
    assert delta.created_topics == [topic]
    assert delta.created_partitions == [(topic, topic.partitions[0])]
    assert delta.changed_configs == {(TOPIC, "t")}
    change = PartitionChangeRecord(partition_id=0, topic_id=ID, leader=1)
    assert image.apply([change]).changed_partitions == [(topic, topic.partitions[0])]
    assert image.apply([RemoveTopicRecord(topic_id=ID), broker()]).deleted_topics == [topic]
    assert image.apply([quota()]).changed_parts == {"client_quotas"}


def test_an_image_equals_the_image_of_its_records() -> None:
    image = populated_image()
    copy = MetadataImage()
    for record, version in image.records():
        copy.replay(decode_metadata_record(encode_metadata_record(record, version)))
    assert copy.topics_by_name == image.topics_by_name
    assert copy.configs == image.configs
    assert copy.features.levels == image.features.levels
    assert copy.acls.by_id == image.acls.by_id
    assert copy.scram.by_mechanism == image.scram.by_mechanism
    assert copy.client_quotas.by_entity == image.client_quotas.by_entity
    assert copy.next_producer_id == image.next_producer_id
    assert copy.cluster.controllers == image.cluster.controllers
    assert copy.delegation_tokens.by_id == image.delegation_tokens.by_id
    assert list(copy.records()) == list(image.records())
    assert copy.cluster.brokers[1].endpoints == image.cluster.brokers[1].endpoints
    assert not copy.cluster.brokers[1].fenced


@pytest.mark.parametrize("level", [7, 8, 15, 17, 23, 29])
def test_records_are_written_in_the_words_of_the_metadata_version(level: int) -> None:
    """A directory of an older Kafka stays readable for it: no version, and no field, that its level lacks."""
    image = populated_image()
    image.replay(FeatureLevelRecord(name="metadata.version", feature_level=level))
    part = image.topics_by_name["t"].partitions[0]
    part.eligible_leader_replicas = [1] if level >= 23 else []
    versions = {type(record).__name__: version for record, version in image.records()}
    encoded = [encode_metadata_record(record, version) for record, version in image.records()]
    assert len(encoded) == len(list(image.records()))
    assert versions["PartitionRecord"] == (2 if level >= 23 else 1 if level >= 17 else 0)
    assert versions["RegisterBrokerRecord"] == (3 if level >= 17 else 2 if level >= 8 else 1)
    assert ("RegisterControllerRecord" in versions) == (level >= 15)


def quota(*, remove: bool = False) -> ClientQuotaRecord:
    entity = [
        ClientQuotaRecord.EntityData(entity_type="user", entity_name="alice"),
        ClientQuotaRecord.EntityData(entity_type="client-id", entity_name=None),
    ]
    return ClientQuotaRecord(entity=entity, key="producer_byte_rate", value=1.5, remove=remove)


def populated_image() -> MetadataImage:
    return image_of(
        FeatureLevelRecord(name="metadata.version", feature_level=29),
        FeatureLevelRecord(name="share.version", feature_level=1),
        broker(fenced=False, in_controlled_shutdown=False),
        RegisterControllerRecord(controller_id=1, incarnation_id=OTHER_ID),
        TOPIC_RECORD,
        ConfigRecord(resource_type=TOPIC, resource_name="t", name="retention.ms", value="5"),
        partition(0),
        partition(1, leader=-1, isr=[]),
        ConfigRecord(resource_type=BROKER, resource_name="", name="min.insync.replicas", value="1"),
        quota(),
        ProducerIdsRecord(broker_id=1, broker_epoch=5, next_producer_id=2000),
        AccessControlEntryRecord(
            id=ID,
            resource_type=2,
            resource_name="t",
            pattern_type=3,
            principal="User:alice",
            host="*",
            operation=3,
            permission_type=3,
        ),
        UserScramCredentialRecord(
            name="alice",
            mechanism=SCRAM_SHA_256,
            salt=b"salt",
            stored_key=b"stored",
            server_key=b"server",
            iterations=4096,
        ),
        DelegationTokenRecord(
            owner="User:alice", requester="User:alice", renewers=["User:bob"], token_id="token", max_timestamp=9
        ),
    )
