"""The controller of one node: what it writes, what it finds again, and what it does when the disk fails."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from minikafka import errors
from minikafka.controller import bootstrap, commit_queue, metadata_loader, quorum_state, snapshots
from minikafka.controller.metadata_batches import decode_batches
from minikafka.controller.quorum_controller import ProducerIdsBlock
from minikafka.controller.topic_control import NewTopic
from minikafka.errors import NONE, ApiError, StorageError
from minikafka.protocol.messages import LeaderChangeMessage, VotersRecord
from minikafka.state.configurations import BROKER, TOPIC
from minikafka.state.features import FORMATTED
from minikafka.storage.memory_files import MemoryFiles
from tests.controller.nodes import METADATA_DIRECTORY, NOW_MS, Node, Workers, described, value_of

LOG_PATH = f"{METADATA_DIRECTORY}/00000000000000000000.log"


def written(files: MemoryFiles, path: str = LOG_PATH) -> list[tuple[int, list[str]]]:
    """(epoch, names of the records) of each batch in a file."""
    batches = decode_batches(files.read_bytes(path), path)
    return [(batch.epoch, described(batch.records)) for batch in batches]


def test_the_first_start_writes_what_a_formatted_kafka_4_2_writes() -> None:
    node = Node()
    assert written(node.files) == [
        (1, ["LeaderChangeMessage", "KRaftVersionRecord", "VotersRecord"]),
        (1, ["BeginTransactionRecord", *["FeatureLevelRecord"] * 6, "ConfigRecord", "EndTransactionRecord"]),
        (1, ["RegisterControllerRecord"]),
        (1, ["RegisterBrokerRecord"]),
        (1, ["BrokerRegistrationChangeRecord"]),
    ]
    assert node.image.features.levels == FORMATTED
    assert node.image.features.kraft_version == 1
    assert node.image.configs == {(BROKER, ""): {"min.insync.replicas": "1"}}
    registration = node.image.cluster.brokers[1]
    assert (registration.broker_epoch, registration.is_active) == (13, True)
    assert registration.log_dirs == list(node.logs.directory_ids.values())
    assert written(node.files, "/data/bootstrap.checkpoint") == [
        (0, ["SnapshotHeaderRecord"]),
        (0, ["FeatureLevelRecord"] * 6),
        (0, ["SnapshotFooterRecord"]),
    ]
    assert written(node.files, f"{METADATA_DIRECTORY}/00000000000000000000-0000000000.checkpoint") == [
        (0, ["SnapshotHeaderRecord", "KRaftVersionRecord", "VotersRecord"]),
        (0, ["SnapshotFooterRecord"]),
    ]


def test_the_quorum_state_is_kafkas() -> None:
    node = Node()
    content = node.files.read_bytes(f"{METADATA_DIRECTORY}/quorum-state").decode()
    assert content == (
        '{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}'
    )
    assert json.loads(content)["leaderEpoch"] == 1


def test_the_only_voter_is_this_node_at_the_controllers_listener() -> None:
    node = Node(
        listeners="PLAINTEXT://localhost:9092,CONTROLLER://10.1.2.3:9999", controller_listener_names="CONTROLLER"
    )
    path = f"{METADATA_DIRECTORY}/00000000000000000000-0000000000.checkpoint"
    [voter] = snapshots.read_snapshot(node.files, path).voters.voters
    [endpoint] = voter.endpoints
    assert (voter.voter_id, voter.voter_directory_id) == (1, node.logs.directory_ids["/data"])
    assert (endpoint.name, endpoint.host, endpoint.port) == ("CONTROLLER", "10.1.2.3", 9999)


def test_starting_waits_for_no_disk() -> None:
    node = Node()
    synced = [path for operation, path in node.files.journal if operation == "sync"]
    assert [path for path in synced if not path.endswith("meta.properties.tmp")] == []


def test_an_answered_change_is_durable_with_all_it_needs() -> None:
    node = Node()
    node.create("t")
    assert list(node.killed("power").image.topics_by_name) == ["t"]


def test_a_restart_keeps_topics_configs_ids_and_leader_epochs() -> None:
    node = Node()
    node.create("t", num_partitions=2, configs=[("retention.ms", "5")])
    node.create("gone")
    node.delete("gone")
    before = node.image.topics_by_name["t"]
    again = node.restarted()
    assert again.image.topics_by_name == {"t": before}
    assert again.image.topic_configs("t") == {"retention.ms": "5"}
    assert again.partition_logs() == ["t-0", "t-1"]
    assert [log.config.retention_ms for log in again.logs.all()] == [5, 5]
    assert again.controller.epoch == 2
    third = again.restarted()
    assert third.image.topics_by_name == {"t": before}
    assert third.controller.epoch == 3


def test_a_clean_stop_fences_the_broker_and_names_its_epoch() -> None:
    node = Node()
    files = node.stop()
    assert written(files)[-1] == (1, ["BrokerRegistrationChangeRecord"] * 2)
    assert files.read_bytes("/data/.kafka_cleanshutdown") == b'{"version":0,"brokerEpoch":13}'


def test_an_unclean_stop_raises_the_leader_epochs() -> None:
    node = Node()
    node.create("t", num_partitions=2)
    again = node.killed()
    partitions = again.image.topics_by_name["t"].partitions
    assert [(part.leader, part.leader_epoch) for part in partitions] == [(1, 1), (1, 1)]
    assert [log.leader_epoch for log in again.logs.all()] == [1, 1]
    assert [part.leader_epoch for part in again.restarted().image.topics_by_name["t"].partitions] == [1, 1]


def test_each_start_has_an_epoch_of_its_own_also_when_the_quorum_state_is_lost() -> None:
    node = Node()
    node.create("t")
    files = node.files.after_crash()
    files.unlink(f"{METADATA_DIRECTORY}/{quorum_state.FILE_NAME}")
    assert Node(files).controller.epoch == 2


@pytest.mark.parametrize("content", [b"", b"\0" * 20])
def test_a_quorum_state_that_never_reached_the_disk_is_made_anew(content: bytes) -> None:
    files = Node().files.after_crash()
    files.write_bytes(f"{METADATA_DIRECTORY}/{quorum_state.FILE_NAME}", content, sync=True)
    assert Node(files).controller.epoch == 2


def test_a_quorum_state_that_makes_no_sense_is_an_error() -> None:
    files = Node().files.after_crash()
    files.write_bytes(f"{METADATA_DIRECTORY}/{quorum_state.FILE_NAME}", b'{"leaderId":1}', sync=True)
    with pytest.raises(StorageError, match="quorum-state: malformed"):
        Node(files)


def test_internal_topics_fit_on_one_node() -> None:
    node = Node(offsets_topic_num_partitions=2, transaction_state_log_num_partitions=3)
    assert value_of(node.controller.create_internal_topic("__consumer_offsets")).error == errors.NONE
    assert value_of(node.controller.create_internal_topic("__transaction_state")).error == errors.NONE
    offsets, transactions = node.image.topics_by_name.values()
    assert (offsets.is_internal, len(offsets.partitions), offsets.partitions[0].replicas) == (True, 2, [1])
    assert node.image.topic_configs("__consumer_offsets") == {
        "compression.type": "producer",
        "cleanup.policy": "compact",
        "segment.bytes": "104857600",
    }
    assert len(transactions.partitions) == 3
    assert node.image.topic_configs("__transaction_state")["min.insync.replicas"] == "1"
    assert "ClearElrRecord" in written(node.files)[-1][1]


def test_segments_of_the_metadata_log_may_be_smaller_than_anybody_wants() -> None:
    node = Node(
        internal_metadata_log_segment_bytes=1500,
        offsets_topic_num_partitions=5,
        transaction_state_log_num_partitions=5,
    )
    topics = ("__consumer_offsets", "__transaction_state")
    assert [value_of(node.controller.create_internal_topic(topic)).error for topic in topics] == [errors.NONE] * 2
    assert sum(name.endswith(".log") for name, _ in node.files.list_directory(METADATA_DIRECTORY)) > 1
    assert set(node.killed("power").image.topics_by_name) == set(topics)


def test_an_internal_topic_that_is_there_is_success() -> None:
    node = Node()
    first = value_of(node.controller.create_internal_topic("__consumer_offsets"))
    second = value_of(node.controller.create_internal_topic("__consumer_offsets"))
    assert (second.error, second.topic_id) == (errors.NONE, first.topic_id)


def test_producer_ids_come_in_blocks_that_are_never_given_twice() -> None:
    node = Node()
    assert value_of(node.controller.allocate_producer_ids()) == ProducerIdsBlock(0, 1000)
    assert value_of(node.controller.allocate_producer_ids()) == ProducerIdsBlock(1000, 1000)
    again = node.killed("power")
    assert value_of(again.controller.allocate_producer_ids()) == ProducerIdsBlock(2000, 1000)


def test_topic_configs_reach_the_logs_and_survive() -> None:
    node = Node()
    node.create("t")
    assert node.configure(TOPIC, "t", "retention.ms", "7").error == NONE
    assert node.logs.get("t", 0).config.retention_ms == 7
    again = node.killed("power")
    assert again.logs.get("t", 0).config.retention_ms == 7
    assert again.configure(TOPIC, "t", "retention.ms", None).error == NONE
    assert again.logs.get("t", 0).config.retention_ms == 604_800_000


def test_cluster_configs_are_defaults_of_topics() -> None:
    node = Node()
    node.create("t")
    assert node.configure(BROKER, "", "log.retention.ms", "9").error == NONE
    assert node.logs.get("t", 0).config.retention_ms == 9
    assert node.controller.config["log.retention.ms"] == 9
    again = node.restarted()
    assert again.logs.get("t", 0).config.retention_ms == 9


def test_changes_of_min_insync_replicas_clear_the_eligible_leaders() -> None:
    node = Node()
    node.create("t")
    assert node.configure(TOPIC, "t", "min.insync.replicas", "1").error == NONE
    assert written(node.files)[-1][1] == ["ConfigRecord", "ClearElrRecord"]


def test_listeners_hear_of_changes_when_the_logs_are_there() -> None:
    node = Node()
    heard: list[tuple[list[str], list[str]]] = []
    node.controller.publisher.listeners.append(
        lambda delta: heard.append(([topic.name for topic in delta.created_topics], node.partition_logs()))
    )
    node.create("t")
    assert heard == [(["t"], ["t-0"])]


def test_changes_wait_for_the_flush_and_then_go_together() -> None:
    workers = Workers()
    node = Node(run_blocking=workers)
    answers: list[str] = []

    def create(name: str) -> None:
        pending = node.controller.create_topics([NewTopic(name, 1, 1)])
        pending.on_complete(lambda results: answers.append(f"{name} {errors.name_of(results[0].error)}"))

    for name in ("a", "b", "a", "c.d", "c_d"):
        create(name)
    assert (answers, list(node.image.topics_by_name)) == ([], [])
    end_offset = node.controller._log.end_offset
    assert workers.work_off() == 1
    assert (answers, list(node.image.topics_by_name)) == ([], []), "what the start had written was not durable"
    create("e")
    [batch] = node.controller._log.read_from(end_offset)
    assert described(batch.records) == ["TopicRecord", "PartitionRecord"] * 3
    assert workers.work_off() == 1
    assert answers == ["a NONE", "b NONE", "c.d NONE", "a TOPIC_ALREADY_EXISTS", "c_d INVALID_TOPIC_EXCEPTION"]
    assert workers.work_off() == 1
    assert answers[5:] == ["e NONE"]
    assert workers.work_off() == 0


def test_changes_that_are_too_large_for_one_batch_go_one_by_one() -> None:
    workers = Workers()
    node = Node(run_blocking=workers, **{"internal.metadata.log.segment.bytes": 20_000})
    answers: list[str] = []
    for name, partitions in (("a", 100), ("b", 100), ("c", 1), ("d", 1_000)):
        pending = node.controller.create_topics([NewTopic(name, partitions, 1)])
        pending.on_complete(lambda results: answers.append(f"{results[0].name} {errors.name_of(results[0].error)}"))
    while workers.work_off():
        pass
    assert sorted(answers) == ["a NONE", "b NONE", "c NONE", "d RECORD_LIST_TOO_LARGE"]
    assert sorted(node.image.topics_by_name) == ["a", "b", "c"]
    assert sorted(node.killed("power").image.topics_by_name) == ["a", "b", "c"]


def test_changes_share_a_batch_as_long_as_it_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_queue, "_MAX_SHARED_BYTES", 300)
    workers = Workers()
    node = Node(run_blocking=workers)
    begin = node.controller._log.end_offset
    for name in ("a", "b"):
        node.controller.create_topics([NewTopic(name, 2, 1)])
    while workers.work_off():
        pass
    assert [len(batch.records) for batch in node.controller._log.read_from(begin)] == [3, 3]
    assert sorted(node.image.topics_by_name) == ["a", "b"]


def test_what_a_start_has_written_and_cannot_be_synced_lets_no_change_through() -> None:
    node = Node()
    node.files.fault = lambda operation, path: errno.ENOSPC if operation == "sync" and path == LOG_PATH else None
    assert node.create("a")[0].error == errors.KAFKA_STORAGE_ERROR
    node.files.fault = None
    assert list(node.image.topics_by_name) == []
    assert list(node.killed().image.topics_by_name) == []


def test_a_snapshot_holds_whole_batches() -> None:
    workers = Workers()
    node = Node(run_blocking=workers, metadata_log_max_record_bytes_between_snapshots=1)
    for name in ("a", "b", "c"):
        node.controller.create_topics([NewTopic(name, 1, 1)])
    while workers.work_off():
        pass
    node.files.unlink(LOG_PATH)
    assert sorted(node.killed().image.topics_by_name) == ["a", "b", "c"]


def test_closing_finishes_what_is_being_written() -> None:
    workers = Workers()
    node = Node(run_blocking=workers)
    answers: list[Any] = []
    for name in ("a", "b"):
        node.controller.create_topics([NewTopic(name, 1, 1)]).on_complete(answers.append)
    files = node.stop()
    assert [results[0].error for results in answers] == [errors.NONE, errors.NONE]
    workers.work_off()
    assert list(Node(files).image.topics_by_name) == ["a", "b"]


def test_a_full_disk_refuses_changes_until_there_is_space() -> None:
    node = Node()
    node.create("a")
    node.files.free_bytes = 10
    [result] = node.create("b")
    assert result.error == errors.KAFKA_STORAGE_ERROR
    assert isinstance(value_of(node.controller.allocate_producer_ids()), ApiError)
    assert list(node.image.topics_by_name) == ["a"]
    node.files.free_bytes = None
    assert node.create("b")[0].error == errors.NONE
    assert list(node.killed("power").image.topics_by_name) == ["a", "b"]


def test_what_cannot_be_synced_is_taken_back() -> None:
    node = Node()
    node.create("a")
    node.files.fault = lambda operation, path: errno.EIO if operation == "sync" and path == LOG_PATH else None
    assert node.create("b")[0].error == errors.KAFKA_STORAGE_ERROR
    assert list(node.image.topics_by_name) == ["a"]
    node.files.fault = None
    assert list(node.killed().image.topics_by_name) == ["a"]


def test_a_log_that_cannot_be_created_leaves_its_partition_offline() -> None:
    node = Node(log_dirs="/data,/more")
    node.files.fault = lambda operation, path: errno.EIO if operation == "mkdir" and "t-" in path else None
    assert node.create("t")[0].error == errors.NONE
    assert node.logs.get("t", 0) is None
    assert "t" in node.image.topics_by_name


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_start_on_a_full_disk_says_so(how: str) -> None:
    node = Node()
    node.create("a")
    files = node.stop() if how == "stop" else node.files.after_crash()
    files.free_bytes = 0
    with pytest.raises(StorageError, match=r"No space left on device \(/data/__cluster_metadata-0/.*make room for it$"):
        Node(files)
    files.free_bytes = None
    assert list(Node(files.after_crash()).image.topics_by_name) == ["a"]


def without_space_for_logs(node: Node) -> None:
    node.files.fault = lambda operation, path: errno.ENOSPC if operation == "create" and "/t-" in path else None


def test_logs_for_which_there_was_no_space_are_created_when_there_is() -> None:
    node = Node(log_dirs="/data,/more")
    without_space_for_logs(node)
    node.create("t", num_partitions=2, configs=[("retention.ms", "7")])
    assert node.partition_logs() == []
    node.controller.open_missing_logs()
    assert node.partition_logs() == []
    heard: list[list[int]] = []
    node.controller.publisher.listeners.append(
        lambda delta: heard.append([partition.index for _, partition in delta.created_partitions])
    )
    node.files.fault = None
    for _ in range(2):
        node.controller.open_missing_logs()
    assert node.partition_logs() == ["t-0", "t-1"]
    assert heard[0] == [0, 1]
    assert [index for indexes in heard[1:] for index in indexes] == []
    log = node.logs.get("t", 0)
    assert log is not None
    assert log.config.retention_ms == 7
    ids = {part.directories[0] for part in node.image.topics_by_name["t"].partitions}
    assert ids == set(node.logs.directory_ids.values())


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_logs_that_were_never_created_are_so_after_a_restart(how: str) -> None:
    node = Node()
    without_space_for_logs(node)
    node.create("t")
    node.files.fault = None
    assert getattr(node, how)().partition_logs() == ["t-0"]


def test_topics_that_are_deleted_before_they_have_a_log_get_none() -> None:
    node = Node()
    without_space_for_logs(node)
    node.create("t")
    assert [outcome.error for outcome in node.delete("t")] == [errors.NONE]
    node.files.fault = None
    node.controller.open_missing_logs()
    assert node.partition_logs() == []


def test_several_log_directories_are_named_to_the_controller() -> None:
    node = Node(log_dirs="/data,/more")
    node.create("t", num_partitions=4)
    ids = node.logs.directory_ids
    used = [part.directories[0] for part in node.image.topics_by_name["t"].partitions]
    assert sorted(used) == sorted([ids["/data"], ids["/more"]] * 2)
    assert used == [node.logs.directory_id_of(node.logs.get("t", index)) for index in range(4)]
    assert node.restarted().image.topics_by_name == node.image.topics_by_name


def test_logs_of_topics_that_are_gone_are_put_aside() -> None:
    node = Node()
    node.create("t", "u")
    files = node.stop()
    old = Node()
    old.create("t")
    topic_id = node.image.topics_by_name["t"].topic_id
    path = "/data/t-0/partition.metadata"
    other = old.files.read_bytes(path)
    assert other != files.read_bytes(path)
    files.write_bytes(path, other, sync=True)
    again = Node(files)
    assert again.logs.get("t", 0).topic_id == topic_id
    names = [name for name, _ in files.list_directory("/data")]
    assert [name for name in names if name.startswith("t-0.") and name.endswith("-stray")] != []


def test_partitions_without_any_metadata_are_left_alone() -> None:
    node = Node()
    node.create("t")
    files = node.stop()
    files.remove_directory(METADATA_DIRECTORY)
    with pytest.raises(StorageError, match=r"is missing, which has the metadata of topics, .*t-0; bring it back"):
        Node(files)
    assert not files.exists(METADATA_DIRECTORY)
    files = files.after_crash()
    files.make_directory(METADATA_DIRECTORY)
    with pytest.raises(StorageError, match=r"no metadata of topics.*t-0"):
        Node(files)


def test_a_snapshot_replaces_the_log_before_it() -> None:
    node = Node(metadata_log_max_record_bytes_between_snapshots=2_000, metadata_max_retention_bytes=1)
    for number in range(60):
        node.create(f"t{number}")
        if number % 2:
            node.delete(f"t{number}")
    kept = snapshots.list_snapshots(node.files, METADATA_DIRECTORY)
    assert len(kept) == 1
    assert kept[0].end_offset > 100
    snapshot = snapshots.read_snapshot(node.files, f"{METADATA_DIRECTORY}/{kept[0].file_name}")
    assert (snapshot.kraft_version, len(snapshot.voters.voters)) == (1, 1)
    for again in (node.killed("power"), node.restarted()):
        assert list(again.image.topics_by_name) == [f"t{number}" for number in range(0, 60, 2)]
        assert again.create("new")[0].error == errors.NONE


def test_a_snapshot_is_due_after_its_interval() -> None:
    node = Node()
    node.create("a")
    node.clock.advance(3_600_000)
    assert len(snapshots.list_snapshots(node.files, METADATA_DIRECTORY)) == 1
    node.create("b")
    [_, newest] = snapshots.list_snapshots(node.files, METADATA_DIRECTORY)
    assert newest.end_offset == node.image.offset + 1


def test_a_snapshot_that_is_not_whole_is_left_out() -> None:
    node = Node(metadata_log_max_record_bytes_between_snapshots=2_000)
    for number in range(30):
        node.create(f"t{number}")
    files = node.stop()
    newest = snapshots.list_snapshots(files, METADATA_DIRECTORY)[-1]
    path = f"{METADATA_DIRECTORY}/{newest.file_name}"
    content = files.read_bytes(path)
    files.write_bytes(path, content[: len(content) - 30], sync=True)
    assert len(Node(files).image.topics_by_name) == 30


def test_a_snapshot_ahead_of_the_log_is_where_the_log_goes_on() -> None:
    node = Node(metadata_log_max_record_bytes_between_snapshots=2_000)
    for number in range(30):
        node.create(f"t{number}")
    files = node.stop()
    newest = snapshots.list_snapshots(files, METADATA_DIRECTORY)[-1]
    names = set(node.image.topics_by_name)
    for name, _ in files.list_directory(METADATA_DIRECTORY):
        if not name.endswith(".checkpoint"):
            files.unlink(f"{METADATA_DIRECTORY}/{name}")
    again = Node(files)
    assert set(again.image.topics_by_name) <= names
    assert again.image.offset > newest.end_offset
    assert again.create("new")[0].error == errors.NONE


def test_an_open_transaction_has_no_effect_and_is_aborted() -> None:
    from minikafka.protocol.messages import BeginTransactionRecord, TopicRecord

    node = Node()
    record = TopicRecord(name="half", topic_id=b"h" * 16)
    node.controller._log.append([(BeginTransactionRecord(name="test"), 0), (record, 0)])
    again = Node(node.files.after_crash(), clock=node.clock)
    assert again.image.topics_by_name == {}
    assert (2, ["AbortTransactionRecord"]) in written(again.files)
    assert Node(again.files.after_crash()).image.topics_by_name == {}


def test_an_end_without_a_transaction_is_corruption() -> None:
    from minikafka.protocol.messages import EndTransactionRecord

    node = Node()
    node.controller._log.append([(EndTransactionRecord(), 0)])
    with pytest.raises(errors.CorruptLogError, match="EndTransactionRecord without a transaction"):
        Node(node.files.after_crash())


def test_the_metadata_log_may_have_a_directory_of_its_own() -> None:
    node = Node(metadata_log_dir="/meta")
    node.create("t")
    assert node.files.exists("/meta/__cluster_metadata-0/quorum-state")
    assert node.files.exists("/meta/meta.properties")
    assert not node.files.exists("/data/__cluster_metadata-0")
    again = node.restarted()
    assert list(again.image.topics_by_name) == ["t"]


def test_a_worker_that_fails_to_write_a_snapshot_keeps_the_log() -> None:
    node = Node(metadata_log_max_record_bytes_between_snapshots=1_000)
    before = snapshots.list_snapshots(node.files, METADATA_DIRECTORY)
    node.files.fault = lambda operation, path: errno.EIO if path.endswith(".part") else None
    for number in range(20):
        assert node.create(f"t{number}")[0].error == errors.NONE
    assert snapshots.list_snapshots(node.files, METADATA_DIRECTORY) == before
    node.files.fault = None
    assert len(node.killed("power").image.topics_by_name) == 20


def test_loading_says_what_it_found() -> None:
    node = Node()
    loaded = metadata_loader.load(node.files, node.controller._log)
    assert loaded.voters_in_log
    assert not loaded.open_transaction
    assert loaded.last_timestamp == NOW_MS


def test_a_directory_of_several_voters_is_refused() -> None:
    node = Node()
    metadata_log = node.controller._log
    others = [bootstrap.only_voter(number, bytes([number]) * 16, []).voters[0] for number in (1, 2, 3)]
    metadata_log.append_control([VotersRecord(version=0, voters=others)])
    with pytest.raises(StorageError, match="the metadata has the voters 1, 2, 3, and node 1 cannot decide alone"):
        node.restarted()


# --- directories of larger clusters


def with_last_leader(*voters: int, quorum: str = "") -> Node:
    """A node whose log has no VotersRecord, as with controller.quorum.voters; ``quorum``: of its quorum-state."""
    node = Node()
    leader = [LeaderChangeMessage.Voter(voter_id=voter) for voter in voters]
    change = LeaderChangeMessage(version=0, leader_id=voters[0], voters=leader, granting_voters=leader)
    metadata_log = node.controller._log
    metadata_log.truncate_to(0)
    metadata_log.append_control([change])
    for name, _ in node.files.list_directory(METADATA_DIRECTORY):
        if name.endswith(".checkpoint"):
            node.files.unlink(f"{METADATA_DIRECTORY}/{name}")
    node.files.write_bytes(f"{METADATA_DIRECTORY}/quorum-state", quorum.encode(), sync=True)
    return node


def test_the_only_configured_voter_may_go_on() -> None:
    quorum = (
        '{"clusterId":"","leaderId":1,"leaderEpoch":3,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],'
    )
    node = with_last_leader(1, quorum=quorum + '"data_version":0}')
    assert node.killed().image.epoch == 4


@pytest.mark.parametrize(
    ("voters", "quorum"),
    [
        ((1, 2, 3), ""),
        ((1,), '{"leaderId":1,"leaderEpoch":3,"currentVoters":[{"voterId":1},{"voterId":2},{"voterId": 3}]}'),
        ((1,), '{"leaderId":3,"leaderEpoch":3,"currentVoters":[{"voterId":1}, {"voterId":2}],"data_version":0}'),
    ],
)
def test_configured_voters_are_voters_too(voters: tuple[int, ...], quorum: str) -> None:
    node = with_last_leader(*voters, quorum=quorum)
    with pytest.raises(
        StorageError, match="the metadata has the voters 1, 2, 3, and node 1 cannot decide alone; shrink"
    ):
        node.killed()


@pytest.mark.parametrize("quorum", ["", '{"leaderId":5,"leaderEpoch":3,"votedId":-1,"data_version":1}'])
def test_the_directory_of_a_node_that_is_a_broker_only_is_refused(quorum: str) -> None:
    node = with_last_leader(5, quorum=quorum)
    with pytest.raises(StorageError, match="the controllers 5 decide about it, not node 1; start Apache Kafka"):
        node.killed()


def test_so_is_one_whose_log_names_another_voter() -> None:
    node = Node()
    others = bootstrap.only_voter(5, bytes([5]) * 16, []).voters
    node.controller._log.append_control([VotersRecord(version=0, voters=others)])
    with pytest.raises(StorageError, match="this is the copy of the metadata that a broker has"):
        node.restarted()
