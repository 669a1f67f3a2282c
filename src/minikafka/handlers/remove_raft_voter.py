"""RemoveRaftVoter (key 81), version 0: let a controller vote no more (KIP-853).

This node is the only voter, and stays one. Source: KafkaRaftClient.handleRemoveVoterRequest, RemoveVoterHandler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.handlers._raft_voters import check_cluster_id, is_voter, replica_key, voters
from minikafka.protocol.messages import RemoveRaftVoterRequest, RemoveRaftVoterResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: RemoveRaftVoterRequest) -> RemoveRaftVoterResponse:
    broker = ctx.broker
    check_cluster_id(broker, request.cluster_id)
    if not is_voter(request.voter_id, request.voter_directory_id):
        raise ApiError(errors.INVALID_REQUEST, "Remove voter request didn't include a valid voter")
    key = replica_key(request.voter_id, request.voter_directory_id)
    raise ApiError(errors.VOTER_NOT_FOUND, f"Cannot remove voter {key} from the set of voters {voters(broker)}")
