"""The part of Produce that is about flush.messages: the answer waits until what it says is on the disk.

The event loop goes on meanwhile, and one sync is for all batches that came to a log while the one before was running.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from minikafka.errors import KAFKA_STORAGE_ERROR
from minikafka.pending import Pending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from minikafka.errors import StorageError
    from minikafka.handlers.produce import Unsynced
    from minikafka.protocol.messages import ProduceResponse


def when_synced(response: ProduceResponse, unsynced: Sequence[Unsynced]) -> Pending[ProduceResponse]:
    """``response``, once every one of its partitions is synced, or has KAFKA_STORAGE_ERROR for an answer."""
    pending: Pending[ProduceResponse] = Pending()
    left = len(unsynced)

    def settle(answer: ProduceResponse.PartitionProduceResponse, error: StorageError | None) -> None:
        nonlocal left
        if error is not None:
            answer.error_code = KAFKA_STORAGE_ERROR
            answer.base_offset = answer.log_append_time_ms = answer.log_start_offset = -1
        left -= 1
        if not left:
            pending.complete(response)

    for answer, log, last_offset in unsynced:
        log.when_synced(last_offset, partial(settle, answer))
    return pending
