"""Both file systems keep to the same contract; then what each has of its own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.storage.files import FileSystem, OsFiles
from minikafka.storage.memory_files import Crashed, MemoryFiles


@pytest.fixture(params=["os", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[FileSystem, str]:
    if request.param == "os":
        return OsFiles(), str(tmp_path)
    files = MemoryFiles()
    files.make_directory("/d")
    return files, "/d"


def test_a_file_is_read_and_written_at_positions(place: tuple[FileSystem, str]) -> None:
    files, root = place
    files.create(f"{root}/f", 8)
    file = files.open(f"{root}/f")
    file.pwrite(b"abc", 2)
    assert file.pread(100, 0) == b"\0\0abc\0\0\0"
    file.pwrite(memoryview(b"xyz"), 8)
    assert file.size_bytes() == 11
    file.truncate(4)
    assert file.pread(4, 2) == b"ab"
    file.truncate(6)
    assert files.read_bytes(f"{root}/f") == b"\0\0ab\0\0"
    file.descriptor().sync()
    file.close()
    assert file.pread(2, 2) == b"ab"


def test_a_descriptor_outlives_deletion_and_closing(place: tuple[FileSystem, str]) -> None:
    files, root = place
    files.write_bytes(f"{root}/f", b"content", sync=False)
    file = files.open(f"{root}/f")
    descriptor = file.descriptor()
    files.unlink(f"{root}/f")
    file.close()
    assert descriptor.pread(7, 0) == b"content"
    with pytest.raises(FileNotFoundError):
        file.pread(1, 0)


def test_names(place: tuple[FileSystem, str]) -> None:
    files, root = place
    files.make_directory(f"{root}/a/b", sync=True)
    files.make_directory(f"{root}/a/b")
    files.write_bytes(f"{root}/a/b/f", b"1", sync=True)
    files.rename(f"{root}/a/b", f"{root}/c")
    assert files.read_bytes(f"{root}/c/f") == b"1"
    assert not files.exists(f"{root}/a/b")
    files.replace_atomically(f"{root}/c/f", b"22", sync=True)
    assert files.size_bytes(f"{root}/c/f") == 2
    assert sorted(files.list_directory(root)) == [("a", True), ("c", True)]
    assert files.list_directory(f"{root}/c") == [("f", False)]
    files.sync_file(f"{root}/c/f")
    files.remove_directory(f"{root}/c")
    assert not files.exists(f"{root}/c")
    for call in (files.read_bytes, files.unlink, files.size_bytes, files.list_directory, files.sync_file):
        with pytest.raises(FileNotFoundError):
            call(f"{root}/missing")


def test_creating_a_file_again_empties_it(place: tuple[FileSystem, str]) -> None:
    files, root = place
    files.write_bytes(f"{root}/f", b"long content", sync=False)
    files.write_bytes(f"{root}/f", b"short", sync=False)
    assert files.read_bytes(f"{root}/f") == b"short"
    files.create(f"{root}/f")
    assert files.size_bytes(f"{root}/f") == 0


def test_a_lock_is_held_once(place: tuple[FileSystem, str]) -> None:
    files, root = place
    lock = files.lock(f"{root}/.lock")
    assert lock is not None
    assert files.lock(f"{root}/.lock") is None
    lock.release()
    again = files.lock(f"{root}/.lock")
    assert again is not None
    again.release()


def test_few_descriptors_stay_open(tmp_path: Path) -> None:
    files = OsFiles(max_open_files=3)
    handles = []
    for number in range(10):
        path = str(tmp_path / str(number))
        files.write_bytes(path, b"%d" % number, sync=False)
        handles.append(files.open(path))
    for _ in range(2):
        assert [handle.pread(10, 0) for handle in handles] == [b"%d" % number for number in range(10)]
    assert sum(handle.fd >= 0 for handle in handles) <= 3


def test_a_used_descriptor_is_kept_before_an_idle_one(tmp_path: Path) -> None:
    files = OsFiles(max_open_files=2)
    busy, idle, new = (files.open(str(tmp_path / name)) for name in ("busy", "idle", "new"))
    for handle in (busy, idle, new):
        files.create(handle.path)
    idle.descriptor()
    busy.pread(1, 0)
    new.descriptor()
    assert (busy.fd >= 0, idle.fd >= 0) == (True, False)


def test_nothing_is_synced_when_the_log_is_not_to_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: pytest.fail("synced"))
    files = OsFiles(durable=False)
    files.replace_atomically(str(tmp_path / "f"), b"x", sync=True)
    files.open(str(tmp_path / "f")).descriptor().sync()
    files.sync_directory(str(tmp_path))


def test_after_a_loss_of_power_only_synced_content_and_names_are_there() -> None:
    files = MemoryFiles()
    files.make_directory("/d", sync=True)
    files.write_bytes("/d/kept", b"synced", sync=True)
    files.sync_directory("/d")
    files.open("/d/kept").pwrite(b" not synced", 6)
    files.write_bytes("/d/name-not-synced", b"x", sync=True)
    files.rename("/d/kept", "/d/renamed")
    after = files.after_crash("power")
    assert [name for name, _ in after.list_directory("/d")] == ["kept"]
    assert after.read_bytes("/d/kept") == b"synced"
    after = files.after_crash("process")
    assert sorted(name for name, _ in after.list_directory("/d")) == ["name-not-synced", "renamed"]
    assert after.read_bytes("/d/renamed") == b"synced not synced"


def test_torn_writes_differ_by_seed_but_never_touch_what_was_synced() -> None:
    files = MemoryFiles()
    files.make_directory("/d", sync=True)
    files.write_bytes("/d/f", b"synced", sync=True)
    files.sync_directory("/d")
    files.open("/d/f").pwrite(b"abcdef", 6)
    contents = {files.after_crash("torn", seed).read_bytes("/d/f") for seed in range(50)}
    assert all(content.startswith(b"synced") for content in contents)
    assert {b"synced", b"syncedabcdef", b"synced" + bytes(6)} <= contents


def test_a_crash_ends_the_process_for_good() -> None:
    files = MemoryFiles()
    files.make_directory("/d")
    files.crash_at_operation = files.operations + 2
    files.create("/d/f")
    with pytest.raises(Crashed):
        files.open("/d/f").pwrite(b"12345678", 0)
    with pytest.raises(Crashed):
        files.read_bytes("/d/f")
    assert files.after_crash("process").read_bytes("/d/f") == b"1234"


def test_a_full_volume_takes_what_fits() -> None:
    files = MemoryFiles()
    files.create("/f")
    files.free_bytes = 5
    file = files.open("/f")
    with pytest.raises(OSError, match="No space") as raised:
        file.pwrite(b"12345678", 0)
    assert raised.value.errno == errno.ENOSPC
    assert files.read_bytes("/f") == b"12345"
    file.pwrite(b"54321", 0)
    assert files.read_bytes("/f") == b"54321"


def test_faults_are_chosen_by_operation_and_path() -> None:
    files = MemoryFiles()
    files.create("/f")
    files.fault = lambda operation, path: errno.EIO if (operation, path) == ("sync", "/f") else None
    file = files.open("/f")
    file.pwrite(b"x", 0)
    with pytest.raises(OSError, match="Input/output"):
        file.descriptor().sync()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full, a disk without space, is Linux's")
def test_a_file_that_cannot_be_written_is_named() -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        OsFiles().write_bytes("/dev/full", b"x", sync=False)


# --- for reading alone


def test_files_for_reading_alone_write_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    OsFiles().write_bytes(path, b"content", sync=False)
    for files in (OsFiles(read_only=True), OsFiles(read_only=True).for_another_thread()):
        file = files.open(path)
        assert file.pread(7, 0) == b"content"
        with pytest.raises(OSError, match=r"[Bb]ad file descriptor"):
            file.pwrite(b"?", 0)
        file.close()


def test_readers_share_a_lock_that_writers_do_not(tmp_path: Path) -> None:
    path = str(tmp_path / ".lock")
    code = (
        "import sys; from minikafka.storage.files import OsFiles\n"
        f"print(OsFiles(read_only=True).lock({path!r}) is not None, OsFiles().lock({path!r}) is not None)"
    )

    def others() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    OsFiles().write_bytes(path, b"", sync=False)
    reading = OsFiles(read_only=True).lock(path)
    assert reading is not None
    assert others() == "True False\n"
    reading.release()
    writing = OsFiles().lock(path)
    assert writing is not None
    assert others() == "False False\n"
    writing.release()


def test_names_relative_to_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = OsFiles()
    files.make_directory("made/inside", sync=True)
    files.replace_atomically("file", b"content", sync=True)
    assert (tmp_path / "made" / "inside").is_dir()
    assert (tmp_path / "file").read_bytes() == b"content"
