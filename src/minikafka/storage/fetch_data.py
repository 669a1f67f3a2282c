"""What a read of a log gives: slices of its files, not yet read."""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.storage.batch_scan import BatchHeader, scan_headers
from minikafka.storage.files import Descriptor


class FileSlice:
    """``size_bytes`` of a .log file from ``position``. Holds the file open, also when it is deleted meanwhile."""

    __slots__ = ("_descriptor", "position", "size_bytes")

    def __init__(self, descriptor: Descriptor, position: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self.position = position
        self.size_bytes = size_bytes

    def __repr__(self) -> str:
        return f"FileSlice(position={self.position}, size_bytes={self.size_bytes})"

    def fileno(self) -> int:
        """For sendfile. OSError where the file is not the operating system's."""
        return self._descriptor.fileno()

    def read(self) -> bytes:
        return self._descriptor.pread(self.size_bytes, self.position)

    def part(self, start: int, size_bytes: int) -> FileSlice:
        """``size_bytes`` of it from ``start``, counted from its own beginning."""
        return FileSlice(self._descriptor, self.position + start, size_bytes)

    def batch_headers(self, name: str) -> Iterator[BatchHeader]:
        """The whole batches in it, where it begins with one; their positions are those in the file.

        ``name`` of what it is a part of, for errors. Raises CorruptLogError, OSError.
        """
        end = self.position + self.size_bytes
        return scan_headers(_Named(name, self._descriptor), self.position, end, lookup=True)


class _Named:
    """A descriptor, and what to call it in errors."""

    __slots__ = ("path", "pread")

    def __init__(self, name: str, descriptor: Descriptor) -> None:
        self.path = name
        self.pread = descriptor.pread


class _Nothing:
    """The descriptor of an empty slice."""

    def fileno(self) -> int:
        raise OSError("there is nothing to read")

    def pread(self, size_bytes: int, position: int) -> bytes:
        return b""

    def sync(self) -> None:
        raise OSError("there is nothing to sync")


NO_RECORDS = FileSlice(_Nothing(), 0, 0)


class FetchData:
    """The batches from ``offset`` on, as far as the read may go. The first batch may begin before ``offset``, the last
    may be cut off: clients know both."""

    __slots__ = ("aborted_transactions", "first_batch_incomplete", "offset", "records")

    def __init__(
        self,
        offset: int,
        records: FileSlice = NO_RECORDS,
        aborted_transactions: list[tuple[int, int]] | None = None,
        first_batch_incomplete: bool = False,
    ) -> None:
        self.offset = offset
        self.records = records
        """All of it: a read does not go beyond one segment."""
        self.aborted_transactions = aborted_transactions
        """(producer id, first offset) of what a read_committed reader has to skip; None for other readers."""
        self.first_batch_incomplete = first_batch_incomplete
        """Not even the first batch fits into the bytes asked for."""

    @property
    def size_bytes(self) -> int:
        return self.records.size_bytes

    def read(self) -> bytes:
        return self.records.read()
