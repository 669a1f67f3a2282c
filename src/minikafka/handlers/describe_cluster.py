"""DescribeCluster (key 60), versions 0-2: cluster id, controller, brokers.

KIP-700; version 1 (KIP-919) says whether brokers or controllers are meant, version 2 (KIP-1073) asks for fenced
brokers as well. Source: AuthHelper.computeDescribeClusterResponse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.handlers._authorized_operations import CLUSTER_OPERATIONS
from minikafka.protocol.messages import DescribeClusterRequest, DescribeClusterResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_BROKERS = 1
_CONTROLLERS = 2


def handle(ctx: RequestContext, request: DescribeClusterRequest) -> DescribeClusterResponse:
    if request.endpoint_type == _CONTROLLERS:
        return DescribeClusterResponse(
            error_code=errors.MISMATCHED_ENDPOINT_TYPE,
            error_message="The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type "
            "CONTROLLER",
        )
    if request.endpoint_type != _BROKERS:
        return DescribeClusterResponse(
            error_code=errors.UNSUPPORTED_ENDPOINT_TYPE,
            error_message=f"Unsupported endpoint type {request.endpoint_type}",
        )
    broker = ctx.broker
    response = DescribeClusterResponse(
        cluster_id=broker.cluster_id,
        controller_id=broker.node_id,
        brokers=[
            DescribeClusterResponse.DescribeClusterBroker(
                broker_id=broker.node_id,
                host=endpoint.host,
                port=endpoint.port,
                rack=broker.config["broker.rack"],
            )
            for endpoint in broker.advertised_endpoints(ctx.connection)
        ],
    )
    if request.include_fenced_brokers:
        response.brokers += _fenced_brokers(ctx)
    if request.include_cluster_authorized_operations:
        response.cluster_authorized_operations = CLUSTER_OPERATIONS
    return response


def _fenced_brokers(ctx: RequestContext) -> list[DescribeClusterResponse.DescribeClusterBroker]:
    """Registered, but not in service: left over in a directory that once was part of a larger cluster."""
    listener_name = ctx.connection.listener_name
    fenced = []
    for registration in ctx.broker.image.cluster.brokers.values():
        endpoint = registration.endpoints.get(listener_name)
        if registration.fenced and endpoint is not None:
            fenced.append(
                DescribeClusterResponse.DescribeClusterBroker(
                    broker_id=registration.broker_id,
                    host=endpoint.host,
                    port=endpoint.port,
                    rack=registration.rack,
                    is_fenced=True,
                )
            )
    return fenced
