"""CreateDelegationToken (key 38), versions 0-3: a token that stands for a user (KIP-48, KIP-373).

Tokens are for those who have authenticated. All listeners are PLAINTEXT, where nobody has, and Kafka answers
DELEGATION_TOKEN_REQUEST_NOT_ALLOWED. Source: Kafka's KafkaApis.allowTokenRequests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import CreateDelegationTokenRequest, CreateDelegationTokenResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_FIRST_VERSION_WITH_REQUESTER = 3
_NO_TIME = -1


def handle(ctx: RequestContext, request: CreateDelegationTokenRequest) -> CreateDelegationTokenResponse:
    requester_type, _, requester_name = ctx.connection.principal.partition(":")
    owner_type, owner_name = requester_type, requester_name
    if request.owner_principal_name:
        owner_type, owner_name = request.owner_principal_type or "", request.owner_principal_name
    response = CreateDelegationTokenResponse(
        error_code=errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED,
        principal_type=owner_type,
        principal_name=owner_name,
        issue_timestamp_ms=_NO_TIME,
        expiry_timestamp_ms=_NO_TIME,
        max_timestamp_ms=_NO_TIME,
    )
    if ctx.api_version >= _FIRST_VERSION_WITH_REQUESTER:
        response.token_requester_principal_type = requester_type
        response.token_requester_principal_name = requester_name
    return response
