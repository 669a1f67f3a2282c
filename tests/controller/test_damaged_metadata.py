"""A metadata log that is damaged where it had been synced: what lies behind is topics, and nothing drops them."""

from __future__ import annotations

import pytest

from minikafka.controller.metadata_check import MetadataCheck
from minikafka.errors import CorruptLogError, StorageError
from minikafka.records.batch import iter_batches
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.verification.report import Finding, Report
from tests.controller.nodes import METADATA_DIRECTORY, Node

LOG = f"{METADATA_DIRECTORY}/{0:020}.log"


def damage(node: Node, text: bytes, start: int = 0) -> bytes:
    """Change a byte of the first batch with ``text``; gives the bytes that are there then."""
    content = node.files.read_bytes(LOG)
    at = content.index(text, start)
    damaged = content[:at] + b"?" + content[at + 1 :]
    node.files.write_bytes(LOG, damaged, sync=False)
    return damaged


def assert_refused(node: Node, damaged: bytes) -> None:
    for _ in range(2):
        node.files = node.files.after_crash()
        with pytest.raises(CorruptLogError, match=rf"{LOG} is damaged at position \d+, offset \d+ \(Record is corrupt"):
            Node(node.files, clock=node.clock)
        assert node.files.read_bytes(LOG) == damaged


def findings(files: MemoryFiles) -> list[Finding]:
    """What ``minikafka check`` says of the metadata, after a kill."""
    found: list[Finding] = []
    MetadataCheck(Report(found.append), files, "/data").run(was_clean=False)
    return found


def test_after_a_clean_stop_topics_behind_the_damage_are_not_cut_away() -> None:
    node = Node()
    node.create("first")
    node.create("second")
    node.stop()
    assert_refused(node, damage(node, b"first"))


@pytest.mark.parametrize("text", [b"first", b"second"])
def test_after_a_kill_what_was_synced_is_not_cut_away_however_new_it_is(text: bytes) -> None:
    node = Node()
    for name in ("first", "second", "third"):
        node.create(name)
    damaged = damage(node, text)
    assert [finding.is_problem for finding in findings(node.files)] == [True]
    assert_refused(node, damaged)


def test_after_a_kill_what_a_start_had_written_before_a_change_is_not_cut_away() -> None:
    node = Node()
    node.create("first")
    node = node.killed()
    node.create("second")
    content = node.files.read_bytes(LOG)
    assert_refused(node, damage(node, b"PLAINTEXT", content.rindex(b"PLAINTEXT")))


def test_after_a_kill_what_an_earlier_run_had_written_is_not_cut_away() -> None:
    node = Node()
    node.create("first")
    node = node.killed()
    assert_refused(node, damage(node, b"first"))


@pytest.mark.parametrize("lost_bytes", [1, None])
def test_the_end_of_a_segment_is_not_given_up_with_all_behind_it(lost_bytes: int | None) -> None:
    """Damage in the last batch of a segment, or the whole batch is missing."""
    node = Node(**{"internal.metadata.log.segment.bytes": 1500})
    for number in range(8):
        node.create(f"t{number}")
    content = node.files.read_bytes(LOG)
    last_batch_bytes = [batch.size_bytes for batch in iter_batches(memoryview(content))][-1]
    kept = content[: -(lost_bytes or last_batch_bytes)]
    node.files.write_bytes(LOG, kept, sync=False)
    with pytest.raises(CorruptLogError, match="bring back a copy of it: without it nobody knows the topics"):
        node.killed()
    assert node.files.read_bytes(LOG) == kept
    assert any(finding.is_problem for finding in findings(node.files))


def test_a_start_that_the_power_cut_short_may_have_lost_any_of_its_batches() -> None:
    node = Node()
    node.create("first")
    size_bytes = len(node.files.read_bytes(LOG))
    node = node.killed()
    content = node.files.read_bytes(LOG)
    started = list(iter_batches(memoryview(content)))
    positions = [0]
    for batch in started:
        positions.append(positions[-1] + batch.size_bytes)
    of_the_start = [position for position in positions if size_bytes <= position < len(content)]
    assert len(of_the_start) >= 4
    for position in of_the_start:
        files = node.files.after_crash()
        files.write_bytes(LOG, content[: position + 30] + b"?" + content[position + 31 :], sync=False)
        assert list(Node(files, clock=node.clock).image.topics_by_name) == ["first"]


@pytest.mark.parametrize("kept_bytes", [0, 40])
def test_half_of_meta_properties_is_not_taken_for_one_of_a_kafka_with_zookeeper(kept_bytes: int) -> None:
    node = Node()
    node.create("first")
    files = node.stop()
    path = "/data/meta.properties"
    files.write_bytes(path, files.read_bytes(path)[:kept_bytes], sync=False)
    with pytest.raises(StorageError, match=rf"{path} is damaged, .* bring back a copy of it, or delete it"):
        Node(files, clock=node.clock)
    files.unlink(path)
    assert list(Node(files, clock=node.clock).image.topics_by_name) == ["first"]


@pytest.mark.parametrize("kept_bytes", [0, 1, 30, 60])
@pytest.mark.parametrize("tail", [b"", bytes(40)])
def test_a_quorum_state_that_a_power_cut_tore_is_written_again(kept_bytes: int, tail: bytes) -> None:
    node = Node()
    node.create("first")
    epoch = node.controller.epoch
    path = f"{METADATA_DIRECTORY}/quorum-state"
    node.files.write_bytes(path, node.files.read_bytes(path)[:kept_bytes] + tail, sync=False)
    again = node.killed()
    assert list(again.image.topics_by_name) == ["first"]
    assert again.controller.epoch == epoch + 1
    assert again.files.read_bytes(path).endswith(b"}")


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_a_start_after_a_clean_stop_that_the_power_cut_short(lost: int) -> None:
    """The marker of the clean stop is there still, or back; of what the start has written, anything may be missing."""
    node = Node()
    node.create("first")
    files = node.stop()
    marker = files.read_bytes("/data/.kafka_cleanshutdown")
    size_bytes = len(files.read_bytes(LOG))
    files = Node(files, clock=node.clock).files.after_crash()
    content = bytearray(files.read_bytes(LOG))
    position = size_bytes
    for _ in range(lost):
        position += next(iter(iter_batches(memoryview(content)[position:]))).size_bytes
    content[position : position + 40] = bytes(40)
    files.write_bytes(LOG, bytes(content), sync=True)
    files.write_bytes("/data/.kafka_cleanshutdown", marker, sync=True)
    assert list(Node(files, clock=node.clock).image.topics_by_name) == ["first"]


def test_what_the_last_run_left_half_written_is_cut_off_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    node = Node()
    node.create("first")
    node.create("second")
    node.files.write_bytes(LOG, node.files.read_bytes(LOG)[:-1], sync=False)
    assert list(node.killed().image.topics_by_name) == ["first"]
    (record,) = [record for record in caplog.records if "truncated" in record.message]
    assert (record.levelname, "the last batch is not complete" in record.message) == ("WARNING", True)


@pytest.mark.parametrize("tail", [bytes(4096), b"\1" * 100])
def test_a_tail_that_the_next_start_cuts_off_is_noted_and_no_problem(tail: bytes) -> None:
    node = Node()
    node.create("first")
    node.files.write_bytes(LOG, node.files.read_bytes(LOG) + tail, sync=False)
    files = node.files.after_crash()
    found: list[Finding] = []
    image = MetadataCheck(Report(found.append), files, "/data").run(was_clean=False)
    assert [(finding.is_problem, "the next start cuts off" in str(finding)) for finding in found] == [(False, True)]
    assert image is not None
    assert list(image.topics_by_name) == ["first"]
