"""``Snapshot``: all that a broker had on disk at one moment, to go on from as often as wanted."""

from __future__ import annotations

import os
import shutil
import weakref

from minikafka.embedded.directories import temporary_path


class Snapshot:
    """Topics with their records and settings, groups with their offsets, transactions: kept in memory where the
    system has it, until it is deleted, nobody has it any more, or the program ends.

    :param count: of directories to keep.
    """

    def __init__(self, count: int) -> None:
        self._root = temporary_path("minikafka-snapshot")
        os.mkdir(self._root, 0o700)
        self.directories = [os.path.join(self._root, str(number)) for number in range(count)]
        self._finalizer = weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)

    def delete(self) -> None:
        """Free its memory now. It cannot be restored after that."""
        self._finalizer()

    @property
    def is_deleted(self) -> bool:
        return not self._finalizer.alive
