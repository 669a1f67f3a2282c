"""AddRaftVoter (key 80), versions 0-1: let a further controller vote (KIP-853).

None can follow the metadata log of this node, so none ever gets ready to vote: REQUEST_TIMED_OUT, which Kafka answers
where a controller does not become ready. Source: KafkaRaftClient.handleAddVoterRequest, AddVoterHandler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.handlers._raft_voters import check_cluster_id, is_voter, replica_key, voters
from minikafka.protocol.messages import AddRaftVoterRequest, AddRaftVoterResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: AddRaftVoterRequest) -> AddRaftVoterResponse:
    broker = ctx.broker
    check_cluster_id(broker, request.cluster_id)
    if not is_voter(request.voter_id, request.voter_directory_id):
        raise ApiError(errors.INVALID_REQUEST, "Add voter request didn't include a valid voter")
    default_listener = broker.controller.voter_endpoints[0].name
    if all(listener.name != default_listener for listener in request.listeners):
        shown = ", ".join(
            f"ListenerName({listener.name})={listener.host}/<unresolved>:{listener.port}"
            for listener in request.listeners
        )
        raise ApiError(
            errors.INVALID_REQUEST,
            f"Add voter request didn't include the endpoint (Endpoints(endpoints={{{shown}}})) for the default "
            f"listener ListenerName({default_listener})",
        )
    key = replica_key(request.voter_id, request.voter_directory_id)
    if request.voter_id == broker.node_id:
        raise ApiError(
            errors.DUPLICATE_VOTER,
            f"The voter id for {key} is already part of the set of voters {voters(broker)}.",
        )
    raise ApiError(errors.REQUEST_TIMED_OUT, f"New voter {key} is not ready to receive requests")
