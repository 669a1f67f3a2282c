"""Requests for the controller: by way of any broker, or of the controllers themselves (KIP-919)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.client.brokers import CONTROLLERS
from minikafka.client.cluster import Cluster, check
from minikafka.client.connection import Connection
from minikafka.client.errors import BrokerUnreachable
from minikafka.protocol.messages import DescribeClusterRequest

if TYPE_CHECKING:
    from minikafka.protocol.messages import DescribeClusterResponse, Message

ErrorCodes = Callable[[Any], Iterable[int]]


class Controllers:
    """:param are_asked: the cluster's addresses are those of controllers, not of brokers."""

    def __init__(self, cluster: Cluster, *, are_asked: bool) -> None:
        self.cluster = cluster
        self.are_asked = are_asked

    def call(self, request: Message, error_codes: ErrorCodes) -> Any:
        """The answer of the active controller. Raises ApiError, ClientError."""
        if not self.are_asked:
            return self.cluster.call_controller(request, error_codes)
        return self.cluster.broker(self._described().controller_id).call(request)

    def call_any(self, request: Message, error_codes: ErrorCodes) -> Any:
        """The same for what a broker passes on, or answers itself. Raises ApiError, ClientError."""
        return self.call(request, error_codes) if self.are_asked else self.cluster.call(request)

    def node(self, node_id: int) -> Connection:
        """A connection to one of the nodes that are asked. Raises ApiError, ClientError."""
        if node_id not in self.node_ids():
            raise BrokerUnreachable(f"there is no node {node_id} in the cluster of {self.cluster.bootstrap_servers}")
        return self.cluster.broker(node_id)

    def node_ids(self) -> list[int]:
        """All nodes that are asked, ascending. Raises ApiError, ClientError."""
        if not self.are_asked:
            return self.cluster.broker_ids()
        return sorted(node.broker_id for node in self._described().brokers)

    def _described(self) -> DescribeClusterResponse:
        answer: DescribeClusterResponse = self.cluster.any_broker().call(
            DescribeClusterRequest(endpoint_type=CONTROLLERS)
        )
        check(answer.error_code, answer.error_message)
        for node in answer.brokers:
            self.cluster.learn_broker(node.broker_id, node.host, node.port)
        return answer
