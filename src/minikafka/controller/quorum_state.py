"""``quorum-state``: which epoch the raft log is in (Kafka: FileQuorumStateStore, QuorumStateData version 1).

Kafka starts the next epoch from what it says, or from the log where that is further: losing the file in a power cut
costs nothing on one node.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.primitives import uuid_to_text

if TYPE_CHECKING:
    from minikafka.storage.files import FileSystem

FILE_NAME = "quorum-state"
_DATA_VERSION = 1
_NUMBER = rb'"(\w+)"\s*:\s*(-?\d+)'
"""A field with a number. The file is one flat JSON object, and importing json would cost each start 3 ms."""


_VOTER = rb'"voterId"\s*:\s*(\d+)'


class QuorumState(NamedTuple):
    """``leader_id`` -1: nobody was elected in ``leader_epoch`` yet. ``voters``: the configured ones
    (controller.quorum.voters), which version 0 names."""

    leader_id: int = -1
    leader_epoch: int = 0
    voters: tuple[int, ...] = ()


def read(files: FileSystem, directory: str) -> QuorumState | None:
    """None when there is no such file, or not all of it. Raises StorageError when it cannot be understood."""
    path = f"{directory}/{FILE_NAME}"
    try:
        content = files.read_bytes(path)
    except FileNotFoundError:
        return None
    if not content.rstrip(b"\0\n ").endswith(b"}"):
        return None  # renamed into place, but cut off before its content reached the disk
    fields = dict(re.findall(_NUMBER, content))
    if b"leaderId" not in fields or b"leaderEpoch" not in fields:
        raise StorageError(f"{path}: malformed, without leaderId and leaderEpoch: {content[:200]!r}")
    voters = tuple(map(int, re.findall(_VOTER, content)))
    return QuorumState(int(fields[b"leaderId"]), int(fields[b"leaderEpoch"]), voters)


def write(files: FileSystem, directory: str, state: QuorumState, *, sync: bool) -> None:
    content = (
        f'{{"leaderId":{state.leader_id},"leaderEpoch":{state.leader_epoch},"votedId":-1,'
        f'"votedDirectoryId":"{uuid_to_text(bytes(16))}","data_version":{_DATA_VERSION}}}'
    )
    files.replace_atomically(f"{directory}/{FILE_NAME}", content.encode(), sync=sync)
