"""A broker for the tests of share groups: a ``DataBroker`` with share partitions, whose persister is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from minikafka.protocol.messages import ShareAcknowledgeRequest, ShareFetchRequest
from minikafka.records.batch import iter_batches
from minikafka.sharing.share_partitions import SharePartitions
from minikafka.sharing.share_settings import ShareSettings
from minikafka.state.configurations import GROUP
from tests.handlers.data_broker import NOW_MS, Answer, DataBroker, batch, topic_id_of
from tests.sharing.shared_log import MemoryPersister

Part = tuple[str, int]
"""Topic and index."""
Acknowledged = tuple[str, int, int, int, list[int]]
"""Topic, index, first and last offset, types."""


class ClientConnection:
    """As the connections of a server: ``close`` is what a lost one does."""

    client_host = "127.0.0.1"

    def __init__(self) -> None:
        self.on_lost: Any = None

    def close(self) -> None:
        if self.on_lost is not None:
            self.on_lost(self)


class ShareBroker(DataBroker):
    def __init__(self, **config: object) -> None:
        super().__init__(**config)
        self.share_version = 1
        self.image.configs = {}
        self.image.features = SimpleNamespace(level=lambda name: self.share_version)
        self.persister = MemoryPersister()
        self.connection = ClientConnection()
        self.restart()

    def restart(self) -> None:
        """Nobody remembers a session, and what the persister has is left of the share partitions."""
        settings = ShareSettings(lambda: self.config, lambda group_id: self.image.configs.get((GROUP, group_id), {}))
        self.share_partitions = SharePartitions(self.persister, settings, self.clock, self.timers, self.purgatory.check)

    def produce(self, topic: str, *counts: int, index: int = 0) -> None:
        """Batches of so many records."""
        log = self.logs.get(topic, index)
        assert log is not None
        for count in counts:
            log.append(batch(*[b"v"] * count), now_ms=NOW_MS)

    def share_fetch(
        self,
        epoch: int,
        parts: Sequence[Part] = (),
        *,
        member: str | None = "a",
        group: str | None = "g",
        acknowledged: Sequence[Acknowledged] = (),
        forgotten: Sequence[Part] = (),
        version: int = 2,
        connection: ClientConnection | None = None,
        **fields: Any,
    ) -> Answer:
        topics: dict[str, dict[int, list[Any]]] = {}
        for name, index in parts:
            topics.setdefault(name, {}).setdefault(index, [])
        for name, index, first, last, types in acknowledged:
            each = ShareFetchRequest.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=types)
            topics.setdefault(name, {}).setdefault(index, []).append(each)
        request = ShareFetchRequest(
            group_id=group,
            member_id=member,
            share_session_epoch=epoch,
            **{"max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "max_records": 500, "batch_size": 500, **fields},
            topics=[
                ShareFetchRequest.FetchTopic(
                    topic_id=topic_id_of(name),
                    partitions=[
                        ShareFetchRequest.FetchPartition(partition_index=index, acknowledgement_batches=batches)
                        for index, batches in partitions.items()
                    ],
                )
                for name, partitions in topics.items()
            ],
            forgotten_topics_data=[
                ShareFetchRequest.ForgottenTopic(topic_id=topic_id_of(name), partitions=[index])
                for name, index in forgotten
            ],
        )
        return self.call(request, version, connection=connection or self.connection)

    def share_acknowledge(
        self,
        epoch: int,
        *acknowledged: Acknowledged,
        member: str = "a",
        group: str = "g",
        version: int = 2,
        is_renewal: bool = False,
    ) -> Answer:
        topics: dict[str, dict[int, list[Any]]] = {}
        for name, index, first, last, types in acknowledged:
            each = ShareAcknowledgeRequest.AcknowledgementBatch(
                first_offset=first, last_offset=last, acknowledge_types=types
            )
            topics.setdefault(name, {}).setdefault(index, []).append(each)
        request = ShareAcknowledgeRequest(
            group_id=group,
            member_id=member,
            share_session_epoch=epoch,
            is_renew_ack=is_renewal,
            topics=[
                ShareAcknowledgeRequest.AcknowledgeTopic(
                    topic_id=topic_id_of(name),
                    partitions=[
                        ShareAcknowledgeRequest.AcknowledgePartition(
                            partition_index=index, acknowledgement_batches=batches
                        )
                        for index, batches in partitions.items()
                    ],
                )
                for name, partitions in topics.items()
            ],
        )
        return self.call(request, version, connection=self.connection)


def partitions_of(answer: Answer) -> dict[Part, Any]:
    """Topic and index -> what the answer says of the partition."""
    return {
        (topic.topic_id.rstrip(b"\0").decode(), partition.partition_index): partition
        for topic in answer.value.responses
        for partition in topic.partitions
    }


def acquired(answer: Answer, topic: str = "t", index: int = 0) -> list[tuple[int, int, int]]:
    """(first offset, last offset, delivery count) of what was acquired of a partition; nothing if it is not there."""
    partition = partitions_of(answer).get((topic, index))
    if partition is None:
        return []
    return [(each.first_offset, each.last_offset, each.delivery_count) for each in partition.acquired_records]


def batches_in(answer: Answer, topic: str = "t", index: int = 0) -> list[tuple[int, int]]:
    """(base offset, last offset) of the batches that came along."""
    records = partitions_of(answer)[topic, index].records
    return [(each.base_offset, each.last_offset) for each in iter_batches(memoryview(bytes(records)))]
