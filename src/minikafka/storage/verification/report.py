"""What a verification has found, and how much it has looked at."""

from __future__ import annotations

from collections.abc import Callable

from minikafka.named_tuple import NamedTuple


class Finding(NamedTuple):
    """One line of the report."""

    is_problem: bool
    """Damage, or files that contradict each other; else what the next start puts right by itself, losing nothing."""
    path: str
    text: str
    position: int | None = None
    """In the file, in bytes."""
    offset: int | None = None

    def __str__(self) -> str:
        where = [self.path]
        if self.position is not None:
            where.append(f"position {self.position}")
        if self.offset is not None:
            where.append(f"offset {self.offset}")
        return f"{'problem' if self.is_problem else 'note'}: {', '.join(where)}: {self.text}"


class Report:
    """Passes findings on as they come.

    :param tell: called with each finding.
    :param progress: called with the bytes of .log files that have been read since the last time.
    """

    def __init__(self, tell: Callable[[Finding], None], progress: Callable[[int], None] = lambda size_bytes: None):
        self._tell = tell
        self.progress = progress
        self.problems = 0
        self.notes = 0
        self.partitions = 0
        self.segments = 0
        self.batches = 0
        self.records = 0
        self.size_bytes = 0

    def problem(self, path: str, text: str, *, position: int | None = None, offset: int | None = None) -> None:
        self.problems += 1
        self._tell(Finding(True, path, text, position, offset))

    def note(self, path: str, text: str, *, position: int | None = None, offset: int | None = None) -> None:
        self.notes += 1
        self._tell(Finding(False, path, text, position, offset))
