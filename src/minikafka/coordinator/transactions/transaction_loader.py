"""Reads a partition of ``__transaction_state`` into an empty shard: of each transactional id the last record counts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from minikafka.errors import ProtocolError
from minikafka.protocol import stored
from minikafka.protocol.messages import TransactionLogKey, TransactionLogValue
from minikafka.records.batch import NO_PRODUCER_ID, iter_batches

if TYPE_CHECKING:
    from minikafka.coordinator.transactions.transaction_shard import TransactionShard

_logger = logging.getLogger(__name__)


class TransactionLoader:
    """One load: ``feed`` the log from its start on, in whole batches, then ``finish``."""

    def __init__(self) -> None:
        self._last: dict[bytes, tuple[int, bytes]] = {}

    def feed(self, data: bytes) -> int:
        """Take in the whole batches at the start of ``data``. Returns the offset after the last one, -1 for none."""
        next_offset = -1
        for batch in iter_batches(memoryview(data)):
            next_offset = batch.next_offset
            if batch.is_control:
                continue
            for record in batch:
                if record.key is None:
                    continue
                key = bytes(record.key)
                if record.value is None:
                    self._last.pop(key, None)
                else:
                    self._last[key] = record.offset, bytes(record.value)
        return next_offset

    def finish(self, shard: TransactionShard) -> None:
        """Put what was read into ``shard``, which must be empty. What this broker does not know is left alone."""
        for key, (record_offset, value) in self._last.items():
            try:
                message = stored.decode_transaction_key(key)
            except ProtocolError as error:
                _logger.warning("Skipping the record at offset %d of the transaction state: %s", record_offset, error)
                continue
            assert isinstance(message, TransactionLogKey)
            decoded = stored.decode_value(TransactionLogValue, value)
            shard.replay(message, decoded, record_offset, NO_PRODUCER_ID)
