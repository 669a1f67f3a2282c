"""DescribeShareGroupOffsets (key 90), versions 0-1: where share groups begin in their partitions (KIP-932).

Everything before the start offset is done with. Without topics: all that have state. Version 1: how many records are
left (KIP-1226). Source: Kafka's KafkaApis.handleDescribeShareGroupOffsetsRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import gather, map_pending
from minikafka.errors import UNSUPPORTED_VERSION, message_of
from minikafka.handlers._groups import share_groups_are_enabled
from minikafka.handlers._partitions import partition_log
from minikafka.protocol.messages import DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

_Group = DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup
_GroupResponse = DescribeShareGroupOffsetsResponse.DescribeShareGroupOffsetsResponseGroup


def handle(
    ctx: RequestContext, request: DescribeShareGroupOffsetsRequest
) -> DescribeShareGroupOffsetsResponse | Pending[DescribeShareGroupOffsetsResponse]:
    return map_pending(
        gather([_describe(ctx, group) for group in request.groups]),
        lambda groups: DescribeShareGroupOffsetsResponse(groups=groups),
    )


def error_response(request: DescribeShareGroupOffsetsRequest, code: int) -> DescribeShareGroupOffsetsResponse:
    """The answer when the request fails as a whole."""
    return DescribeShareGroupOffsetsResponse(
        groups=[
            _GroupResponse(group_id=group.group_id, error_code=code, error_message=message_of(code))
            for group in request.groups
        ]
    )


def _describe(ctx: RequestContext, group: _Group) -> _GroupResponse | Pending[_GroupResponse]:
    if not share_groups_are_enabled(ctx.broker):
        return _GroupResponse(group_id=group.group_id, error_code=UNSUPPORTED_VERSION)
    return ctx.broker.groups.share.describe_offsets(
        group, latest=lambda topic, index: partition_log(ctx.broker, topic, index).high_watermark
    )
