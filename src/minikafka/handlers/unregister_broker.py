"""UnregisterBroker (key 64), version 0: forget a broker that will not come back.

The broker that answers cannot be forgotten: without it nothing would be left of the cluster.
Source: ReplicationControlManager.unregisterBroker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.replica_control import ReplicaControl
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import UnregisterBrokerRequest, UnregisterBrokerResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: UnregisterBrokerRequest) -> Pending[UnregisterBrokerResponse]:
    broker_id = request.broker_id
    if broker_id == ctx.broker.node_id:
        raise ApiError(
            errors.INVALID_REQUEST,
            f"Broker {broker_id} is the one that answers, and the only one there is: stop it instead.",
        )
    replicas = ReplicaControl(ctx.broker.image, ctx.broker.node_id)
    answer: Pending[UnregisterBrokerResponse] = Pending()

    def unregistered(error: ApiError | None) -> None:
        answer.complete(
            UnregisterBrokerResponse()
            if error is None
            else UnregisterBrokerResponse(error_code=error.code, error_message=error.message)
        )

    written = ctx.broker.controller.write(["leaders", broker_id], lambda: replicas.unregister(broker_id))
    written.on_complete(unregistered)
    return answer
