"""SaslHandshake (key 17), versions 0-1: choose how to authenticate (KIP-43, KIP-152).

A listener without SASL has nothing to choose: ILLEGAL_SASL_STATE. Source: KafkaApis.handleSaslHandshakeRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import SaslHandshakeRequest, SaslHandshakeResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: SaslHandshakeRequest) -> SaslHandshakeResponse:
    return SaslHandshakeResponse(error_code=errors.ILLEGAL_SASL_STATE)
