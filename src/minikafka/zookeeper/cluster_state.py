"""What is read from the brokers, as plain values: topics and brokers; and, apart, settings, quotas and ACLs.

Any Kafka will do: what a broker cannot be asked for is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from minikafka.client.admin.acls import ANY_RESOURCE, Acl, describe_acls
from minikafka.client.admin.configs import BROKER, TOPIC, Resource, describe_configs
from minikafka.client.admin.quotas import CLIENT_ID, USER, AnyName, QuotaEntity, describe_quotas
from minikafka.client.cluster import Cluster
from minikafka.client.controllers import Controllers
from minikafka.errors import (
    CLUSTER_AUTHORIZATION_FAILED,
    LEADER_NOT_AVAILABLE,
    NONE,
    SECURITY_DISABLED,
    ApiError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    DescribeAclsRequest,
    DescribeClientQuotasRequest,
    DescribeConfigsRequest,
    MetadataResponse,
)

_STILL_A_TOPIC = frozenset({NONE, LEADER_NOT_AVAILABLE})
_OF_TOPIC = "DYNAMIC_TOPIC_CONFIG"
_OF_BROKER = "DYNAMIC_BROKER_CONFIG"
_OF_ALL_BROKERS = "DYNAMIC_DEFAULT_BROKER_CONFIG"
_QUOTA_ENTITIES = ((USER,), (CLIENT_ID,), (USER, CLIENT_ID))


class BrokerState(NamedTuple):
    node_id: int
    host: str
    port: int
    rack: str | None


class PartitionState(NamedTuple):
    leader: int
    leader_epoch: int
    replicas: list[int]
    isr: list[int]


class Topology(NamedTuple):
    """``controller_id`` is -1 when there is none; ``topics``: name -> partition -> its state."""

    cluster_id: str | None
    controller_id: int
    brokers: list[BrokerState]
    topics: Mapping[str, Mapping[int, PartitionState]]

    def without_brokers(self) -> Topology:
        """What is left when no broker answers: what ZooKeeper keeps of them."""
        return self._replace(controller_id=-1, brokers=[])


NOTHING = Topology(None, -1, [], {})


class Settings(NamedTuple):
    """What has been set, not what is default; the name of all brokers' settings is "". ``acls`` is None where there is
    no authorizer, or it does not tell."""

    topics: Mapping[str, Mapping[str, str]]
    brokers: Mapping[str, Mapping[str, str]]
    quotas: list[QuotaEntity]
    acls: list[Acl] | None = None


NO_SETTINGS = Settings({}, {}, [])


def read_topology(cluster: Cluster) -> Topology:
    """:raises ClientError:"""
    answer = cluster.metadata(None)
    brokers = [BrokerState(each.node_id, each.host, each.port, each.rack) for each in answer.brokers]
    topics = {
        topic.name or "": _partitions(topic)
        for topic in sorted(answer.topics, key=lambda topic: topic.name or "")
        if topic.error_code in _STILL_A_TOPIC
    }
    return Topology(answer.cluster_id, answer.controller_id, sorted(brokers), topics)


def _partitions(topic: MetadataResponse.MetadataResponseTopic) -> dict[int, PartitionState]:
    return {
        each.partition_index: PartitionState(each.leader_id, each.leader_epoch, each.replica_nodes, each.isr_nodes)
        for each in sorted(topic.partitions, key=lambda partition: partition.partition_index)
    }


def read_settings(cluster: Cluster, topology: Topology) -> Settings:
    """:raises ApiError, ClientError:"""
    broker = cluster.any_broker()
    topics: dict[str, dict[str, str]] = {}
    brokers: dict[str, dict[str, str]] = {}
    if broker.served_versions(DescribeConfigsRequest.api_key) is not None:
        topics = _set(cluster, TOPIC, list(topology.topics), _OF_TOPIC)
        brokers = _set(cluster, BROKER, [str(each.node_id) for each in topology.brokers], _OF_BROKER)
        brokers |= _set(cluster, BROKER, [""], _OF_ALL_BROKERS)
    quotas: list[QuotaEntity] = []
    if broker.served_versions(DescribeClientQuotasRequest.api_key) is not None:
        for kinds in _QUOTA_ENTITIES:
            quotas += describe_quotas(cluster, dict.fromkeys(kinds, AnyName))
    brokers = {name: configs for name, configs in brokers.items() if configs}
    return Settings(topics, brokers, quotas, _acls(cluster))


def _acls(cluster: Cluster) -> list[Acl] | None:
    if cluster.any_broker().served_versions(DescribeAclsRequest.api_key) is None:
        return None
    try:
        return describe_acls(Controllers(cluster, are_asked=False), ANY_RESOURCE)
    except ApiError as error:
        if error.code in (SECURITY_DISABLED, CLUSTER_AUTHORIZATION_FAILED):
            return None
        raise


def _set(cluster: Cluster, kind: int, names: list[str], source: str) -> dict[str, dict[str, str]]:
    described = describe_configs(cluster, [Resource(kind, name) for name in names])
    return {
        resource.name: {
            entry.name: entry.value for entry in entries if entry.source == source and entry.value is not None
        }
        for resource, entries in described.items()
    }
