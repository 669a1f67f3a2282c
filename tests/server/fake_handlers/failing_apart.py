"""ListGroups: fails, and says itself what is answered then."""

from __future__ import annotations

from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import ListGroupsRequest, ListGroupsResponse


def handle(ctx: RequestContext, request: ListGroupsRequest) -> ListGroupsResponse:
    raise ValueError("broken")


def error_response(request: ListGroupsRequest, code: int) -> ListGroupsResponse:
    group = ListGroupsResponse.ListedGroup(group_id="group", protocol_type=f"error {code}")
    return ListGroupsResponse(error_code=code, groups=[group])
