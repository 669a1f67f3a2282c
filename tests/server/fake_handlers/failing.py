"""FindCoordinator: raises what its key says."""

from __future__ import annotations

from minikafka.errors import ApiError
from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import FindCoordinatorRequest, FindCoordinatorResponse


def handle(ctx: RequestContext, request: FindCoordinatorRequest) -> FindCoordinatorResponse:
    if request.key == "api":
        raise ApiError(15)
    if request.key == "unwritable":
        return FindCoordinatorResponse(node_id="not a number")  # type: ignore[arg-type]
    raise ValueError(f"no such thing as {request.key}")
