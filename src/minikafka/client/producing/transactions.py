"""The transactions of a producer, as its transaction coordinator keeps them (KIP-98).

States: none -> ready (``init``) -> in a transaction (``begin``) -> ready (``commit``, ``abort``). Partitions are added
before the first batch goes to them. A batch that is lost spoils the transaction: it can only be aborted then.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.coordinator import TransactionCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.client.producing.producer_numbers import ProducerNumbers
from minikafka.errors import CONCURRENT_TRANSACTIONS, NONE, MinikafkaError
from minikafka.protocol.messages import AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest

_BACKOFF_S: Final = 0.02
_MAX_ADD_PARTITIONS_VERSION: Final = 3
"""Later ones are for brokers among themselves."""
_MAX_END_VERSION: Final = 4
"""From 5 on partitions are added by producing to them (KIP-890), which this client leaves to other ones."""


class Transactions:
    """:param timeout_ms: when the coordinator aborts a transaction that is not ended."""

    def __init__(
        self, cluster: Cluster, numbers: ProducerNumbers, transactional_id: str, timeout_ms: int, *, max_wait_s: float
    ) -> None:
        self.transactional_id = transactional_id
        self.is_open = False
        self._coordinator = TransactionCoordinator(cluster, transactional_id, timeout_s=max_wait_s)
        self._numbers = numbers
        self._timeout_ms = timeout_ms
        self._max_wait_s = max_wait_s
        self._added: set[TopicPartition] = set()
        self._failure: MinikafkaError | None = None

    def init(self) -> None:
        """Become the producer of this id; what an earlier one left open is aborted. Raises ApiError, ClientError."""
        request = InitProducerIdRequest(transactional_id=self.transactional_id, transaction_timeout_ms=self._timeout_ms)
        answer = self._call(request, lambda answer: answer.error_code)
        check(answer.error_code)
        self._numbers.become(answer.producer_id, answer.producer_epoch)
        self._close()

    def begin(self) -> None:
        """Raises ClientError."""
        if self._numbers.producer_id < 0:
            raise ClientError("there is no transaction before init_transactions")
        if self.is_open:
            raise ClientError(f"transaction {self.transactional_id} has begun already")
        self.is_open = True

    def add(self, partitions: Iterable[TopicPartition]) -> None:
        """Batches of these partitions are about to be sent. Raises ApiError, ClientError."""
        if not self.is_open:
            raise ClientError(f"records of {self.transactional_id} are sent within a transaction only")
        new = [partition for partition in partitions if partition not in self._added]
        if not new:
            return
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self.transactional_id,
            v3_and_below_producer_id=self._numbers.producer_id,
            v3_and_below_producer_epoch=self._numbers.producer_epoch,
            v3_and_below_topics=[
                AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=topic, partitions=indexes)
                for topic, indexes in by_topic(new).items()
            ],
        )
        check(self._call(request, _partition_error, max_version=_MAX_ADD_PARTITIONS_VERSION, reads_error=True))
        self._added.update(new)

    def spoil(self, failure: MinikafkaError) -> None:
        """A batch was lost."""
        self._failure = self._failure or failure

    def commit(self) -> None:
        """Raises ApiError, ClientError; why a batch was lost, when the transaction can only be aborted."""
        self._ensure_open()
        if self._failure is not None:
            raise self._failure
        self._end(commits=True)

    def abort(self) -> None:
        """Raises ApiError, ClientError."""
        self._ensure_open()
        if self._failure is not None:
            # The partitions lack batches that were numbered: a new epoch numbers from 0, and aborts what there is.
            self.init()
        else:
            self._end(commits=False)

    def _end(self, *, commits: bool) -> None:
        if self._added:
            request = EndTxnRequest(
                transactional_id=self.transactional_id,
                producer_id=self._numbers.producer_id,
                producer_epoch=self._numbers.producer_epoch,
                committed=commits,
            )
            answer = self._call(request, lambda answer: answer.error_code, max_version=_MAX_END_VERSION)
            check(answer.error_code)
        self._close()

    def _close(self) -> None:
        self.is_open, self._failure = False, None
        self._added.clear()

    def _ensure_open(self) -> None:
        if not self.is_open:
            raise ClientError(f"there is no transaction of {self.transactional_id} to end")

    def _call(self, request: Any, error_code: Any, *, max_version: int = 32767, reads_error: bool = False) -> Any:
        """Asks again while the markers of the transaction before are being written."""
        deadline_s = time.monotonic() + self._max_wait_s
        while True:
            answer = self._coordinator.call(request, error_code, max_version=max_version)
            code = error_code(answer)
            if code != CONCURRENT_TRANSACTIONS or time.monotonic() >= deadline_s:
                return code if reads_error else answer
            time.sleep(_BACKOFF_S)


def _partition_error(answer: Any) -> int:
    codes = (
        result.partition_error_code
        for topic in answer.results_by_topic_v3_and_below
        for result in topic.results_by_partition
    )
    return next((code for code in codes if code != NONE), NONE)
