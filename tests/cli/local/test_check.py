"""``minikafka check``: what it prints, its exit codes, and that it changes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from minikafka.cli import main as minikafka
from minikafka.cli.local.check import main
from minikafka.storage.files import OsFiles
from tests.controller.nodes import Node
from tests.storage.logs import append
from tests.support.terminal import Terminal


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Of a node that was stopped, with the topic t of two partitions, and two records."""
    path = tmp_path / "data"
    node = Node(OsFiles(durable=False), **{"log.dirs": str(path)})
    node.create("t", num_partitions=2)
    for log in node.logs.all():
        append(log, "value")
    node.stop()
    return path


def state(directory: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in directory.rglob("*")}


def test_a_sound_directory(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(directory)
    assert minikafka(["check", str(directory)]) == 0
    (summary,) = capsys.readouterr().out.splitlines()
    assert summary.startswith("1 directory, 3 partitions, 3 segments, ")
    assert summary.endswith(" s: sound")
    assert state(directory) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_the_right_to_read_is_enough(directory: Path) -> None:
    folders = [directory, *(path for path in directory.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert main([str(directory)]) == 0
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_a_damaged_one(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = directory / "t-0" / "00000000000000000000.log"
    content = bytearray(log.read_bytes())
    content[-2] ^= 0xFF
    log.write_bytes(content)
    (directory / "t-1" / "partition.metadata").unlink()
    (directory / "__cluster_metadata-0" / "00000000000000000000-0000000001.checkpoint.part").write_bytes(b"half")
    assert main([str(directory)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"problem: {log}, position 0, offset 0: Record is corrupt") for line in lines)
    assert f"note: {directory}/t-1/partition.metadata: there is none, the next start writes it" in lines
    assert any(line.endswith(".checkpoint.part: a snapshot that was not finished") for line in lines)
    assert lines[-1].endswith(": 3 problems, 2 notes")


def test_headers_are_enough_if_one_says_so(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A batch with the right checksum and wrong records."""
    from minikafka.records.batch import RecordBatch

    log = directory / "t-0" / "00000000000000000000.log"
    content = bytearray(log.read_bytes())
    content[57:61] = (0).to_bytes(4, "big")
    batch = RecordBatch(memoryview(content), 0)
    batch.set_max_timestamp(0, batch.max_timestamp + 1)
    log.write_bytes(content)
    (directory / "t-0" / "00000000000000000000.timeindex").unlink()
    content[57:61] = (1).to_bytes(4, "big")
    batch.set_max_timestamp(0, batch.max_timestamp + 1)
    log.write_bytes(content)
    assert main(["--headers-only", str(directory)]) == 0
    capsys.readouterr()
    assert main([str(directory)]) == 1
    assert "the greatest timestamp is" in capsys.readouterr().out


def test_topics_and_folders_that_do_not_match(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "t-1").rename(directory / "u-0")
    assert main([str(directory)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert f"problem: {directory}: there is no folder t-1, and the metadata has that partition" in lines
    assert (
        f"problem: {directory}/u-0: the metadata has no such partition; the next start puts it aside as stray" in lines
    )


def test_damaged_metadata_is_told_of_once(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = directory / "__cluster_metadata-0" / "00000000000000000000.log"
    content = bytearray(log.read_bytes())
    content[100] ^= 0xFF
    log.write_bytes(content)
    (directory / "bootstrap.checkpoint").write_bytes(b"")
    assert main([str(directory)]) == 1
    problems = [line for line in capsys.readouterr().out.splitlines() if line.startswith("problem: ")]
    assert [line.split(": ")[1] for line in problems] == [
        f"{directory}/bootstrap.checkpoint",
        f"{log}, position 0, offset 0",
    ]


def test_a_running_broker_is_not_disturbed(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = OsFiles().lock(f"{directory}/.lock")
    assert lock is not None
    assert main([str(directory)]) == 2
    lock.release()
    assert capsys.readouterr().err == (
        f"minikafka check: a broker runs on {directory} (.lock is locked): stop it, or check a copy\n"
    )


def test_the_directories_of_a_property_file(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    properties = directory.parent / "server.properties"
    properties.write_text(f"node.id=1\nlog.dirs={directory},{directory.parent / 'other'}\n")
    assert main(["--config", str(properties)]) == 2
    assert capsys.readouterr().err == f"minikafka check: {directory.parent / 'other'} is not a directory\n"
    properties.write_text(f"node.id=1\nlog.dirs={directory}\n")
    assert main(["--config", str(properties)]) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "which directory? minikafka check --help tells more"),
        (["--config"], "--config needs a FILE behind it"),
        (["--fix", "."], "there is no option --fix; minikafka check --help lists them"),
        (["/nowhere"], "/nowhere is not a directory"),
    ],
)
def test_what_it_does_not_understand(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"minikafka check: {sentence}\n"


def test_the_folder_of_a_partition_is_no_log_directory(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(directory / "t-0")]) == 2
    assert capsys.readouterr().err == (
        f"minikafka check: {directory}/t-0 is the folder of a partition; name the log directory that it is in\n"
    )


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "The exit code is 0 when the directories are sound" in capsys.readouterr().out


def test_a_terminal_shows_which_log_is_read(directory: Path) -> None:
    command = [sys.executable, "-m", "minikafka", "check", str(directory)]
    with Terminal(command, directory, {**os.environ, "TERM": "xterm", "COLUMNS": "100"}) as terminal:
        assert terminal.wait() == 0
        shown = terminal.text
    assert "Reading " in shown
    assert shown.rpartition("\x1b[K")[2].startswith("1 directory, 3 partitions")
