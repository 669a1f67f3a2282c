"""The brokers of a cluster as it describes itself."""

from __future__ import annotations

from minikafka.client.cluster import Cluster, check
from minikafka.errors import UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import DescribeClusterRequest, UnregisterBrokerRequest


class BrokerNode(NamedTuple):
    """``is_fenced``: it is registered, and not in use; False also where the cluster does not tell."""

    node_id: int
    host: str
    port: int
    rack: str | None
    is_fenced: bool


class ClusterDescription(NamedTuple):
    """``cluster_id`` is None where the brokers are too old to have one."""

    cluster_id: str | None
    brokers: list[BrokerNode]


BROKERS = 1
CONTROLLERS = 2


def describe_cluster(
    cluster: Cluster, *, include_fenced_brokers: bool = False, endpoint_type: int = BROKERS
) -> ClusterDescription:
    """The cluster and its brokers by id. Raises ApiError, ClientError."""
    connection = cluster.any_broker()
    if connection.served_versions(DescribeClusterRequest.api_key) is None:
        metadata = cluster.metadata([])
        nodes = [BrokerNode(each.node_id, each.host, each.port, each.rack, False) for each in metadata.brokers]
        return ClusterDescription(metadata.cluster_id, sorted(nodes))
    request = DescribeClusterRequest()
    version = connection.highest_version(request)
    if version >= 2:
        request.include_fenced_brokers = include_fenced_brokers
    elif include_fenced_brokers:
        raise ApiError(UNSUPPORTED_VERSION)
    if version >= 1:
        request.endpoint_type = endpoint_type
    answer = connection.call(request, version)
    check(answer.error_code, answer.error_message)
    for each in answer.brokers:
        cluster.learn_broker(each.broker_id, each.host, each.port)
    nodes = [BrokerNode(each.broker_id, each.host, each.port, each.rack, each.is_fenced) for each in answer.brokers]
    return ClusterDescription(answer.cluster_id, sorted(nodes))


def unregister_broker(cluster: Cluster, broker_id: int) -> None:
    """Raises ApiError, ClientError."""
    request = UnregisterBrokerRequest(broker_id=broker_id)
    answer = cluster.call_controller(request, lambda response: [response.error_code])
    check(answer.error_code, answer.error_message)
