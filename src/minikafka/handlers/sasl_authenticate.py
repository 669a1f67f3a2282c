"""SaslAuthenticate (key 36), versions 0-2: one step of authentication (KIP-152).

A listener without SASL takes everybody for authenticated: ILLEGAL_SASL_STATE, in the words of
KafkaApis.handleSaslAuthenticateRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import SaslAuthenticateRequest, SaslAuthenticateResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: SaslAuthenticateRequest) -> SaslAuthenticateResponse:
    return SaslAuthenticateResponse(
        error_code=errors.ILLEGAL_SASL_STATE,
        error_message="SaslAuthenticate request received after successful authentication",
    )
