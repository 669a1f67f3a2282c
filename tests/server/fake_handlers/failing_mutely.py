"""Produce: fails, with no place in the answer that could say so."""

from __future__ import annotations

from minikafka.errors import INVALID_TOPIC_EXCEPTION, ApiError
from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import ProduceRequest


def handle(ctx: RequestContext, request: ProduceRequest) -> None:
    if request.acks == 0 and request.timeout_ms == 0:
        return
    raise ApiError(INVALID_TOPIC_EXCEPTION)
