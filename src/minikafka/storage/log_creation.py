"""A new, empty log for a partition."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from minikafka.storage import log_names, partition_metadata
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.log_folder import LogFolder
from minikafka.storage.partition_log import LoadedLog, PartitionLog
from minikafka.storage.producers.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments

if TYPE_CHECKING:
    from minikafka.config import LogConfig
    from minikafka.storage.log_context import LogContext


def create_log(
    context: LogContext, directory: str, topic: str, partition: int, config: LogConfig, topic_id: bytes | None
) -> PartitionLog:
    """A new, empty log in a folder that is created. Raises OSError."""
    files = context.files
    files.make_directory(directory)
    segments = LogSegments([LogSegment.create(files, directory, 0, config, context.clock.wall_ms())])
    epochs = LeaderEpochCache(files, directory)
    epochs.create()
    unsynced_files: tuple[str, ...] = ()
    if topic_id is not None:
        partition_metadata.write_topic_id(files, directory, topic_id, sync=False)
        unsynced_files = small_files(directory)
    producers = ProducerStateManager(files, directory, log_names.partition_directory(topic, partition))
    folder = LogFolder(
        context,
        directory,
        segments,
        producers,
        epochs,
        unsynced_directories=with_parent(directory),
        unsynced_files=unsynced_files,
    )
    return PartitionLog(context, topic, partition, config, LoadedLog(folder, topic_id, 0, 0))


def with_parent(directory: str) -> tuple[str, str]:
    """The folder, and the log directory that holds its name."""
    return directory, os.path.dirname(directory)


def small_files(directory: str) -> tuple[str]:
    """What is in the folder besides segments and is not synced at once."""
    return (f"{directory}/{partition_metadata.FILE_NAME}",)
