"""The controller of a single combined node: it decides, writes, replays and publishes (Kafka: QuorumController).

Start-up goes hand in hand with the logs::

    logs.open_directories()                     locks, whose directories they are
    controller.start()                          the metadata log into the image; a new epoch
    logs.load_logs(controller.image.topic_configs)
    controller.attach_logs()                    logs as the image says
    controller.register_broker(endpoints)       once the listeners are open: the broker is in service
    ...
    controller.close()                          before logs.close(), which marks the clean shutdown

Nothing of this waits for the disk, after a clean stop: what it writes becomes durable before the first change that
somebody asks for, and is written again at the next start if it was lost before.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from minikafka.config.log import LogConfig
from minikafka.controller import bootstrap, metadata_loader, quorum_guard, quorum_state, registration
from minikafka.controller.commit_queue import Change, CommitQueue
from minikafka.controller.metadata_log import MetadataLog
from minikafka.controller.publisher import Publisher
from minikafka.controller.snapshot_keeper import SnapshotKeeper
from minikafka.errors import NONE, TOPIC_ALREADY_EXISTS, ApiError, StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.pending import Pending
from minikafka.state import topic_names
from minikafka.state.configurations import BROKER, CLUSTER_DEFAULT, TOPIC
from minikafka.state.metadata_image import MetadataImage
from minikafka.storage.log_creation import create_log
from minikafka.storage.log_directories import reason_of
from minikafka.storage.log_manager import LogManager
from minikafka.storage.meta_properties import MetaProperties, random_uuid, read_meta_properties, write_meta_properties

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.config import BrokerConfig
    from minikafka.controller.config_control import ConfigAlteration, ConfigControl
    from minikafka.controller.topic_control import (
        CreatedTopic,
        NewPartitions,
        NewTopic,
        Outcome,
        TopicControl,
        VersionedRecord,
    )
    from minikafka.pending import RunBlocking
    from minikafka.records.batch import RecordBatch
    from minikafka.state.cluster import ListenerEndpoint
    from minikafka.state.metadata_delta import MetadataDelta
    from minikafka.storage.files import FileSystem
    from minikafka.storage.partition_log import PartitionLog

log = logging.getLogger(__name__)

PRODUCER_ID_BLOCK_SIZE = 1000
"""Kafka's ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE."""


class ProducerIdsBlock(NamedTuple):
    """Producer ids [first, first + size), handed out to nobody else."""

    first: int
    size: int


class QuorumController:
    """See the module. All methods are called on the event loop thread.

    :param logs: with its directories open: they say who this node is, and where the metadata log lies.
    """

    def __init__(
        self,
        config: BrokerConfig,
        clock: Clock,
        run_blocking: RunBlocking,
        files: FileSystem,
        logs: LogManager,
        *,
        new_uuid: Callable[[], bytes] = random_uuid,
    ) -> None:
        self.node_id = logs.node_id
        self.image = MetadataImage()
        self.broker_epoch = -1
        """The epoch of the broker's registration; .kafka_cleanshutdown has it, -1 before ``register_broker``."""
        self.config = config
        """With the dynamic settings of the image; replaced by a new one when they change."""
        self._clock = clock
        self._run_blocking = run_blocking
        self._files = files
        self._logs = logs
        self._new_uuid = new_uuid
        self._log_dir = logs.metadata_directory
        self._broker_incarnation_id = new_uuid()
        self._voters: Any | None = None
        self._formatted: list[VersionedRecord] | None = None

    @property
    def epoch(self) -> int:
        """The leader epoch of the metadata log."""
        return self._log.epoch

    @property
    def voter_directory_id(self) -> bytes:
        """Of the directory in which this voter has the metadata log; zeros where voters are configured without."""
        return bytes(16) if self._voters is None else bytes(self._voters.voters[0].voter_directory_id)

    @property
    def voter_endpoints(self) -> list[ListenerEndpoint]:
        """Where Apache Kafka, started on this directory, has its controller; never empty."""
        return registration.controller_endpoints(self.config)

    def start(self, *, adopts: bool = False) -> None:
        """Load the metadata, or format the directory; become the leader of a new epoch. ``adopts``: there may be
        partitions without metadata, which the caller is about to write. Raises StorageError."""
        try:
            self._start(adopts)
        except OSError as error:
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise StorageError(
                f"the metadata cannot be brought up: {reason_of(error, self._log_dir)}"
                f"{'; a start has to write a little, make room for it' if is_full else ''}"
            ) from error

    def _start(self, adopts: bool) -> None:
        if not adopts:
            quorum_guard.refuse_partitions_without_metadata(
                self._files, f"{self._log_dir}/{topic_names.CLUSTER_METADATA_TOPIC}-0", self._logs.online_directories
            )
        self._log = MetadataLog(self._open_log(), self._files, self._clock)
        loaded = metadata_loader.load(self._files, self._log)
        quorum_guard.refuse_other_voters(self._files, self._log.directory, self.node_id, loaded)
        self.image = loaded.image
        if self._log.end_offset and not loaded.has_left:
            # What this run goes by must not be lost any more: the last one may have ended before it was durable.
            self._log.flush()
        self._become_leader(loaded)
        self.publisher = Publisher(self.image, self.config, self.node_id)
        self._commits = CommitQueue(self._log, self._run_blocking, self._apply)
        self._snapshots = SnapshotKeeper(
            self._files, self._log, self.config, self._clock, self._run_blocking, loaded.snapshot
        )
        if self._voters is not None:
            self._snapshots.raft_messages = [bootstrap.kraft_version_record(), self._voters]
        self._reconfigure()
        self._activate(loaded)

    def register_broker(self, endpoints: Sequence[ListenerEndpoint]) -> None:
        """Register under ``endpoints`` (advertised, with the real ports), unfence, and lead the partitions of this
        node. Raises StorageError."""
        self.broker_epoch = self._log.end_offset
        self._write_now(
            [
                registration.register_broker(
                    self.image,
                    node_id=self.node_id,
                    broker_epoch=self.broker_epoch,
                    incarnation_id=self._broker_incarnation_id,
                    endpoints=endpoints,
                    rack=self.config["broker.rack"],
                    log_dirs=list(self._logs.directory_ids.values()),
                )
            ]
        )
        self._logs.broker_epoch = self.broker_epoch
        self._write_now(
            [
                registration.unfence(self.node_id, self.broker_epoch),
                *registration.take_leadership(self.image, self.node_id, was_clean=self._logs.was_clean),
            ]
        )

    def attach_logs(self) -> None:
        """Create and configure the logs of all partitions of this node, put those aside that belong to no topic, and
        go on doing so with later changes."""
        self.publisher.attach(self._logs)

    def open_missing_logs(self) -> None:
        """Create the logs for which there had been no space, if there is now. To be called from time to time."""
        delta = self.publisher.open_missing_logs()
        if delta is not None:
            self._assign_directories(delta)

    def close(self) -> None:
        """Finish what is waiting, leave the cluster in order, and close the log. Raises StorageError."""
        self._commits.drain()
        if self.broker_epoch >= 0:
            self._write_now(registration.leave(self.node_id, self.broker_epoch))
        self._log.close()

    # --- topics

    @property
    def _topics(self) -> TopicControl:
        """Made for each decision, and loaded for the first: it has nothing of its own to remember."""
        from minikafka.controller.topic_control import TopicControl

        return TopicControl(self.image, self.config, self._new_uuid, self._directory_of)

    def create_topics(self, wishes: Sequence[NewTopic], *, validate_only: bool = False) -> Pending[list[CreatedTopic]]:
        """Create topics with distinct names; each has its own result. The Pending is completed when they are durable
        and can be used. Raises ApiError for what Kafka refuses as a whole (POLICY_VIOLATION)."""
        if validate_only:
            return _completed(self._topics.create_topics(wishes)[0])
        answer: Pending[list[CreatedTopic]] = Pending()
        results: list[CreatedTopic] = []

        def prepare() -> list[VersionedRecord]:
            created, records = self._topics.create_topics(wishes)
            results.extend(created)
            return records

        def finish(error: ApiError | None) -> None:
            if error is not None:
                from minikafka.controller.topic_control import CreatedTopic

                # The outcome of those that had been refused before is still their own.
                refused = {result.name: result for result in results if result.error != NONE}
                results[:] = [
                    refused.get(wish.name, CreatedTopic(wish.name, error.code, error.message)) for wish in wishes
                ]
            answer.complete(results)

        keys = [topic_names.unify_collision_chars(wish.name) for wish in wishes]
        self._commits.submit(Change(keys, prepare, finish))
        return answer

    def create_internal_topic(self, name: str) -> Pending[CreatedTopic]:
        """Create ``__consumer_offsets``, ``__transaction_state`` or ``__share_group_state`` unless it is there."""
        from minikafka.controller.internal_topics import internal_topic

        answer: Pending[CreatedTopic] = Pending()

        def finish(results: list[CreatedTopic]) -> None:
            [result] = results
            if result.error == TOPIC_ALREADY_EXISTS:
                topic_id = self.image.topics_by_name[name].topic_id
                result = result._replace(error=NONE, message=None, topic_id=topic_id)
            answer.complete(result)

        wish = internal_topic(name, self.config, len(self.image.cluster.brokers))
        self.create_topics([wish]).on_complete(finish)
        return answer

    def delete_topics(self, topic_ids: Iterable[bytes]) -> Pending[dict[bytes, Outcome]]:
        """Delete topics by id. Completed when that is durable, and their logs are out of the way."""
        wanted = list(topic_ids)
        answer: Pending[dict[bytes, Outcome]] = Pending()
        outcomes: dict[bytes, Outcome] = {}

        def prepare() -> list[VersionedRecord]:
            decided, records = self._topics.delete_topics(wanted)
            outcomes.update(decided)
            return records

        def finish(error: ApiError | None) -> None:
            if error is not None:
                from minikafka.controller.topic_control import Outcome

                outcomes.update(
                    (topic_id, Outcome(error.code, error.message))
                    for topic_id in wanted
                    if topic_id not in outcomes or outcomes[topic_id].error == NONE
                )
            answer.complete(outcomes)

        names = [topic.name for topic_id in wanted if (topic := self.image.topics_by_id.get(topic_id)) is not None]
        keys = [topic_names.unify_collision_chars(name) for name in names]
        self._commits.submit(Change([*keys, *wanted], prepare, finish))
        return answer

    def create_partitions(
        self, wishes: Sequence[NewPartitions], *, validate_only: bool = False
    ) -> Pending[list[Outcome]]:
        """Let topics grow. Completed when the new partitions are durable and can be used."""
        if validate_only:
            return _completed(self._topics.create_partitions(wishes)[0])
        keys = [topic_names.unify_collision_chars(wish.name) for wish in wishes]
        return self._commit_each(keys, len(wishes), lambda: self._topics.create_partitions(wishes))

    # --- other metadata

    @property
    def _configs(self) -> ConfigControl:
        """As ``_topics``."""
        from minikafka.controller.config_control import ConfigControl

        return ConfigControl(self.image, self.config)

    def alter_configs(
        self, alterations: Sequence[ConfigAlteration], *, validate_only: bool = False
    ) -> Pending[list[Outcome]]:
        """Change settings of distinct resources, each all or none. Completed when that is durable and has taken
        effect."""
        if validate_only:
            return _completed(self._configs.decide(alterations)[0])
        keys: list[Any] = [(alteration.resource_type, alteration.resource_name) for alteration in alterations]
        keys += [
            topic_names.unify_collision_chars(alteration.resource_name)
            for alteration in alterations
            if alteration.resource_type == TOPIC
        ]
        return self._commit_each(keys, len(alterations), lambda: self._configs.decide(alterations))

    def _commit_each(
        self, keys: Sequence[Any], count: int, decide: Callable[[], tuple[Sequence[Outcome], list[VersionedRecord]]]
    ) -> Pending[list[Outcome]]:
        """Commit a change of ``count`` parts, each with its own outcome: what was refused stays so when the rest cannot
        be written."""
        answer: Pending[list[Outcome]] = Pending()
        outcomes: list[Outcome] = []

        def prepare() -> list[VersionedRecord]:
            decided, records = decide()
            outcomes.extend(decided)
            return records

        def finish(error: ApiError | None) -> None:
            if error is not None:
                from minikafka.controller.topic_control import Outcome

                outcomes[:] = [
                    outcome if outcome.error != NONE else Outcome(error.code, error.message)
                    for outcome in outcomes or [Outcome()] * count
                ]
            answer.complete(outcomes)

        self._commits.submit(Change(keys, prepare, finish))
        return answer

    def assign_directory(self, partition_log: PartitionLog) -> None:
        """Tell the metadata in which directory a log is that has moved (KIP-858: AssignReplicasToDirs)."""

        def prepare() -> list[VersionedRecord]:
            topic = self.image.topics_by_name.get(partition_log.topic)
            partition = None if topic is None else topic.partition(partition_log.partition)
            if topic is None or partition is None:
                return []
            return registration.assign_directories(self.image, self.node_id, self._logs, [(topic, partition)])

        def written(error: ApiError | None) -> None:
            if error is not None:
                log.error("The metadata does not know that %s has moved: %s", partition_log.name, error)

        self.write([topic_names.unify_collision_chars(partition_log.topic)], prepare).on_complete(written)

    def write(self, keys: Iterable[Any], prepare: Callable[[], list[VersionedRecord]]) -> Pending[ApiError | None]:
        """Write the records that ``prepare`` gives (it may raise ApiError), atomically: ACLs, credentials, quotas,
        features. Changes that share a key are decided one after the other. Completed with None, or what failed."""
        answer: Pending[ApiError | None] = Pending()

        def finish(error: ApiError | None) -> None:
            answer.complete(error)

        self._commits.submit(Change(keys, prepare, finish))
        return answer

    def allocate_producer_ids(self) -> Pending[ProducerIdsBlock | ApiError]:
        """The next block of producer ids (KIP-730), or why it could not be written."""
        from minikafka.protocol.messages import ProducerIdsRecord

        answer: Pending[ProducerIdsBlock | ApiError] = Pending()
        first = 0

        def prepare() -> list[VersionedRecord]:
            nonlocal first
            first = self.image.next_producer_id
            record = ProducerIdsRecord(
                broker_id=self.node_id,
                broker_epoch=self.broker_epoch,
                next_producer_id=first + PRODUCER_ID_BLOCK_SIZE,
            )
            return [(record, 0)]

        def finish(error: ApiError | None) -> None:
            answer.complete(ProducerIdsBlock(first, PRODUCER_ID_BLOCK_SIZE) if error is None else error)

        self._commits.submit(Change(["producer ids"], prepare, finish))
        return answer

    # --- start-up

    def _open_log(self) -> PartitionLog:
        from minikafka.storage.log_context import LogContext

        topic = topic_names.CLUSTER_METADATA_TOPIC
        directory = f"{self._log_dir}/{topic}-0"
        # A context of its own: a failure of this log must not take the data logs of its directory offline twice.
        context = LogContext(self._files, self._clock, self._run_blocking)
        if not self._files.exists(directory):
            return create_log(context, directory, topic, 0, self._log_config(), topic_names.CLUSTER_METADATA_TOPIC_ID)
        from minikafka.storage.loading.recovery import load_log

        # As in Kafka the log is always checked to its end: the clean shutdown marker is taken away after this start has
        # written to it, and may be back after a power cut.
        def is_synced(_: int, behind: Iterable[RecordBatch]) -> bool:
            from minikafka.controller.opening_batches import are_all_of_a_start

            return not are_all_of_a_start(behind)

        metadata_log, report = load_log(
            context,
            directory,
            topic,
            0,
            self._log_config(),
            is_synced=is_synced,
            advice="bring back a copy of it: without it nobody knows the topics",
        )
        if report:
            log.log(logging.INFO if report.is_routine else logging.WARNING, "%s", report)
        return metadata_log

    def _log_config(self) -> LogConfig:
        return LogConfig(
            {
                "max.message.bytes": self.config["internal.metadata.max.batch.size.in.bytes"],
                "segment.bytes": self.config["internal.metadata.log.segment.bytes"]
                or self.config["metadata.log.segment.bytes"],
                "file.delete.delay.ms": self.config["internal.metadata.delete.delay.millis"],
                "segment.ms": self.config["metadata.log.segment.ms"],
                "segment.index.bytes": self.config["log.index.size.max.bytes"],
                "retention.ms": -1,
                "retention.bytes": -1,
            }
        )

    def _become_leader(self, loaded: metadata_loader.LoadedMetadata) -> None:
        """Begin a new epoch, as the only voter."""
        from minikafka.protocol.messages import LeaderChangeMessage

        directory = self._log.directory
        is_new = loaded.snapshot is None and self._log.end_offset == 0
        self._voters = self._format() if is_new else loaded.voters
        voters: list[Any] = []
        if self._voters is not None and not loaded.voters_in_log:
            voters = [bootstrap.kraft_version_record(), self._voters]
        state = quorum_state.read(self._files, directory) or quorum_state.QuorumState()
        self._log.epoch = max(state.leader_epoch, self._log.last_epoch, self.image.epoch) + 1
        quorum_state.write(self._files, directory, quorum_state.QuorumState(self.node_id, self._log.epoch), sync=False)
        self._log.sync_with_next_flush([f"{directory}/{quorum_state.FILE_NAME}"])
        only_voter = [LeaderChangeMessage.Voter(voter_id=self.node_id)]
        leader_change = LeaderChangeMessage(
            version=0, leader_id=self.node_id, voters=only_voter, granting_voters=only_voter
        )
        self.image.offset = self._log.append_control([leader_change, *voters])
        self.image.epoch = self._log.epoch
        if voters:
            self.image.features.kraft_version = bootstrap.KRAFT_VERSION

    def _format(self) -> Any | None:
        """Make the files that ``kafka-storage format --standalone`` makes; returns the VotersRecord in them."""
        if bootstrap.read_bootstrap(self._files, self._log_dir) is not None:
            return None  # formatted by Kafka, for voters that are configured (controller.quorum.voters)
        self._formatted = bootstrap.formatted_features()
        endpoints = registration.controller_endpoints(self.config)
        voters = bootstrap.only_voter(self.node_id, self._metadata_directory_id(), endpoints)
        paths = bootstrap.write_bootstrap(
            self._files,
            self._log_dir,
            self._log.directory,
            self._formatted,
            raft_messages=[bootstrap.kraft_version_record(), voters],
            now_ms=self._clock.wall_ms(),
        )
        self._log.sync_with_next_flush(paths)
        return voters

    def _metadata_directory_id(self) -> bytes:
        """Of the directory the metadata log is in, which with metadata.log.dir may hold nothing else."""
        known = self._logs.directory_ids.get(self._log_dir)
        if known is not None:
            return known
        properties = read_meta_properties(self._files, self._log_dir)
        if properties is not None and properties.directory_id is not None:
            return properties.directory_id
        directory_id = self._new_uuid()
        properties = MetaProperties(self._logs.cluster_id, self.node_id, directory_id)
        write_meta_properties(self._files, self._log_dir, properties, self._clock.wall_ms())
        return directory_id

    def _activate(self, loaded: metadata_loader.LoadedMetadata) -> None:
        if not self.image.features.levels:
            features = self._formatted or bootstrap.read_bootstrap(self._files, self._log_dir)
            features = features or bootstrap.formatted_features()
            self._write_now(bootstrap.activation_records(features, self.config["min.insync.replicas"]))
        elif loaded.open_transaction:
            from minikafka.protocol.messages import AbortTransactionRecord

            self._write_now([(AbortTransactionRecord(reason="Controller failover"), 0)])
        endpoints = registration.controller_endpoints(self.config)
        self._write_now(registration.register_controller(self.image, self.node_id, self._new_uuid(), endpoints))

    # --- writing

    def _write_now(self, records: Sequence[VersionedRecord]) -> None:
        """Append and apply without waiting for the disk: for what the next start would do again."""
        if records:
            last_offset = self._log.append(records)
            self._apply([record for record, _ in records], last_offset)

    def _apply(self, records: Sequence[Any], last_offset: int) -> None:
        delta = self.image.apply(record for record in records if type(record).__name__ not in _TRANSACTION_RECORDS)
        self.image.offset = max(self.image.offset, last_offset)
        self.image.epoch = self._log.epoch
        if any(resource_type == BROKER for resource_type, _ in delta.changed_configs):
            self._reconfigure()
        self.publisher.publish(delta)
        self._assign_directories(delta)
        self._snapshots.committed(self.image)

    def _reconfigure(self) -> None:
        """Take over the dynamic settings of brokers, for all brokers and for this one."""
        configs = self.image.configs
        self.config = self.config.with_dynamic(
            configs.get((BROKER, CLUSTER_DEFAULT), {}), configs.get((BROKER, str(self.node_id)), {})
        )
        self.publisher.reconfigure(self.config)

    def _assign_directories(self, delta: MetadataDelta) -> None:
        """Tell the controller where the log manager has put new partitions (KIP-858: AssignReplicasToDirs)."""
        if len(self._logs.directory_ids) > 1:
            self._write_now(
                registration.assign_directories(self.image, self.node_id, self._logs, delta.created_partitions)
            )

    def _directory_of(self, broker_id: int) -> bytes | None:
        """Of a new partition. With several directories the log manager chooses, and the controller learns of it."""
        directory_ids = self._logs.directory_ids
        if broker_id != self.node_id or len(directory_ids) != 1:
            return None
        return next(iter(directory_ids.values()))


_TRANSACTION_RECORDS = frozenset({"BeginTransactionRecord", "EndTransactionRecord", "AbortTransactionRecord"})
"""A batch that is written here holds whole transactions, so that they need no waiting for."""


def _completed(value: Any) -> Pending[Any]:
    pending: Pending[Any] = Pending()
    pending.complete(value)
    return pending
