"""Reads a partition of ``__share_group_state`` into an empty shard. Updates build on what comes before them, so every
record counts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from minikafka.coordinator.share_state.share_state_table import ShareStateTable
from minikafka.errors import ProtocolError
from minikafka.protocol import stored
from minikafka.protocol.messages import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue
from minikafka.records.batch import iter_batches

if TYPE_CHECKING:
    from minikafka.coordinator.share_state.share_state_shard import ShareStateShard
    from minikafka.records.batch import Record

_logger = logging.getLogger(__name__)


class ShareStateLoader:
    """One load: ``feed`` the log from its start on, in whole batches, then ``finish``.

    :param updates_per_snapshot: see ``ShareStateTable``.
    """

    def __init__(self, updates_per_snapshot: int) -> None:
        self._table = ShareStateTable(updates_per_snapshot)

    def feed(self, data: bytes) -> int:
        """Take in the whole batches at the start of ``data``. Returns the offset after the last one, -1 for none."""
        next_offset = -1
        for batch in iter_batches(memoryview(data)):
            next_offset = batch.next_offset
            if not batch.is_control:
                for record in batch:
                    self._replay(record)
        return next_offset

    def finish(self, shard: ShareStateShard) -> None:
        """Let ``shard``, which must be empty, have what was read."""
        shard.table = self._table

    def _replay(self, record: Record) -> None:
        """What this broker does not know is left alone. Raises ProtocolError where a value is damaged."""
        if record.key is None:
            return
        try:
            key = stored.decode_share_key(record.key)
        except ProtocolError as error:
            _logger.warning("Skipping the record at offset %d of the share group state: %s", record.offset, error)
            return
        if isinstance(key, ShareUpdateKey):
            if record.value is not None:
                self._table.replay(key, stored.decode_value(ShareUpdateValue, record.value), record.offset)
            return
        assert isinstance(key, ShareSnapshotKey)
        value = None if record.value is None else stored.decode_value(ShareSnapshotValue, record.value)
        self._table.replay(key, value, record.offset)
