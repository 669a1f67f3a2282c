"""Who a producer is, and how far its batches are numbered (KIP-98): so that one sent twice is stored once."""

from __future__ import annotations

import time

from minikafka.client.cluster import RETRY_BACKOFF_S, Cluster, check
from minikafka.client.errors import UnsupportedByBroker
from minikafka.client.leaders import TopicPartition
from minikafka.client.producing.producer_batch import ProducerBatch
from minikafka.errors import is_retriable
from minikafka.protocol.messages import InitProducerIdRequest
from minikafka.records.batch import increment_sequence

_MAX_TIMEOUT_MS = 2147483647


class ProducerNumbers:
    """:param is_enabled: whether batches are to be numbered."""

    def __init__(self, cluster: Cluster, *, is_enabled: bool) -> None:
        self._cluster = cluster
        self._is_enabled = is_enabled
        self.producer_id = self.producer_epoch = -1
        self._sequences: dict[TopicPartition, int] = {}

    def number(self, batch: ProducerBatch) -> None:
        """Give the batch the numbers that follow those of its partition. Raises ApiError, ClientError."""
        if not self._is_enabled:
            return
        if self.producer_id < 0:
            self._ask()
        if self.producer_id >= 0:
            sequence = self._sequences.get(batch.partition, 0)
            batch.producer_id, batch.producer_epoch = self.producer_id, self.producer_epoch
            batch.base_sequence = sequence
            self._sequences[batch.partition] = increment_sequence(sequence, len(batch.records))

    def become(self, producer_id: int, producer_epoch: int) -> None:
        """Go on as this producer, whose batches begin at 0."""
        self.producer_id, self.producer_epoch = producer_id, producer_epoch
        self._sequences.clear()

    def forget(self) -> None:
        """A batch that was given up leaves a gap: a new producer id begins without one."""
        self.become(-1, -1)

    def _ask(self) -> None:
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=_MAX_TIMEOUT_MS)
        while True:
            try:
                answer = self._cluster.call(request)
            except UnsupportedByBroker:  # before 0.11 nobody numbers anything
                self._is_enabled = False
                return
            if not is_retriable(answer.error_code):
                break
            time.sleep(RETRY_BACKOFF_S)
        check(answer.error_code)
        self.become(answer.producer_id, answer.producer_epoch)
