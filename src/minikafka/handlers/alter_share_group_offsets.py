"""AlterShareGroupOffsets (key 91), version 0: let a share group begin somewhere else (KIP-932).

The group must be empty; one that there is not comes to be by it. Source: Kafka's
KafkaApis.handleAlterShareGroupOffsetsRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.errors import UNSUPPORTED_VERSION, message_of
from minikafka.handlers._groups import share_groups_are_enabled
from minikafka.protocol.messages import AlterShareGroupOffsetsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import AlterShareGroupOffsetsRequest


def handle(
    ctx: RequestContext, request: AlterShareGroupOffsetsRequest
) -> AlterShareGroupOffsetsResponse | Pending[AlterShareGroupOffsetsResponse]:
    if not share_groups_are_enabled(ctx.broker):
        return error_response(request, UNSUPPORTED_VERSION)
    return ctx.broker.groups.share.alter_offsets(request)


def error_response(request: AlterShareGroupOffsetsRequest, code: int) -> AlterShareGroupOffsetsResponse:
    """The answer when the request fails as a whole."""
    return AlterShareGroupOffsetsResponse(error_code=code, error_message=message_of(code))


def part_error_response(request: AlterShareGroupOffsetsRequest, code: int) -> AlterShareGroupOffsetsResponse:
    """The answer when each partition fails, and not the request as a whole."""
    return AlterShareGroupOffsetsResponse(
        responses=[
            AlterShareGroupOffsetsResponse.AlterShareGroupOffsetsResponseTopic(
                topic_name=topic.topic_name,
                partitions=[
                    AlterShareGroupOffsetsResponse.AlterShareGroupOffsetsResponsePartition(
                        partition_index=partition.partition_index, error_code=code, error_message=message_of(code)
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
