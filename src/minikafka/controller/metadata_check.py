"""Whether the metadata of a stopped broker can be read, and what it says; nothing is changed."""

from __future__ import annotations

from minikafka.controller import quorum_state
from minikafka.controller.metadata_batches import decode_batches
from minikafka.controller.metadata_loader import MetadataLoader
from minikafka.controller.opening_batches import is_of_a_start
from minikafka.controller.snapshots import (
    BOOTSTRAP_FILE,
    PARTIAL_SUFFIX,
    SUFFIX,
    Snapshot,
    SnapshotId,
    list_snapshots,
    read_snapshot,
)
from minikafka.errors import CorruptLogError, StorageError
from minikafka.state import topic_names
from minikafka.state.metadata_image import MetadataImage
from minikafka.storage import log_names
from minikafka.storage.batch_reader import BatchReader
from minikafka.storage.files import FileSystem
from minikafka.storage.verification.log_check import Claims, LogCheck
from minikafka.storage.verification.report import Report

FOLDER = f"{topic_names.CLUSTER_METADATA_TOPIC}-0"


class MetadataCheck:
    """The folder __cluster_metadata-0 of ``log_dir``, with the snapshots in it."""

    def __init__(self, report: Report, files: FileSystem, log_dir: str) -> None:
        self._report = report
        self._files = files
        self._log_dir = log_dir
        self._directory = f"{log_dir}/{FOLDER}"

    def run(self, *, was_clean: bool) -> MetadataImage | None:
        """What the metadata says; None when there is damage. Raises OSError."""
        problems = self._report.problems
        self._check_small_files()
        snapshot = self._check_snapshots()
        names = [name for name, _ in self._files.list_directory(self._directory)]
        snapshots = (SUFFIX, PARTIAL_SUFFIX, SUFFIX + log_names.DELETED)
        others = {name for name in names if name.endswith(snapshots)}
        LogCheck(
            self._report,
            self._files,
            self._directory,
            FOLDER,
            Claims(
                was_clean,
                recovery_point=None if was_clean else self._synced_offset(names),
                topic_id=topic_names.CLUSTER_METADATA_TOPIC_ID,
                is_compacted=False,
            ),
            other_names=frozenset({quorum_state.FILE_NAME, *others}),
        ).run()
        return self._replay(names, snapshot) if self._report.problems == problems else None

    def _synced_offset(self, names: list[str]) -> int:
        """What is below had been synced, as the next start sees it as well."""
        synced_offset = 0
        for name in sorted(name for name in names if name.endswith(log_names.LOG)):
            path = f"{self._directory}/{name}"
            reader = BatchReader(self._files.open(path), self._files.size_bytes(path))
            for batch in reader.batches_behind(-1, synced_offset):
                if not is_of_a_start(batch):
                    synced_offset = batch.base_offset
        return synced_offset

    def _check_small_files(self) -> None:
        bootstrap = f"{self._log_dir}/{BOOTSTRAP_FILE}"
        if self._files.exists(bootstrap):
            self._read_snapshot(bootstrap)
        try:
            state = quorum_state.read(self._files, self._directory)
        except StorageError as error:
            path = f"{self._directory}/{quorum_state.FILE_NAME}"
            self._report.problem(path, str(error).removeprefix(f"{path}: "))
        else:
            if state is None:
                self._report.note(f"{self._directory}/{quorum_state.FILE_NAME}", "is missing; the next start writes it")

    def _check_snapshots(self) -> tuple[SnapshotId, Snapshot] | None:
        """The newest one that can be read."""
        newest = None
        for snapshot_id in list_snapshots(self._files, self._directory):
            snapshot = self._read_snapshot(f"{self._directory}/{snapshot_id.file_name}")
            if snapshot is not None and snapshot_id.end_offset:
                newest = snapshot_id, snapshot
        for name, _ in self._files.list_directory(self._directory):
            if name.endswith(PARTIAL_SUFFIX):
                self._report.note(f"{self._directory}/{name}", "a snapshot that was not finished")
        return newest

    def _read_snapshot(self, path: str) -> Snapshot | None:
        try:
            return read_snapshot(self._files, path)
        except CorruptLogError as error:
            self._report.problem(path, str(error).removeprefix(f"{path}: "))
            return None

    def _replay(self, names: list[str], snapshot: tuple[SnapshotId, Snapshot] | None) -> MetadataImage | None:
        image = MetadataImage()
        loader = MetadataLoader(image)
        begin = 0
        if snapshot is not None:
            begin = snapshot[0].end_offset
            image.apply(snapshot[1].records)
            loader.voters = snapshot[1].voters
        try:
            for path in sorted(f"{self._directory}/{name}" for name in names if name.endswith(log_names.LOG)):
                for batch in decode_batches(self._sound_part(path), path):
                    if batch.base_offset >= begin:
                        loader.replay(batch)
        except CorruptLogError as error:
            self._report.problem(self._directory, str(error))
            return None
        self._note_other_voters(loader)
        return image

    def _sound_part(self, path: str) -> bytes:
        """Of a segment; what follows, the next start cuts off, which has been noted."""
        data = self._files.read_bytes(path)
        reader = BatchReader(self._files.open(path), len(data))
        position = 0
        while position < len(data):
            try:
                position += reader.batch_at(position).size_bytes
            except CorruptLogError:
                break
        return data[:position]

    def _note_other_voters(self, loader: MetadataLoader) -> None:
        voters = [] if loader.voters is None else [voter.voter_id for voter in loader.voters.voters]
        if len(voters) > 1:
            self._report.note(
                self._directory,
                f"the metadata is kept by the controllers {', '.join(map(str, sorted(voters)))}: this node does not "
                "start without them",
            )
