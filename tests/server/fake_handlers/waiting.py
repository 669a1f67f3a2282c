"""Heartbeat: hands its promise to the test, which completes it."""

from __future__ import annotations

from typing import Any

from minikafka.handlers.context import RequestContext
from minikafka.pending import Pending
from minikafka.protocol.messages import HeartbeatRequest


def handle(ctx: RequestContext, request: HeartbeatRequest) -> Pending[Any]:
    pending: Pending[Any] = Pending()
    ctx.broker.promises.append((request.group_id, pending))  # type: ignore[attr-defined]
    return pending
