"""DescribeGroups (key 15), versions 0-6: the state and the members of classic groups.

Version 3: authorized operations (KIP-430); 4: instance ids (KIP-345); 6: a group that is not there is an error, not
only "Dead" (KIP-1043). Source: Kafka's KafkaApis.handleDescribeGroupsRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.errors import NONE
from minikafka.handlers._groups import ALL_GROUP_OPERATIONS, caller_of
from minikafka.protocol.messages import DescribeGroupsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import DescribeGroupsRequest


def handle(
    ctx: RequestContext, request: DescribeGroupsRequest
) -> DescribeGroupsResponse | Pending[DescribeGroupsResponse]:
    def answer(groups: list[DescribeGroupsResponse.DescribedGroup]) -> DescribeGroupsResponse:
        if request.include_authorized_operations:
            for group in groups:
                if group.error_code == NONE:
                    group.authorized_operations = ALL_GROUP_OPERATIONS
        return DescribeGroupsResponse(groups=groups)

    return map_pending(ctx.broker.groups.describe_groups(caller_of(ctx), request.groups), answer)


def error_response(request: DescribeGroupsRequest, code: int) -> DescribeGroupsResponse:
    """The answer when the request fails as a whole."""
    return DescribeGroupsResponse(
        groups=[DescribeGroupsResponse.DescribedGroup(group_id=group, error_code=code) for group in request.groups]
    )
