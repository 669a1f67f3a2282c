"""Metadata: answers with the names it was asked for as the cluster id."""

from __future__ import annotations

from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import MetadataRequest, MetadataResponse


def handle(ctx: RequestContext, request: MetadataRequest) -> MetadataResponse:
    topics = request.topics or []
    return MetadataResponse(cluster_id=",".join(topic.name or "" for topic in topics))
