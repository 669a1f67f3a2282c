"""How the broker's own topics are made (Kafka: DefaultAutoTopicCreationManager and the coordinators' topic configs).

Replication factor and min.insync.replicas are cut down to what the cluster has: a single node with Kafka's production
defaults (3 and 2) could otherwise neither commit an offset nor run a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.controller.topic_control import NewTopic
from minikafka.state.topic_names import GROUP_METADATA_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig


def internal_topic(name: str, config: BrokerConfig, broker_count: int) -> NewTopic:
    """The topic to create. KeyError when ``name`` is not an internal topic."""
    return {
        GROUP_METADATA_TOPIC: _group_metadata,
        TRANSACTION_STATE_TOPIC: _transaction_state,
        SHARE_GROUP_STATE_TOPIC: _share_group_state,
    }[name](config, broker_count)


def auto_created_topic(name: str, config: BrokerConfig, broker_count: int) -> NewTopic:
    """The topic that asking for ``name`` creates (auto.create.topics.enable): internal ones with their own settings."""
    try:
        return internal_topic(name, config, broker_count)
    except KeyError:
        return NewTopic(name, config["num.partitions"], config["default.replication.factor"])


def _group_metadata(config: BrokerConfig, broker_count: int) -> NewTopic:
    return NewTopic(
        GROUP_METADATA_TOPIC,
        config["offsets.topic.num.partitions"],
        min(config["offsets.topic.replication.factor"], broker_count),
        configs=[
            ("compression.type", "producer"),
            ("cleanup.policy", "compact"),
            ("segment.bytes", str(config["offsets.topic.segment.bytes"])),
        ],
    )


def _transaction_state(config: BrokerConfig, broker_count: int) -> NewTopic:
    return NewTopic(
        TRANSACTION_STATE_TOPIC,
        config["transaction.state.log.num.partitions"],
        min(config["transaction.state.log.replication.factor"], broker_count),
        configs=[
            ("compression.type", "uncompressed"),
            ("cleanup.policy", "compact"),
            ("min.insync.replicas", str(min(config["transaction.state.log.min.isr"], broker_count))),
            ("segment.bytes", str(config["transaction.state.log.segment.bytes"])),
            ("unclean.leader.election.enable", "false"),
        ],
    )


def _share_group_state(config: BrokerConfig, broker_count: int) -> NewTopic:
    return NewTopic(
        SHARE_GROUP_STATE_TOPIC,
        config["share.coordinator.state.topic.num.partitions"],
        min(config["share.coordinator.state.topic.replication.factor"], broker_count),
        configs=[
            ("compression.type", "producer"),
            ("cleanup.policy", "delete"),
            ("min.insync.replicas", str(min(config["share.coordinator.state.topic.min.isr"], broker_count))),
            ("segment.bytes", str(config["share.coordinator.state.topic.segment.bytes"])),
            ("retention.ms", "-1"),
        ],
    )
