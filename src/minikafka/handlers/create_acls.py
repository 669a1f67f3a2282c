"""CreateAcls (key 30), versions 0-3: add ACLs.

There is no authorizer, and Kafka without one answers SECURITY_DISABLED. Source: Kafka's AclApis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import CreateAclsRequest, CreateAclsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: CreateAclsRequest) -> CreateAclsResponse:
    return _refused(request, errors.SECURITY_DISABLED, "No Authorizer is configured.")


def error_response(request: CreateAclsRequest, code: int) -> CreateAclsResponse:
    """The answer when the request fails as a whole."""
    return _refused(request, code, errors.message_of(code))


def _refused(request: CreateAclsRequest, code: int, message: str) -> CreateAclsResponse:
    return CreateAclsResponse(
        results=[
            CreateAclsResponse.AclCreationResult(error_code=code, error_message=message) for _ in request.creations
        ]
    )
