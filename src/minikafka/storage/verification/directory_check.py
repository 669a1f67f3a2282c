"""One log directory: whose it is, its checkpoints, and the folders in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.storage import checkpoints, log_names
from minikafka.storage.checkpoints import OffsetCheckpoint
from minikafka.storage.files import FileSystem
from minikafka.storage.log_directory import CLEAN_SHUTDOWN_FILE
from minikafka.storage.meta_properties import FILE_NAME, MetaProperties, read_meta_properties
from minikafka.storage.partition_metadata import encode_uuid
from minikafka.storage.verification.log_check import Claims, LogCheck
from minikafka.storage.verification.report import Report

_CHECKPOINTS = (
    checkpoints.RECOVERY_POINT,
    checkpoints.LOG_START_OFFSET,
    checkpoints.HIGH_WATERMARK,
    checkpoints.CLEANER_OFFSET,
)
_NOT_PARTITIONS = frozenset({"remote-log-index-cache"})
_LEFT_FOLDERS = {
    log_names.FUTURE_DIRECTORY: "a copy of a partition on its way to this directory; the next start goes on with it",
    log_names.STRAY_DIRECTORY: "a partition that no topic accounted for and that was put aside; delete it when its "
    "records are of no use",
}

Partition = tuple[str, int]


class TopicClaim(NamedTuple):
    """What the metadata says of a topic; ``partitions`` are those that are on this node."""

    topic_id: bytes
    partitions: frozenset[int]
    is_compacted: bool


class DirectoryCheck:
    """Construction looks at the small files; ``check_logs`` at the partitions."""

    def __init__(self, report: Report, files: FileSystem, path: str) -> None:
        self._report = report
        self._files = files
        self.path = path
        self.properties = self._read_properties()
        self.was_clean = files.exists(f"{path}/{CLEAN_SHUTDOWN_FILE}")
        self._offsets: dict[str, dict[Partition, int]] = {name: self._read_checkpoint(name) for name in _CHECKPOINTS}
        self.folders: dict[Partition, str] = {}
        """Partition -> name of its folder; without those that are marked, and the metadata log's."""
        self.has_metadata = False
        self._sort_folders()
        if not self.was_clean and self.folders:
            report.note(
                path, f"was not stopped cleanly (no {CLEAN_SHUTDOWN_FILE}): the next start recovers what was not synced"
            )

    def log_bytes(self) -> int:
        """Of all .log files, for showing progress."""
        return sum(
            self._files.size_bytes(f"{self.path}/{folder}/{name}")
            for folder in self.folders.values()
            for name, _ in self._files.list_directory(f"{self.path}/{folder}")
            if name.endswith(log_names.LOG)
        )

    def check_logs(
        self, topics: Mapping[str, TopicClaim] | None, *, reads_records: bool, next_log: Callable[[str], None]
    ) -> None:
        """``topics``: of the metadata; None when there are none to compare with. ``next_log`` is told the name of each
        partition before it is read."""
        for (topic, partition), folder in sorted(self.folders.items()):
            next_log(folder)
            claim = None if topics is None else topics.get(topic)
            if topics is not None and (claim is None or partition not in claim.partitions):
                # A crash may come between the two steps of a deletion.
                tell = self._report.problem if self.was_clean else self._report.note
                tell(
                    f"{self.path}/{folder}", "the metadata has no such partition; the next start puts it aside as stray"
                )
            LogCheck(
                self._report,
                self._files,
                f"{self.path}/{folder}",
                folder,
                self._claims((topic, partition), claim),
                reads_records=reads_records,
            ).run()

    def knows(self, partition: Partition) -> bool:
        """Whether a checkpoint says that the partition had records here."""
        return any(offsets.get(partition, 0) > 0 for offsets in self._offsets.values())

    def _claims(self, partition: Partition, topic: TopicClaim | None) -> Claims:
        was_cleaned = partition in self._offsets[checkpoints.CLEANER_OFFSET]
        return Claims(
            self.was_clean,
            self._offsets[checkpoints.RECOVERY_POINT].get(partition),
            self._offsets[checkpoints.LOG_START_OFFSET].get(partition),
            self._offsets[checkpoints.HIGH_WATERMARK].get(partition),
            self._offsets[checkpoints.CLEANER_OFFSET].get(partition),
            None if topic is None else topic.topic_id,
            True if was_cleaned else None if topic is None else topic.is_compacted,
        )

    # --- small files

    def _read_properties(self) -> MetaProperties | None:
        try:
            properties = read_meta_properties(self._files, self.path)
        except StorageError as error:
            self._report.problem(f"{self.path}/{FILE_NAME}", str(error).removeprefix(f"{self.path}/{FILE_NAME}: "))
            return None
        if properties is None:
            self._report.problem(
                f"{self.path}/{FILE_NAME}", "is missing: it says to which cluster and node the logs belong"
            )
        elif properties.node_id is None:
            self._report.problem(
                f"{self.path}/{FILE_NAME}", "names no node (node.id, or broker.id): it is empty or cut off"
            )
            return None
        return properties

    def _read_checkpoint(self, name: str) -> dict[Partition, int]:
        path = f"{self.path}/{name}"
        try:
            return OffsetCheckpoint(self._files, path).read()
        except StorageError as error:
            self._report.problem(path, str(error).removeprefix(f"{path}: "))
            return {}

    def _sort_folders(self) -> None:
        deleted = []
        for name, is_folder in sorted(self._files.list_directory(self.path)):
            if not is_folder or name in _NOT_PARTITIONS:
                continue
            path = f"{self.path}/{name}"
            parsed = log_names.parse_directory(name)
            if parsed is None:
                self._report.problem(path, "is not a partition's folder (topic-partition): the broker does not start")
            elif parsed[2] == log_names.DELETE_DIRECTORY:
                deleted.append(name)
            elif parsed[2]:
                self._report.note(path, _LEFT_FOLDERS[parsed[2]])
            elif parsed[0] == log_names.METADATA_TOPIC:
                self.has_metadata = True
            else:
                self.folders[parsed[:2]] = name
        if deleted:
            self._report.note(
                self.path,
                f"{len(deleted)} folders of deleted partitions, e.g. {deleted[0]}; the next start removes them",
            )


def compare_directories(report: Report, directories: Sequence[DirectoryCheck]) -> None:
    """Whether they belong together, and no partition is in two of them."""
    owner: tuple[DirectoryCheck, MetaProperties] | None = None
    ids: dict[bytes, DirectoryCheck] = {}
    places: dict[Partition, DirectoryCheck] = {}
    for directory in directories:
        for partition, folder in directory.folders.items():
            other = places.setdefault(partition, directory)
            if other is not directory:
                report.problem(f"{directory.path}/{folder}", f"the partition is in {other.path} as well")
        properties = directory.properties
        if properties is None:
            continue
        if owner is None:
            owner = directory, properties
        elif (properties.cluster_id, properties.node_id) != (owner[1].cluster_id, owner[1].node_id):
            report.problem(
                f"{directory.path}/{FILE_NAME}",
                f"is of node {properties.node_id} of the cluster {properties.cluster_id}, and {owner[0].path} of node "
                f"{owner[1].node_id} of the cluster {owner[1].cluster_id}",
            )
        if properties.directory_id is not None:
            other = ids.setdefault(properties.directory_id, directory)
            if other is not directory:
                report.problem(
                    f"{directory.path}/{FILE_NAME}",
                    f"has the directory.id {encode_uuid(properties.directory_id)} of {other.path}: one is a copy",
                )


def tell_of_missing_partitions(
    report: Report, topics: Mapping[str, TopicClaim], directories: Sequence[DirectoryCheck]
) -> None:
    """Those of the metadata that have no folder in any of ``directories``. After a crash a topic may have been created
    in the metadata alone."""
    present = {partition for directory in directories for partition in directory.folders}
    was_clean = all(directory.was_clean for directory in directories)
    for name, topic in sorted(topics.items()):
        for index in sorted(topic.partitions):
            partition = name, index
            if partition in present:
                continue
            folder = log_names.partition_directory(name, index)
            if was_clean or any(directory.knows(partition) for directory in directories):
                report.problem(directories[0].path, f"there is no folder {folder}, and the metadata has that partition")
            else:
                report.note(
                    directories[0].path, f"there is no folder {folder} yet; the next start makes it, without records"
                )
