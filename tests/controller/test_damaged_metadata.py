"""A metadata log that is damaged where it had been synced: what lies behind is topics, and nothing drops them."""

from __future__ import annotations

import pytest

from minikafka.controller.metadata_check import MetadataCheck
from minikafka.controller.quorum_controller import LONGEST_UNSYNCED_MS
from minikafka.errors import CorruptLogError, StorageError
from minikafka.storage.verification.report import Finding, Report
from tests.controller.nodes import METADATA_DIRECTORY, Node

LOG = f"{METADATA_DIRECTORY}/{0:020}.log"


def damage(node: Node, text: bytes) -> bytes:
    """Change a byte of the first batch with ``text``; gives the bytes that are there then."""
    content = node.files.read_bytes(LOG)
    at = content.index(text)
    damaged = content[:at] + b"?" + content[at + 1 :]
    node.files.write_bytes(LOG, damaged, sync=False)
    return damaged


def assert_refused(node: Node, damaged: bytes) -> None:
    for _ in range(2):
        node.files = node.files.after_crash()
        with pytest.raises(CorruptLogError, match=rf"{LOG} is damaged at position \d+, offset \d+ \(Record is corrupt"):
            Node(node.files, clock=node.clock)
        assert node.files.read_bytes(LOG) == damaged


def test_after_a_clean_stop_topics_behind_the_damage_are_not_cut_away() -> None:
    node = Node()
    node.create("first")
    node.create("second")
    node.stop()
    assert_refused(node, damage(node, b"first"))


def test_after_a_kill_topics_that_were_made_long_after_the_damaged_ones_are_not_cut_away() -> None:
    node = Node()
    node.create("first")
    node.create("second")
    node.clock.advance(LONGEST_UNSYNCED_MS + 1)
    node.create("third")
    assert_refused(node, damage(node, b"first"))


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
