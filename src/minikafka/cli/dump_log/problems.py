"""What ``kafka-dump-log`` found wrong: told on stderr, behind everything that it printed."""

from __future__ import annotations

import os
import sys

Pairs = dict[str, list[tuple[int, int]]]
"""File -> pairs of what was expected and what is there."""


class Problems:
    def __init__(self) -> None:
        self._index_mismatches: Pairs = {}
        self._timestamp_mismatches: Pairs = {}
        self._timestamps_out_of_order: Pairs = {}
        self._offsets_not_found: Pairs = {}
        self._gaps: Pairs = {}

    def index_differs(self, path: str, index_offset: int, log_offset: int) -> None:
        _note(self._index_mismatches, path, index_offset, log_offset)

    def timestamp_differs(self, path: str, index_timestamp: int, log_timestamp: int) -> None:
        _note(self._timestamp_mismatches, path, index_timestamp, log_timestamp)

    def timestamp_is_not_above(self, path: str, timestamp: int, previous: int) -> None:
        _note(self._timestamps_out_of_order, path, timestamp, previous)

    def offset_is_not_found(self, path: str, index_offset: int, log_offset: int) -> None:
        _note(self._offsets_not_found, path, index_offset, log_offset)

    def offsets_have_gap(self, path: str, before: int, behind: int) -> None:
        _note(self._gaps, path, before, behind)

    def print(self) -> None:
        """In the words, and in the orders, of DumpLogSegments: it puts some lists together from their ends."""
        lines = []
        for path, pairs in self._index_mismatches.items():
            lines.append(f"Mismatches in :{path}")
            lines += [f"  Index offset: {index}, log offset: {log}" for index, log in reversed(pairs)]
        for path, pairs in self._timestamp_mismatches.items():
            lines.append(f"Found timestamp mismatch in :{path}")
            lines += [f"  Index timestamp: {index}, log timestamp: {log}" for index, log in pairs]
        for path, pairs in self._timestamps_out_of_order.items():
            lines.append(f"Found out of order timestamp in :{path}")
            lines += [f"  Index timestamp: {index}, Previously indexed timestamp: {before}" for index, before in pairs]
        for pairs in self._offsets_not_found.values():
            lines.append("The following indexed offsets are not found in the log.")
            lines += [f"Indexed offset: {index}, found log offset: {log}" for index, log in pairs]
        for path, pairs in self._gaps.items():
            lines.append(f"Non-consecutive offsets in {path}")
            lines += [f"  {before} is followed by {behind}" for before, behind in reversed(pairs)]
        for line in lines:
            print(line, file=sys.stderr)


def _note(pairs: Pairs, path: str, first: int, second: int) -> None:
    pairs.setdefault(os.path.abspath(path), []).append((first, second))
