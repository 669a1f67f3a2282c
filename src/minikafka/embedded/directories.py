"""Directories of brokers that are thrown away: in memory where the system has it; copied, emptied, put back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from minikafka.embedded.leftovers import PREFIX, owned_name, remove_leftovers

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig

_MEMORY_DIRECTORY: Final = "/dev/shm"
_ROOMY_BYTES: Final = 512 * 1024 * 1024
_META_PROPERTIES: Final = "meta.properties"
_LOCK: Final = ".lock"
_CHUNK_BYTES: Final = 1024 * 1024
_CAN_SET_TIMES_OF_OPEN_FILES: Final = os.utime in os.supports_fd  # not on Windows


def temporary_path(kind: str = PREFIX) -> str:
    """A path where nothing is yet, for a directory that does not outlive the broker.

    It lies in /dev/shm when that can be written and has half a gigabyte free (containers often have 64 megabytes), and
    TMPDIR does not say otherwise; else where the system keeps temporary files. What killed programs have left in
    memory is removed.
    """
    parent = _parent()
    if parent == _MEMORY_DIRECTORY:
        remove_leftovers(parent)
    return os.path.join(parent, owned_name(kind))


def _parent() -> str:
    if not any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")) and _is_roomy(_MEMORY_DIRECTORY):
        return _MEMORY_DIRECTORY
    from tempfile import gettempdir  # as shutil below, milliseconds that a start in memory does not need

    return gettempdir()


def _is_roomy(directory: str) -> bool:
    if not hasattr(os, "statvfs"):
        return False  # Windows
    try:
        room = os.statvfs(directory)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize >= _ROOMY_BYTES and os.access(directory, os.W_OK | os.X_OK)


def remove(directory: str) -> None:
    """Delete the directory as far as that goes: what cannot be deleted is the system's to clean up."""
    from shutil import rmtree

    rmtree(directory, ignore_errors=True)


def written_with(config: BrokerConfig) -> list[str]:
    """The directories that a broker with these settings writes to."""
    metadata_directory = config["metadata.log.dir"]
    return list(dict.fromkeys([*config.log_dirs, *([metadata_directory] if metadata_directory else [])]))


def empty(directories: Sequence[str]) -> None:
    """Delete all but what says whose the directories are: the cluster keeps its id."""
    for directory in directories:
        if os.path.isdir(directory):
            for entry in list(os.scandir(directory)):
                if entry.name != _META_PROPERTIES:
                    _remove(entry)


def copy(sources: Sequence[str], targets: Sequence[str]) -> None:
    """Copy the content of each source into its target, which is made if it is not there."""
    for source, target in zip(sources, targets, strict=True):
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
            _copy_content(source, target)


def _copy_content(source: str, target: str) -> None:
    """A broker has many small files: ``shutil.copytree`` takes three times as long for them."""
    with os.scandir(source) as entries:
        for entry in entries:
            path = os.path.join(target, entry.name)
            if entry.is_dir(follow_symlinks=False):
                os.mkdir(path)
                _copy_content(entry.path, path)
            elif entry.name != _LOCK:
                _copy_file(entry.path, path)


def _copy_file(source: str, target: str) -> None:
    """With the time of the last write, from which retention counts."""
    with open(source, "rb", buffering=0) as read, open(target, "wb") as written:
        status = os.fstat(read.fileno())
        while chunk := read.read(_CHUNK_BYTES) if status.st_size else b"":
            written.write(chunk)
        written.flush()
        if _CAN_SET_TIMES_OF_OPEN_FILES:
            os.utime(written.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
    if not _CAN_SET_TIMES_OF_OPEN_FILES:
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        from shutil import rmtree

        rmtree(entry.path)
    else:
        os.unlink(entry.path)
