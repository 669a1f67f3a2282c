"""The broker's log.dirs together: whose they are, which are in service, and what becomes of one whose disk fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from minikafka.clock import Clock
from minikafka.errors import KAFKA_STORAGE_ERROR, LOG_DIR_NOT_FOUND, ApiError, ConfigError, StorageError
from minikafka.storage import log_names
from minikafka.storage.files import FileSystem
from minikafka.storage.log_directory import LogDirectory
from minikafka.storage.meta_properties import FILE_NAME as META_PROPERTIES
from minikafka.storage.meta_properties import MetaProperties, random_uuid, read_meta_properties, write_meta_properties
from minikafka.storage.partition_log import TRANSIENT_ERRORS
from minikafka.storage.partition_metadata import encode_uuid

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig

logger = logging.getLogger(__name__)


class LogDirectories:
    """:param on_failure: called with a directory that has just gone offline, and why (``failure`` is set)."""

    def __init__(
        self, config: BrokerConfig, clock: Clock, files: FileSystem, on_failure: Callable[[LogDirectory], None]
    ) -> None:
        self._clock = clock
        self._files = files
        self._on_failure = on_failure
        self._directories = [LogDirectory(files, os.path.abspath(path)) for path in config.log_dirs]
        self._metadata_path: str | None = config["metadata.log.dir"]
        self._node_id: int = config.node_id
        self.cluster_id = ""
        """22 characters; known after ``open``."""

    def __iter__(self) -> Iterator[LogDirectory]:
        return iter(self._directories)

    def __len__(self) -> int:
        return len(self._directories)

    @property
    def online(self) -> list[LogDirectory]:
        return [directory for directory in self._directories if directory.is_online]

    @property
    def ids(self) -> dict[str, bytes]:
        """Path -> id (16 bytes), of the directories that are online."""
        return {
            directory.path: directory.directory_id for directory in self.online if directory.directory_id is not None
        }

    @property
    def metadata_path(self) -> str:
        """Where the controller keeps its log: metadata.log.dir, else the first log directory."""
        return os.path.abspath(self._metadata_path or self._directories[0].path)

    @property
    def failures(self) -> str:
        """Which are offline, and why, for a sentence."""
        return "; ".join(
            f"{directory.path}: {directory.failure}" for directory in self._directories if directory.failure is not None
        )

    def ensure_usable(self, path: str) -> None:
        """Whether ``path`` is a log directory in service. Raises ApiError: LOG_DIR_NOT_FOUND, KAFKA_STORAGE_ERROR."""
        directory = next((directory for directory in self._directories if directory.path == path), None)
        if directory is None:
            raise ApiError(LOG_DIR_NOT_FOUND, f"Log dir {path} is not found in the config.")
        if not directory.is_online:
            raise ApiError(KAFKA_STORAGE_ERROR, f"Log directory {path} is offline")

    def ensure_any_usable(self) -> None:
        """Raises StorageError when all are offline."""
        if not self.online:
            raise StorageError(f"none of the log directories can be used: {self.failures}")

    # --- start and end

    def open(self, cluster_id: str | None, *, adopts: bool = False) -> None:
        """Create, lock, and check meta.properties; new ones are formatted. Those that cannot be used are taken offline,
        as long as one is left. ``adopts``: those of a Kafka with ZooKeeper become this node's, instead of being
        refused. Raises ConfigError, StorageError."""
        self._refuse_duplicates()
        for directory in self._directories:
            self.attempt(directory, directory.open)
        self.ensure_any_usable()
        try:
            self._check_owners(cluster_id, adopts)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others lock them."""
        for directory in self._directories:
            directory.close()

    def _refuse_duplicates(self) -> None:
        seen: set[str] = set()
        for directory in self._directories:
            real_path = os.path.realpath(directory.path)
            if real_path in seen:
                raise ConfigError(f"log.dirs names {directory.path} twice")
            seen.add(real_path)

    def _check_owners(self, cluster_id: str | None, adopts: bool) -> None:
        """Every directory must be of this cluster and node, and have an id of its own; new ones get all three."""
        known: dict[LogDirectory, MetaProperties | None] = {}
        for directory in self.online:
            try:
                known[directory] = read_meta_properties(self._files, directory.path)
            except OSError as error:
                self.fail(directory, reason_of(error, directory.path))
        for directory, properties in known.items():
            if properties is None:
                continue
            if not properties.version and not adopts:
                self._refuse_what_is_damaged(directory, properties)
                self._refuse_partitions_of_zookeeper(directory)
            if properties.cluster_id is not None:
                if cluster_id is not None and properties.cluster_id != cluster_id:
                    raise ConfigError(
                        f"{directory.path} belongs to the cluster {properties.cluster_id}, not to {cluster_id}; give "
                        "this broker another log directory, or remove the data in it"
                    )
                cluster_id = properties.cluster_id
            if properties.node_id is not None and properties.node_id != self._node_id:
                raise ConfigError(
                    f"{directory.path} belongs to the broker with node.id={properties.node_id}, and this one has "
                    f"node.id={self._node_id}; set node.id={properties.node_id}, or give it another log directory"
                )
        self.cluster_id = cluster_id if cluster_id is not None else encode_uuid(random_uuid())
        self._give_ids(known)

    def _refuse_what_is_damaged(self, directory: LogDirectory, properties: MetaProperties) -> None:
        """Half of a file, or an empty one, looks like an old one; but with ZooKeeper there is no metadata log."""
        if properties.node_id is None and self._files.exists(directory.path_of(f"{log_names.METADATA_TOPIC}-0")):
            raise StorageError(
                f"{directory.path_of(META_PROPERTIES)} is damaged, it names no version and no node: bring back a copy "
                "of it, or delete it (the next start writes it, with a new cluster.id)"
            )

    def _refuse_partitions_of_zookeeper(self, directory: LogDirectory) -> None:
        """Nobody here knows their topics, and once meta.properties is rewritten, the old Kafka does not start."""
        for name, is_folder in self._files.list_directory(directory.path):
            if is_folder and log_names.parse_directory(name) is not None:
                raise StorageError(
                    f"{directory.path} is of a Kafka that keeps its metadata in ZooKeeper (meta.properties has version "
                    f"0); 'minikafka adopt {directory.path}' makes it into one to start on"
                )

    def _give_ids(self, known: dict[LogDirectory, MetaProperties | None]) -> None:
        seen: dict[bytes, LogDirectory] = {}
        for directory, properties in known.items():
            directory_id = None if properties is None else properties.directory_id
            if directory_id is not None and directory_id in seen:
                raise ConfigError(
                    f"{directory.path} and {seen[directory_id].path} have the same directory.id "
                    f"{encode_uuid(directory_id)}: one is a copy of the other; remove it from log.dirs"
                )
            directory.directory_id = random_uuid() if directory_id is None else directory_id
            seen[directory.directory_id] = directory
            wanted = MetaProperties(self.cluster_id, self._node_id, directory.directory_id)
            if properties != wanted:
                now_ms = self._clock.wall_ms()
                self.attempt(directory, partial(write_meta_properties, self._files, directory.path, wanted, now_ms))

    # --- failures

    def attempt(self, directory: LogDirectory, action: Callable[[], None]) -> None:
        """Do something with a directory; if its disk refuses, take it offline."""
        try:
            action()
        except OSError as error:
            self.fail(directory, reason_of(error, directory.path))

    def attempt_for_now(self, directory: LogDirectory, action: Callable[[], None]) -> None:
        """The same for what comes round again: a disk that is only full may have space by then."""
        try:
            action()
        except OSError as error:
            if error.errno in TRANSIENT_ERRORS:
                logger.warning("%s: %s; it is tried again later", directory.path, reason_of(error, directory.path))
            else:
                self.fail(directory, reason_of(error, directory.path))

    def disk_failed(self, path: str, error: OSError) -> None:
        """Take the directory offline that ``path`` is in."""
        for directory in self._directories:
            if path == directory.path or path.startswith(directory.path + "/"):
                self.fail(directory, f"{path}: {error.strerror or error}")

    def fail(self, directory: LogDirectory, reason: str) -> None:
        """Take a directory offline; the others go on (KIP-112)."""
        if directory.is_online:
            directory.failure = reason
            self._on_failure(directory)


def reason_of(error: OSError, path: str) -> str:
    """For a sentence about ``path``."""
    return f"{error.strerror or error} ({error.filename or path})"
