"""Requests for the controller: by way of any broker, or of the controllers themselves (KIP-919)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.client.brokers import CONTROLLERS
from minikafka.client.cluster import Cluster, check
from minikafka.protocol.messages import DescribeClusterRequest

if TYPE_CHECKING:
    from minikafka.protocol.messages import Message

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
        asked = DescribeClusterRequest(endpoint_type=CONTROLLERS)
        known = self.cluster.any_broker().call(asked)
        check(known.error_code, known.error_message)
        for node in known.brokers:
            self.cluster.learn_broker(node.broker_id, node.host, node.port)
        return self.cluster.broker(known.controller_id).call(request)

    def call_any(self, request: Message, error_codes: ErrorCodes) -> Any:
        """The same for what a broker passes on, or answers itself. Raises ApiError, ClientError."""
        return self.call(request, error_codes) if self.are_asked else self.cluster.call(request)
