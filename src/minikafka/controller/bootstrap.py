"""What a freshly formatted directory holds (Kafka: ``kafka-storage format --standalone``, StorageTool, Formatter).

``bootstrap.checkpoint`` has the features to finalize; the first controller writes them into the metadata log.
``00000000000000000000-0000000000.checkpoint`` names the only voter (KIP-853).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minikafka.controller.snapshots import BOOTSTRAP_FILE, SnapshotId, encode_snapshot, read_snapshot
from minikafka.errors import CorruptLogError
from minikafka.state.configurations import BROKER, CLUSTER_DEFAULT
from minikafka.state.features import ELIGIBLE_LEADER_REPLICAS_VERSION, FORMATTED
from minikafka.state.metadata_version import FEATURE_NAME, MINIMUM, supports_transactions

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.protocol.messages import VotersRecord
    from minikafka.state.cluster import ListenerEndpoint
    from minikafka.storage.files import FileSystem

log = logging.getLogger(__name__)

KRAFT_VERSION = 1
"""The level of kraft.version with which voters are kept in the log (KIP-853)."""
_TRANSACTION_NAME = "Bootstrap records"
_FIRST_SNAPSHOT = SnapshotId(0, 0)


def write_bootstrap(
    files: FileSystem,
    log_dir: str,
    metadata_dir: str,
    features: Sequence[VersionedRecord],
    *,
    raft_messages: Sequence[Any],
    now_ms: int,
) -> list[str]:
    """Write both checkpoints, without syncing them; returns their paths, for whoever does.

    The voters come first: a bootstrap checkpoint without them is what a directory of configured voters has.
    """
    contents = {
        f"{metadata_dir}/{_FIRST_SNAPSHOT.file_name}": encode_snapshot(
            (), epoch=0, now_ms=now_ms, last_contained_log_timestamp=now_ms, raft_messages=raft_messages
        ),
        f"{log_dir}/{BOOTSTRAP_FILE}": encode_snapshot(
            features, epoch=0, now_ms=now_ms, last_contained_log_timestamp=0
        ),
    }
    for path, content in contents.items():
        files.write_bytes(path, content, sync=False)
    return list(contents)


def formatted_features() -> list[VersionedRecord]:
    from minikafka.protocol.messages import FeatureLevelRecord

    return [(FeatureLevelRecord(name=name, feature_level=level), 0) for name, level in FORMATTED.items()]


def read_bootstrap(files: FileSystem, log_dir: str) -> list[VersionedRecord] | None:
    """The records of ``bootstrap.checkpoint`` (features; credentials added while formatting).

    None when there is none, or when the power failed while it was made: a log in use no longer needs it.
    """
    path = f"{log_dir}/{BOOTSTRAP_FILE}"
    if not files.exists(path):
        return None
    try:
        return [(record, 0) for record in read_snapshot(files, path).records]
    except CorruptLogError as error:
        log.warning("%s is made anew: %s", path, error)
        return None


def kraft_version_record() -> Any:
    from minikafka.protocol.messages import KRaftVersionRecord

    return KRaftVersionRecord(version=0, k_raft_version=KRAFT_VERSION)


def only_voter(node_id: int, directory_id: bytes, endpoints: Sequence[ListenerEndpoint]) -> VotersRecord:
    """The VotersRecord that makes this node the only voter."""
    from minikafka.protocol.messages import VotersRecord

    voter = VotersRecord.Voter(
        voter_id=node_id,
        voter_directory_id=directory_id,
        endpoints=[
            VotersRecord.Endpoint(name=endpoint.name, host=endpoint.host, port=endpoint.port) for endpoint in endpoints
        ],
        k_raft_version_feature=VotersRecord.KRaftVersionFeature(
            min_supported_version=0, max_supported_version=KRAFT_VERSION
        ),
    )
    return VotersRecord(version=0, voters=[voter])


def activation_records(features: Sequence[VersionedRecord], min_insync_replicas: int) -> list[VersionedRecord]:
    """What the first controller of an empty log writes (ActivationRecordsGenerator.recordsForEmptyLog)."""
    from minikafka.protocol.messages import BeginTransactionRecord, ConfigRecord, EndTransactionRecord

    levels = {record.name: record.feature_level for record, _ in features if hasattr(record, "feature_level")}
    records = list(features)
    if levels.get(ELIGIBLE_LEADER_REPLICAS_VERSION, 0) > 0:
        # From then on min.insync.replicas is a property of the cluster, not of a broker (KIP-966).
        min_isr = ConfigRecord(
            resource_type=BROKER,
            resource_name=CLUSTER_DEFAULT,
            name="min.insync.replicas",
            value=str(min_insync_replicas),
        )
        records.append((min_isr, 0))
    if not supports_transactions(levels.get(FEATURE_NAME, MINIMUM)):
        return records
    begin: VersionedRecord = (BeginTransactionRecord(name=_TRANSACTION_NAME), 0)
    end: VersionedRecord = (EndTransactionRecord(), 0)
    return [begin, *records, end]
