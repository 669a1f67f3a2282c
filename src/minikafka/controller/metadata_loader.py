"""From the disk to the image: the newest snapshot, then the log behind it (Kafka: MetadataLoader, MetadataBatchLoader).

Records between BeginTransactionRecord and EndTransactionRecord count only once the transaction ends (KIP-868): one
that is still open at the end of the log has no effect, and the next controller aborts it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from minikafka.controller.snapshots import SnapshotId, list_snapshots, read_snapshot
from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple
from minikafka.state.cluster import FENCE
from minikafka.state.metadata_image import MetadataImage

if TYPE_CHECKING:
    from minikafka.controller.metadata_batches import MetadataBatch
    from minikafka.controller.metadata_log import MetadataLog
    from minikafka.storage.files import FileSystem

log = logging.getLogger(__name__)


class LoadedMetadata(NamedTuple):
    """``voters``: the last VotersRecord, with ``voters_in_log`` telling whether the log has it (and not only the first
    snapshot); ``electorate``: the ids of those who could elect the last leader in the log; ``open_transaction``: a
    metadata transaction was begun and not ended; ``has_left``: the log ends as a clean stop lets it end, with this
    broker's leave."""

    image: MetadataImage
    snapshot: SnapshotId | None
    last_timestamp: int
    voters: Any | None
    voters_in_log: bool
    electorate: list[int]
    open_transaction: bool
    has_left: bool


class MetadataLoader:
    """Replays batches into an image, transactions whole or not at all."""

    def __init__(self, image: MetadataImage) -> None:
        self.image = image
        self.last_timestamp = 0
        self.voters: Any | None = None
        self.voters_in_log = False
        self.electorate: list[int] = []
        self.has_left = False
        self._transaction: list[Any] | None = None

    @property
    def open_transaction(self) -> bool:
        return self._transaction is not None

    def replay(self, batch: MetadataBatch) -> None:
        for record in batch.records:
            name = type(record).__name__
            if batch.is_control:
                self._replay_control(name, record)
            elif name == "BeginTransactionRecord":
                self._transaction = []
            elif name == "EndTransactionRecord":
                self.image.apply(self._end_transaction(name))
            elif name == "AbortTransactionRecord":
                self._end_transaction(name)
            elif self._transaction is not None:
                self._transaction.append(record)
            else:
                self.image.replay(record)
        last: Any = batch.records[-1] if batch.records else None
        self.has_left = type(last).__name__ == "BrokerRegistrationChangeRecord" and last.fenced == FENCE
        self.image.offset = batch.last_offset
        self.image.epoch = batch.epoch
        self.last_timestamp = batch.max_timestamp

    def _replay_control(self, name: str, record: Any) -> None:
        if name == "KRaftVersionRecord":
            self.image.features.kraft_version = record.k_raft_version
        elif name == "VotersRecord":
            self.voters = record
            self.voters_in_log = True
        elif name == "LeaderChangeMessage":
            self.electorate = [voter.voter_id for voter in record.voters]

    def _end_transaction(self, name: str) -> list[Any]:
        records, self._transaction = self._transaction, None
        if records is None:
            raise CorruptLogError(f"the metadata log has a {name} without a transaction")
        return records


def load(files: FileSystem, metadata_log: MetadataLog) -> LoadedMetadata:
    """Raises CorruptLogError, StorageError."""
    image = MetadataImage()
    loader = MetadataLoader(image)
    snapshot_id = _load_snapshot(files, metadata_log, loader)
    offset = snapshot_id.end_offset if snapshot_id is not None else 0
    if offset > metadata_log.end_offset:
        # The power failed after the snapshot had reached the disk, and before all of the log had.
        metadata_log.start_anew_at(offset)
    if offset < metadata_log.start_offset:
        raise CorruptLogError(
            f"{metadata_log.directory}: the log starts at offset {metadata_log.start_offset}, but no snapshot "
            f"holds what was before it"
        )
    for batch in metadata_log.read_from(max(offset, metadata_log.start_offset)):
        if batch.base_offset >= offset:
            loader.replay(batch)
    return LoadedMetadata(
        image,
        snapshot_id,
        loader.last_timestamp,
        loader.voters,
        loader.voters_in_log,
        loader.electorate,
        loader.open_transaction,
        loader.has_left,
    )


def _load_snapshot(files: FileSystem, metadata_log: MetadataLog, loader: MetadataLoader) -> SnapshotId | None:
    """Replay the newest snapshot that is whole. One that is not was cut off by a crash: the log still has it all."""
    for snapshot_id in reversed(list_snapshots(files, metadata_log.directory)):
        if snapshot_id.end_offset == 0 and metadata_log.end_offset > 0:
            continue  # the voters of a formatted directory, which the first leader has written into the log
        path = f"{metadata_log.directory}/{snapshot_id.file_name}"
        try:
            snapshot = read_snapshot(files, path)
        except CorruptLogError as error:
            log.warning("%s is left out: %s", path, error)
            continue
        image = loader.image
        image.apply(snapshot.records)
        image.features.kraft_version = snapshot.kraft_version
        image.offset = snapshot_id.end_offset - 1
        image.epoch = snapshot_id.epoch
        loader.voters = snapshot.voters
        loader.voters_in_log = snapshot_id.end_offset > 0
        loader.last_timestamp = snapshot.last_contained_log_timestamp
        return snapshot_id
    return None
