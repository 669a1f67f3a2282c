"""A directory in memory, as a broker leaves it: plain, compacted and transactional records in several segments."""

from __future__ import annotations

from collections.abc import Callable

from minikafka.clock import ManualClock
from minikafka.storage.checkpoints import RECOVERY_POINT
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.verification.directory_check import DirectoryCheck, TopicClaim, compare_directories
from minikafka.storage.verification.report import Finding, Report
from tests.storage.logs import NOW_MS, TOPIC_ID, append, batch, log_config, manager_for, marker

CLUSTER = "c" * 22
TOPICS = {"t": TopicClaim(TOPIC_ID, frozenset({0}), is_compacted=False)}
FIRST = "/data/t-0/00000000000000000000"


def directory(*, is_clean: bool = True, write: Callable[[PartitionLog], None] | None = None) -> MemoryFiles:
    """/data with the partition t-0; ``is_clean`` False: the process was killed."""
    clock = ManualClock(NOW_MS)
    files = MemoryFiles(clock.wall_ms)
    manager = manager_for(files, clock)
    manager.start(CLUSTER)
    (write or write_all)(manager.create("t", 0, TOPIC_ID, log_config()))
    if is_clean:
        manager.close()
        return files
    log = manager.all()[0]
    directory = manager.online_directories[0]
    directory.checkpoint(RECOVERY_POINT).write({(log.topic, log.partition): log.recovery_point})
    manager.abandon()
    return files.after_crash("process")


def write_all(log: PartitionLog) -> None:
    """Offsets 0 to 39 in four segments, with an aborted transaction of producer 7 in the second."""
    for number in range(10):
        append(log, f"value {number}", timestamp=NOW_MS + number)
    log.roll()
    log.append(batch("aborted", producer=(7, 0, 0), transactional=True), now_ms=NOW_MS)
    for number in range(8):
        log.append(batch(f"value {number}", producer=(8, 0, number)), now_ms=NOW_MS)
    log.append(marker(7, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    log.roll()
    for number in range(10):
        append(log, f"value {number}" * 10, timestamp=NOW_MS + 100 + number)
    log.roll()
    for number in range(10):
        append(log, f"value {number}")


def check(files: MemoryFiles, *paths: str, topics: dict[str, TopicClaim] | None = TOPICS) -> list[Finding]:
    """All that is found; and that looking changes nothing."""
    found: list[Finding] = []
    report = Report(found.append)
    operations = files.operations
    directories = [DirectoryCheck(report, files, path) for path in paths or ("/data",)]
    compare_directories(report, directories)
    for each in directories:
        each.check_logs(topics, reads_records=True, next_log=lambda name: None)
    assert files.operations == operations
    assert report.problems == sum(finding.is_problem for finding in found)
    assert report.notes == sum(not finding.is_problem for finding in found)
    return found


def lines(files: MemoryFiles, *paths: str, topics: dict[str, TopicClaim] | None = TOPICS) -> list[str]:
    return [str(finding) for finding in check(files, *paths, topics=topics)]


def patch(files: MemoryFiles, path: str, position: int, data: bytes) -> None:
    """Overwrite bytes; a negative position counts from the end."""
    content = bytearray(files.read_bytes(path))
    position %= len(content)
    content[position : position + len(data)] = data
    files.write_bytes(path, bytes(content), sync=True)


def cut(files: MemoryFiles, path: str, size_bytes: int) -> None:
    """Take ``size_bytes`` off the end."""
    files.write_bytes(path, files.read_bytes(path)[:-size_bytes], sync=True)


def extend(files: MemoryFiles, path: str, data: bytes) -> None:
    files.write_bytes(path, files.read_bytes(path) + data, sync=True)
