"""The APIs of the share coordinator when they fail as a whole. What they answer otherwise is compared with Kafka's
answers in ``tests/coordinator/share_state``."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.handlers import (
    delete_share_group_state,
    initialize_share_group_state,
    read_share_group_state,
    read_share_group_state_summary,
    write_share_group_state,
)
from minikafka.protocol.messages import (
    DeleteShareGroupStateRequest,
    InitializeShareGroupStateRequest,
    ReadShareGroupStateRequest,
    ReadShareGroupStateSummaryRequest,
    WriteShareGroupStateRequest,
    response_class,
)

T, U = b"t" * 16, b"u" * 16
APIS = [
    (InitializeShareGroupStateRequest, "InitializeStateData", initialize_share_group_state),
    (ReadShareGroupStateRequest, "ReadStateData", read_share_group_state),
    (WriteShareGroupStateRequest, "WriteStateData", write_share_group_state),
    (DeleteShareGroupStateRequest, "DeleteStateData", delete_share_group_state),
    (ReadShareGroupStateSummaryRequest, "ReadStateSummaryData", read_share_group_state_summary),
]


@pytest.mark.parametrize(("cls", "topic_cls", "handler"), APIS, ids=lambda it: getattr(it, "__name__", it))
def test_failing_as_a_whole(cls: Any, topic_cls: str, handler: Any) -> None:
    topics = [
        getattr(cls, topic_cls)(
            topic_id=topic_id, partitions=[cls.PartitionData(partition=partition) for partition in partitions]
        )
        for topic_id, partitions in ((T, [0]), (U, [1]), (T, [3]))
    ]
    response = handler.error_response(cls(group_id="g", topics=topics), errors.CLUSTER_AUTHORIZATION_FAILED)
    for version in range(cls.min_version, cls.max_version + 1):
        answer = response_class(cls.api_key).decode(response.encode(version), version)
        found = [
            (topic.topic_id, partition.partition, partition.error_code, partition.error_message)
            for topic in answer.results
            for partition in topic.partitions
        ]
        said = (errors.CLUSTER_AUTHORIZATION_FAILED, errors.message_of(errors.CLUSTER_AUTHORIZATION_FAILED))
        assert found == [(T, 0, *said), (T, 3, *said), (U, 1, *said)]
