"""ListGroups (key 16), versions 0-5: all groups; by state since version 4 (KIP-518), by type since 5 (KIP-848).

Source: Kafka's KafkaApis.handleListGroupsRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import ListGroupsRequest, ListGroupsResponse


def handle(ctx: RequestContext, request: ListGroupsRequest) -> ListGroupsResponse:
    return ctx.broker.groups.list_groups(request.states_filter, request.types_filter)
