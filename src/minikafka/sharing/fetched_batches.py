"""What a read of the log found, by batches: what may be acquired of it, and which of its bytes are then answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minikafka.records.batch import iter_batches

if TYPE_CHECKING:
    from minikafka.storage.fetch_data import FetchData, FileSlice

_ABORT = 0


class FetchedBatch:
    """One batch, as its header says; ``position`` and ``size_bytes`` in the slice it was found in."""

    __slots__ = (
        "base_offset",
        "is_control",
        "is_transactional",
        "last_offset",
        "position",
        "producer_id",
        "size_bytes",
    )

    def __init__(
        self,
        base_offset: int,
        last_offset: int,
        position: int = 0,
        size_bytes: int = 0,
        producer_id: int = -1,
        is_transactional: bool = False,
        is_control: bool = False,
    ) -> None:
        self.base_offset = base_offset
        self.last_offset = last_offset
        self.position = position
        self.size_bytes = size_bytes
        self.producer_id = producer_id
        self.is_transactional = is_transactional
        self.is_control = is_control


class FetchedBatches:
    """The whole batches of a read, by offset, and the transactions that a read_committed reader has to skip.

    ``aborted_transactions``: (producer id, first offset), by first offset.
    """

    __slots__ = ("_records", "aborted_transactions", "batches")

    def __init__(
        self,
        batches: Sequence[FetchedBatch],
        aborted_transactions: Sequence[tuple[int, int]] = (),
        records: FileSlice | None = None,
    ) -> None:
        self.batches = batches
        self.aborted_transactions = sorted(aborted_transactions, key=lambda each: each[1])
        self._records = records

    @classmethod
    def of(
        cls, data: FetchData, known_offset: int, max_records: int, name: str, reach: int | None = None
    ) -> FetchedBatches:
        """As far as the batch that ends ``max_records`` behind ``known_offset`` and the first batch, where new records
        would begin: the headers after that need not be looked at. Nor those behind ``reach``, up to which there is
        enough without new ones (``DeliveryWindow.reach``), unless compaction has removed what that begins with.

        ``name`` of the partition, for errors. Raises OSError, CorruptLogError.
        """
        records = data.records
        batches: list[FetchedBatch] = []
        for header in records.batch_headers(name):
            position = header.position - records.position
            base_offset = header.base_offset
            if header.magic < 2:
                # A compressed message of an old format has the offset of the last one in it.
                message = memoryview(records.part(position, header.size_bytes).read())
                base_offset = next(iter_batches(message)).base_offset
            batches.append(
                FetchedBatch(
                    base_offset,
                    header.last_offset,
                    position,
                    header.size_bytes,
                    header.producer_id,
                    header.is_transactional,
                    header.is_control,
                )
            )
            first_offset = batches[0].base_offset
            has_enough = reach is not None and first_offset <= data.offset and header.last_offset >= reach
            if has_enough or header.last_offset >= max(known_offset, first_offset) + max_records:
                break
        return cls(batches, data.aborted_transactions or (), records)

    def end_of_batch_with(self, offset: int) -> int:
        """The last offset of the batch that ``offset`` is in; ``offset`` itself where it lies in no batch."""
        before = [batch for batch in self.batches if batch.base_offset <= offset]
        return max(offset, before[-1].last_offset) if before else offset

    def slice(self, first_offset: int, last_offset: int) -> FileSlice:
        """The bytes of the batches from that of ``first_offset`` to that of ``last_offset``."""
        assert self._records is not None
        covering = [batch for batch in self.batches if batch.base_offset <= last_offset]
        while len(covering) > 1 and covering[1].base_offset <= first_offset:
            covering.pop(0)
        start = covering[0].position
        return self._records.part(start, covering[-1].position + covering[-1].size_bytes - start)

    def aborted_batches(self) -> list[FetchedBatch]:
        """The batches that belong to aborted transactions (as Kafka's consumers skip them)."""
        aborted: list[FetchedBatch] = []
        producer_ids: set[int] = set()
        waiting = list(self.aborted_transactions)
        for batch in self.batches:
            if batch.producer_id < 0:
                continue
            while waiting and waiting[0][1] <= batch.last_offset:
                producer_ids.add(waiting.pop(0)[0])
            if batch.is_control and self._is_abort_marker(batch):
                producer_ids.discard(batch.producer_id)
            elif batch.is_transactional and batch.producer_id in producer_ids:
                aborted.append(batch)
        return aborted

    def _is_abort_marker(self, batch: FetchedBatch) -> bool:
        assert self._records is not None
        stored = memoryview(self._records.part(batch.position, batch.size_bytes).read())
        for record in next(iter_batches(stored)):
            # Version and type, two bytes each.
            return record.key is not None and int.from_bytes(record.key[2:4], "big") == _ABORT
        return False
