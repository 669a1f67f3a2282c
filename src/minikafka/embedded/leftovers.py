"""What killed programs have left in memory: nobody else would ever free it.

A directory that does not outlive its broker is called KIND-NAMESPACE-PID-RANDOM, by the process that made it and the
process namespace in which that had this id. It is removed when that process is gone, and no other holds its lock.
"""

from __future__ import annotations

import os
from typing import Final

from minikafka.storage.files import OsFiles

PREFIX: Final = "minikafka"
_LOCK: Final = ".lock"
_NAMESPACE: Final = "/proc/self/ns/pid"


def owned_name(kind: str) -> str:
    """A new name for a directory of this process."""
    return f"{kind}-{_namespace()}-{os.getpid()}-{os.urandom(8).hex()}"


def remove_leftovers(parent: str) -> None:
    """Remove what processes that are gone have left in ``parent``."""
    namespace = str(_namespace())
    for entry in list(os.scandir(parent)):
        if entry.name.startswith(PREFIX):
            _, *owner = entry.name.rsplit("-", 3)
            if len(owner) == 3 and owner[0] == namespace and owner[1].isdigit() and _is_left(entry, int(owner[1])):
                from shutil import rmtree

                rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str], process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        pass
    except OSError:
        return False  # It is there, and somebody else's.
    else:
        return False
    path = os.path.join(entry.path, _LOCK)
    if not os.path.exists(path):
        return True
    try:
        lock = OsFiles().lock(path)
    except OSError:
        return False  # Somebody else's, or just being removed.
    if lock is None:
        return False
    lock.release()
    return True


def _namespace() -> int:
    """0 where there are none."""
    try:
        return os.stat(_NAMESPACE).st_ino
    except OSError:
        return 0
