"""ShareGroupDescribe (key 77), version 1: the state and the members of share groups (KIP-932).

Source: Kafka's KafkaApis.handleShareGroupDescribe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.errors import NONE, UNSUPPORTED_VERSION
from minikafka.handlers._groups import ALL_GROUP_OPERATIONS, share_groups_are_enabled
from minikafka.protocol.messages import ShareGroupDescribeResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ShareGroupDescribeRequest


def handle(
    ctx: RequestContext, request: ShareGroupDescribeRequest
) -> ShareGroupDescribeResponse | Pending[ShareGroupDescribeResponse]:
    if not share_groups_are_enabled(ctx.broker):
        return error_response(request, UNSUPPORTED_VERSION)

    def answer(groups: list[ShareGroupDescribeResponse.DescribedGroup]) -> ShareGroupDescribeResponse:
        if request.include_authorized_operations:
            for group in groups:
                if group.error_code == NONE:
                    group.authorized_operations = ALL_GROUP_OPERATIONS
        return ShareGroupDescribeResponse(groups=groups)

    return map_pending(ctx.broker.groups.share.describe(request.group_ids), answer)


def error_response(request: ShareGroupDescribeRequest, code: int) -> ShareGroupDescribeResponse:
    """The answer when the request fails as a whole."""
    return ShareGroupDescribeResponse(
        groups=[
            ShareGroupDescribeResponse.DescribedGroup(group_id=group_id, error_code=code)
            for group_id in request.group_ids
        ]
    )
