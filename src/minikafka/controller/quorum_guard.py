"""Whether the metadata in a directory is this node's alone to go on with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka.controller import quorum_state
from minikafka.errors import StorageError
from minikafka.storage import log_names

if TYPE_CHECKING:
    from minikafka.controller.metadata_loader import LoadedMetadata
    from minikafka.storage.files import FileSystem
    from minikafka.storage.log_directory import LogDirectory


def refuse_other_voters(files: FileSystem, directory: str, node_id: int, loaded: LoadedMetadata) -> None:
    """Raise StorageError for a directory of a node of a larger cluster: alone, it would go on from what the others may
    not have, and call it committed.

    The voters are in the log (KIP-853), or configured (controller.quorum.voters): then quorum-state names them, or the
    log does where the last leader was elected. A node that is a broker only has a copy of a log that it is no voter of.
    """
    if loaded.voters is not None:
        ids = [voter.voter_id for voter in loaded.voters.voters]
        if ids != [node_id]:
            raise _refusal(directory, ids, node_id, "remove the other controllers with kafka-metadata-quorum")
        return
    state = quorum_state.read(files, directory) or quorum_state.QuorumState()
    leader = [state.leader_id] if state.leader_id >= 0 else []
    others = {*state.voters, *loaded.electorate, *leader} - {node_id}
    if others:
        ids = sorted(others | ({*state.voters, *loaded.electorate} & {node_id}))
        raise _refusal(directory, ids, node_id, "shrink controller.quorum.voters to this node with Apache Kafka")


def refuse_partitions_without_metadata(
    files: FileSystem, directory: str, log_directories: Iterable[LogDirectory]
) -> None:
    """Raise StorageError, before anything is written, where there are partitions and not the folder ``directory`` that
    names their topics: of a node whose metadata.log.dir is another, or has been lost."""
    if files.exists(directory):
        return
    folders = [
        log_directory.path_of(name)
        for log_directory in log_directories
        for name, is_folder in files.list_directory(log_directory.path)
        if is_folder and (parsed := log_names.parse_directory(name)) is not None and not parsed[2]
    ]
    if folders:
        raise StorageError(
            f"{directory} is missing, which has the metadata of topics, but there are {len(folders)} partitions in the "
            f"log directories, e.g. {min(folders)}; bring it back, set metadata.log.dir to where it is, or set another "
            "log.dirs"
        )


def _refusal(directory: str, ids: list[int], node_id: int, remedy: str) -> StorageError:
    if node_id not in ids:
        return StorageError(
            f"{directory}: this is the copy of the metadata that a broker has, and the controllers "
            f"{', '.join(map(str, ids))} decide about it, not node {node_id}; start Apache Kafka on this directory"
        )
    return StorageError(
        f"{directory}: the metadata has the voters {', '.join(map(str, ids))}, and node {node_id} cannot decide alone; "
        f"{remedy}, or start Apache Kafka on this directory"
    )
