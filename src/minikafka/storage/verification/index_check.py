"""The indexes of a segment, compared with its batches while these are gone through once.

Each index says at most one thing: what follows the first wrong entry is no surprise any more.
"""

from __future__ import annotations

from struct import Struct

from minikafka.storage.index import AbortedTransaction
from minikafka.storage.verification.report import Report

_OFFSET_ENTRY = Struct(">ii")
_TIME_ENTRY = Struct(">qi")
_ABORTED_ENTRY = Struct(">hqqqq")


class _IndexCheck:
    def __init__(self, report: Report, path: str, data: bytes, entry_bytes: int) -> None:
        self.path = path
        self._report = report
        self._entry_bytes = entry_bytes
        self._slot = 0
        self.is_wrong = False
        if len(data) % entry_bytes:
            self._wrong(f"{len(data)} bytes are not a whole number of entries of {entry_bytes} bytes")

    def _wrong(self, text: str, *, slot: int | None = None, offset: int | None = None) -> None:
        if not self.is_wrong:
            self.is_wrong = True
            position = None if slot is None else slot * self._entry_bytes
            self._report.problem(self.path, text, position=position, offset=offset)


class OffsetIndexCheck(_IndexCheck):
    """Every entry points at the beginning of a batch that has the offset, or comes after it in one append."""

    def __init__(self, report: Report, path: str, data: bytes, base_offset: int) -> None:
        super().__init__(report, path, data, _OFFSET_ENTRY.size)
        self._entries = [
            (base_offset + relative, position)
            for relative, position in _OFFSET_ENTRY.iter_unpack(data[: len(data) // 8 * 8])
        ]
        last_offset, last_position = base_offset - 1, 0
        for slot, (offset, position) in enumerate(self._entries):
            if position == 0:
                # The first batch of a segment is never indexed: this is left over from preallocation.
                self._wrong("zeros, which an index that is complete does not have", slot=slot)
            elif offset <= last_offset or position <= last_position:
                self._wrong(
                    f"the entry {offset} -> {position} is not above {last_offset} -> {last_position}", slot=slot
                )
            last_offset, last_position = offset, position

    def take(self, position: int, base_offset: int) -> None:
        """The next batch of the log begins at ``position``."""
        while not self.is_wrong and self._slot < len(self._entries):
            offset, indexed_position = self._entries[self._slot]
            if indexed_position > position:
                return
            if indexed_position < position:
                self._wrong(
                    f"no batch begins at position {indexed_position} of the log", slot=self._slot, offset=offset
                )
            elif offset < base_offset:
                self._wrong(
                    f"the batch at position {position} of the log begins at offset {base_offset}",
                    slot=self._slot,
                    offset=offset,
                )
            elif self._slot and self._entries[self._slot - 1][0] >= base_offset:
                self._refuse_too_far(self._slot - 1, base_offset)
            self._slot += 1

    def _refuse_too_far(self, slot: int, following: int) -> None:
        """``following``: an offset that is behind what the entry is about."""
        offset, position = self._entries[slot]
        self._wrong(
            f"what is at position {position} of the log ends before offset {following}", slot=slot, offset=offset
        )

    def skip_to(self, position: int) -> None:
        """What is below ``position`` cannot be read, and has been told of."""
        while self._slot < len(self._entries) and self._entries[self._slot][1] < position:
            self._slot += 1

    def end(self, size_bytes: int, next_offset: int) -> None:
        if self._slot < len(self._entries):
            offset, position = self._entries[self._slot]
            self._wrong(
                f"points at position {position} of the log, which ends at {size_bytes}", slot=self._slot, offset=offset
            )
        elif self._entries and self._entries[-1][0] >= next_offset:
            self._refuse_too_far(len(self._entries) - 1, next_offset)


class TimeIndexCheck(_IndexCheck):
    """Every entry has the greatest timestamp of all records up to its offset."""

    def __init__(self, report: Report, path: str, data: bytes, base_offset: int) -> None:
        super().__init__(report, path, data, _TIME_ENTRY.size)
        self._max_timestamp = -1
        self._entries = [
            (timestamp, base_offset + relative)
            for timestamp, relative in _TIME_ENTRY.iter_unpack(data[: len(data) // 12 * 12])
        ]
        if self._entries and self._entries[0][1] < base_offset:
            self._wrong(f"the segment begins at offset {base_offset}", slot=0, offset=self._entries[0][1])
        for slot in range(1, len(self._entries)):
            (last_timestamp, last_offset), (timestamp, offset) = self._entries[slot - 1 : slot + 1]
            if timestamp == 0 and offset == base_offset:
                self._wrong("zeros, which an index that is complete does not have", slot=slot)
            elif timestamp <= last_timestamp or offset < last_offset:
                self._wrong(
                    f"the entry {timestamp} -> {offset} is not above {last_timestamp} -> {last_offset}", slot=slot
                )

    def take(self, last_offset: int, max_timestamp: int) -> None:
        """The next batch of the log ends at ``last_offset``."""
        self._max_timestamp = max(self._max_timestamp, max_timestamp)
        while not self.is_wrong and self._slot < len(self._entries):
            timestamp, offset = self._entries[self._slot]
            if offset > last_offset:
                return
            if timestamp != self._max_timestamp:
                self._wrong(
                    f"the greatest timestamp so far is {self._max_timestamp}, and not {timestamp}",
                    slot=self._slot,
                    offset=offset,
                )
            self._slot += 1

    def end(self, last_offset: int) -> None:
        if self._slot < len(self._entries):
            _, offset = self._entries[self._slot]
            self._wrong(f"the segment ends at offset {last_offset}", slot=self._slot, offset=offset)
        elif self._max_timestamp >= 0 and (not self._entries or self._entries[-1][0] != self._max_timestamp):
            self._wrong(f"there is no entry for the greatest timestamp {self._max_timestamp}")


class TransactionIndexCheck(_IndexCheck):
    """The aborted transactions whose marker is in the segment are in the index, and no others."""

    def __init__(self, report: Report, path: str, data: bytes, is_compacted: bool) -> None:
        super().__init__(report, path, data, _ABORTED_ENTRY.size)
        self._is_compacted = is_compacted
        self._unseen: dict[tuple[int, int], tuple[int, AbortedTransaction]] = {}
        """(producer id, offset of the marker) -> slot and entry."""
        last_offset = -1
        for slot, (version, *fields) in enumerate(_ABORTED_ENTRY.iter_unpack(data[: len(data) // 34 * 34])):
            entry = AbortedTransaction(*fields)
            if version != 0:
                self._wrong(f"unknown version {version} of an entry", slot=slot)
            elif not last_offset < entry.last_offset >= entry.first_offset >= 0 or entry.last_stable_offset < 0:
                self._wrong(
                    f"an aborted transaction cannot be at {entry.first_offset} to {entry.last_offset}", slot=slot
                )
            last_offset = entry.last_offset
            self._unseen[entry.producer_id, entry.last_offset] = slot, entry

    def take_marker(self, producer_id: int, offset: int) -> None:
        """The log has an abort marker at ``offset``, of a transaction of which there is no record any more."""
        self._unseen.pop((producer_id, offset), None)

    def take_aborted(self, aborted: AbortedTransaction) -> None:
        """The log has the abort marker of a transaction. Its first records, and others that were open with it, may be
        gone: then it began earlier, or the last stable offset was lower."""
        slot, entry = self._unseen.pop((aborted.producer_id, aborted.last_offset), (0, None))
        if entry is None:
            self._wrong(
                f"the transaction of producer {aborted.producer_id} from offset {aborted.first_offset}, which was "
                f"aborted at {aborted.last_offset}, is missing: its records are visible to read_committed",
                offset=aborted.last_offset,
            )
        elif entry.first_offset > aborted.first_offset:
            self._wrong(
                f"the transaction of producer {aborted.producer_id} begins at {aborted.first_offset}, and not "
                f"{entry.first_offset}",
                slot=slot,
                offset=aborted.last_offset,
            )
        elif entry.last_stable_offset > aborted.last_stable_offset:
            self._wrong(
                f"the last stable offset was {aborted.last_stable_offset} at most, and not {entry.last_stable_offset}",
                slot=slot,
                offset=aborted.last_offset,
            )

    def end(self, is_readable: bool) -> None:
        """``is_readable``: all batches of the segment could be read."""
        if self._unseen and is_readable and not self._is_compacted:
            slot, entry = next(iter(self._unseen.values()))
            self._wrong(
                f"the log has no abort marker of producer {entry.producer_id} there",
                slot=slot,
                offset=entry.last_offset,
            )
