"""DeleteShareGroupOffsets (key 92), version 0: let a share group forget where it is in topics (KIP-932).

The group must be empty. Source: Kafka's KafkaApis.handleDeleteShareGroupOffsetsRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.errors import UNSUPPORTED_VERSION, message_of
from minikafka.handlers._groups import share_groups_are_enabled
from minikafka.protocol.messages import DeleteShareGroupOffsetsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import DeleteShareGroupOffsetsRequest


def handle(
    ctx: RequestContext, request: DeleteShareGroupOffsetsRequest
) -> DeleteShareGroupOffsetsResponse | Pending[DeleteShareGroupOffsetsResponse]:
    if not share_groups_are_enabled(ctx.broker):
        return error_response(request, UNSUPPORTED_VERSION)
    return ctx.broker.groups.share.delete_offsets(request)


def error_response(request: DeleteShareGroupOffsetsRequest, code: int) -> DeleteShareGroupOffsetsResponse:
    """The answer when the request fails as a whole."""
    return DeleteShareGroupOffsetsResponse(error_code=code, error_message=message_of(code))


def part_error_response(request: DeleteShareGroupOffsetsRequest, code: int) -> DeleteShareGroupOffsetsResponse:
    """The answer when each topic fails, and not the request as a whole."""
    return DeleteShareGroupOffsetsResponse(
        responses=[
            DeleteShareGroupOffsetsResponse.DeleteShareGroupOffsetsResponseTopic(
                topic_name=topic.topic_name, error_code=code, error_message=message_of(code)
            )
            for topic in request.topics
        ]
    )
