"""DescribeDelegationToken (key 41), versions 0-3: the tokens of some users (KIP-48).

Refused on a PLAINTEXT listener, as CreateDelegationToken is. Source: Kafka's KafkaApis.allowTokenRequests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import DescribeDelegationTokenRequest, DescribeDelegationTokenResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: DescribeDelegationTokenRequest) -> DescribeDelegationTokenResponse:
    return DescribeDelegationTokenResponse(error_code=errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED)
