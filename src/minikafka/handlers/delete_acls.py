"""DeleteAcls (key 31), versions 0-3: delete the ACLs that match filters.

There is no authorizer, and Kafka without one answers SECURITY_DISABLED. Source: Kafka's AclApis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import DeleteAclsRequest, DeleteAclsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: DeleteAclsRequest) -> DeleteAclsResponse:
    return _refused(request, errors.SECURITY_DISABLED, "No Authorizer is configured.")


def error_response(request: DeleteAclsRequest, code: int) -> DeleteAclsResponse:
    """The answer when the request fails as a whole."""
    return _refused(request, code, errors.message_of(code))


def _refused(request: DeleteAclsRequest, code: int, message: str) -> DeleteAclsResponse:
    return DeleteAclsResponse(
        filter_results=[
            DeleteAclsResponse.DeleteAclsFilterResult(error_code=code, error_message=message) for _ in request.filters
        ]
    )
