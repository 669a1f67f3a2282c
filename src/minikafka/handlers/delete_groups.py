"""DeleteGroups (key 42), versions 0-2: delete groups without members, with their offsets (KIP-229).

Source: Kafka's KafkaApis.handleDeleteGroupsRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.protocol.messages import DeleteGroupsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import DeleteGroupsRequest


def handle(ctx: RequestContext, request: DeleteGroupsRequest) -> DeleteGroupsResponse | Pending[DeleteGroupsResponse]:
    group_ids = list(dict.fromkeys(request.groups_names))
    return map_pending(
        ctx.broker.groups.delete_groups(group_ids), lambda results: DeleteGroupsResponse(results=results)
    )


def error_response(request: DeleteGroupsRequest, code: int) -> DeleteGroupsResponse:
    """The answer when the request fails as a whole."""
    return DeleteGroupsResponse(
        results=[
            DeleteGroupsResponse.DeletableGroupResult(group_id=group_id, error_code=code)
            for group_id in dict.fromkeys(request.groups_names)
        ]
    )
