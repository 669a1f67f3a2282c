"""Which producer ids the logs have seen.

An id that is given out twice is worse than one that is lost: the second producer would be taken for the first, and its
records for those that the first has sent already. ZooKeeper knew how far they had been given out; where it is not asked
any more, the producer snapshots and the transaction log say it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from minikafka.errors import ApiError, CorruptLogError, ProtocolError
from minikafka.protocol import stored
from minikafka.records.batch import iter_batches
from minikafka.state.topic_names import TRANSACTION_STATE_TOPIC
from minikafka.storage import log_names
from minikafka.storage.batch_scan import scan_headers
from minikafka.storage.files import FileSystem
from minikafka.storage.log_directory import CLEAN_SHUTDOWN_FILE
from minikafka.storage.producers.producer_snapshots import decode_snapshot

logger = logging.getLogger(__name__)

_BLOCK = 1000
"""So many a broker takes at a time (ProducerIdsBlock); it may have given out all of its last ones."""


def first_unused_producer_id(files: FileSystem, folders: Iterable[str]) -> int:
    """The beginning of the first block above all ids in the logs in ``folders``; 0 when there are none. Raises
    OSError, CorruptLogError."""
    greatest = -1
    for folder in folders:
        greatest = max(greatest, _greatest_in_snapshots(files, folder))
        if not files.exists(f"{folder.rpartition('/')[0]}/{CLEAN_SHUTDOWN_FILE}"):
            greatest = max(greatest, _greatest_in_batches(files, folder))
        if folder.rpartition("/")[2].rpartition("-")[0] == TRANSACTION_STATE_TOPIC:
            greatest = max(greatest, _greatest_in_transactions(files, folder))
    return (greatest // _BLOCK + 1) * _BLOCK if greatest >= 0 else 0


def _greatest_in_snapshots(files: FileSystem, folder: str) -> int:
    ids = [
        entry.producer_id
        for path in _paths(files, folder, log_names.PRODUCER_SNAPSHOT)
        for entry in decode_snapshot(files.read_bytes(path), path)
    ]
    return max(ids, default=-1)


def _greatest_in_batches(files: FileSystem, folder: str) -> int:
    """Of a log that was not closed: its last snapshot is older than its last records."""
    greatest = -1
    for path in _paths(files, folder, log_names.LOG):
        file = files.open(path)
        try:
            for header in scan_headers(file, 0, file.size_bytes()):
                greatest = max(greatest, header.producer_id)
        except CorruptLogError as torn:
            logger.info("%s: the rest is left to recovery", torn)
        finally:
            file.close()
    return greatest


def _greatest_in_transactions(files: FileSystem, folder: str) -> int:
    """Transactional ids keep theirs for longer than logs remember producers."""
    from minikafka.protocol.messages import TransactionLogValue

    greatest = -1
    for path in _paths(files, folder, log_names.LOG):
        try:
            for batch in iter_batches(memoryview(files.read_bytes(path))):
                for record in () if batch.is_control else batch:
                    if record.value is not None:
                        greatest = max(greatest, stored.decode_value(TransactionLogValue, record.value).producer_id)
        except (ApiError, ProtocolError) as error:
            raise CorruptLogError(f"{path}: {error}") from None
    return greatest


def _paths(files: FileSystem, folder: str, suffix: str) -> Iterator[str]:
    for name, _ in files.list_directory(folder):
        parsed = log_names.parse_file_name(name)
        if parsed is not None and parsed[1:] == (suffix, ""):
            yield f"{folder}/{name}"
