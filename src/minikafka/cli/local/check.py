"""``minikafka check DIR...``: whether the directory of a stopped broker is sound; nothing in it is changed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain

from minikafka.cli.toolkit.command_line import read
from minikafka.cli.toolkit.options import UsageError
from minikafka.cli.toolkit.progress import Progress
from minikafka.config import BrokerConfig, LogConfig
from minikafka.controller.metadata_check import MetadataCheck
from minikafka.errors import ConfigError, MinikafkaError
from minikafka.named_tuple import NamedTuple
from minikafka.state.metadata_image import MetadataImage
from minikafka.storage.files import OsFiles
from minikafka.storage.log_directory import LOCK_FILE
from minikafka.storage.log_names import LOG
from minikafka.storage.meta_properties import FILE_NAME as META_PROPERTIES
from minikafka.storage.verification.directory_check import (
    DirectoryCheck,
    TopicClaim,
    compare_directories,
    tell_of_missing_partitions,
)
from minikafka.storage.verification.report import Finding, Report

USAGE = """usage: minikafka check [--config FILE] [--headers-only] [DIR...]

Looks whether the log directories of a stopped broker are sound, of minikafka or of Apache Kafka, and changes nothing:
the batches of every segment (checksums, offsets, records), the indexes against them, transaction indexes, producer
snapshots, leader epochs, checkpoints, topic ids, and the metadata.

  DIR             a directory of log.dirs; all of them, if there are several
  --config FILE   take the directories from a broker's server.properties
  --headers-only  do not decompress and read the records of batches whose checksum is right

Prints a line for each problem, with file, position and offset; and a note for what the next start puts right by itself.

The exit code is 0 when the directories are sound (there may be notes), 1 when there are problems, and 2 when nothing
was checked: a command line that cannot be understood, a directory that is not there, or a broker that runs on it."""

_CONFIG, _HEADERS_ONLY = "--config", "--headers-only"
SOUND, PROBLEMS, NOT_CHECKED = 0, 1, 2


class Arguments(NamedTuple):
    """What the command line says."""

    directories: list[str]
    headers_only: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Check; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "-h" in given or "--help" in given:
        print(USAGE)
        return SOUND
    try:
        return _check(parse(given))
    except (MinikafkaError, OSError) as error:
        print(f"minikafka check: {error}", file=sys.stderr)
        return NOT_CHECKED
    except KeyboardInterrupt:
        return NOT_CHECKED


def parse(arguments: Sequence[str]) -> Arguments:
    """:raises UsageError, ConfigError: in one sentence, what cannot be understood."""
    given = read("minikafka check", arguments, flags=(_HEADERS_ONLY,), values={_CONFIG: "a FILE"})
    configured = [_directories_of(BrokerConfig.load(file)) for file in given.values.get(_CONFIG, [])]
    directories = [*chain.from_iterable(configured), *given.words]
    if not directories:
        raise UsageError("which directory? minikafka check --help tells more")
    return Arguments(list(dict.fromkeys(map(os.path.abspath, directories))), _HEADERS_ONLY in given.flags)


def _directories_of(config: BrokerConfig) -> list[str]:
    metadata = config["metadata.log.dir"]
    return [*config.log_dirs, *([metadata] if metadata else [])]


def _check(arguments: Arguments) -> int:
    files = OsFiles(read_only=True)
    for path in arguments.directories:
        _ensure_log_directory(files, path)
    started_at = time.monotonic()
    progress = Progress("Reading", None, "bytes")

    def tell(finding: Finding) -> None:
        progress.clear()
        print(finding, flush=True)

    report = Report(tell, progress.advance)
    with ExitStack() as locks, progress:
        for path in arguments.directories:
            _lock(files, path, locks)
        _check_all(report, files, arguments, progress)
    print(_summary(report, len(arguments.directories), time.monotonic() - started_at))
    return PROBLEMS if report.problems else SOUND


def _ensure_log_directory(files: OsFiles, path: str) -> None:
    if not os.path.isdir(path):
        raise ConfigError(f"{path} is not a directory")
    names = [name for name, _ in files.list_directory(path)]
    if META_PROPERTIES not in names and any(name.endswith(LOG) for name in names):
        raise ConfigError(f"{path} is the folder of a partition; name the log directory that it is in")


def _lock(files: OsFiles, path: str, locks: ExitStack) -> None:
    """Keep brokers away while the directory is looked at; a read-only one, or one without the file, has none."""
    lock_path = f"{path}/{LOCK_FILE}"
    if not files.exists(lock_path):
        return
    lock = files.lock(lock_path)
    if lock is None:
        raise ConfigError(f"a broker runs on {path} ({LOCK_FILE} is locked): stop it, or check a copy")
    locks.callback(lock.release)


def _check_all(report: Report, files: OsFiles, arguments: Arguments, progress: Progress) -> None:
    def next_log(name: str) -> None:
        progress.what = f"Reading {name}"

    directories = [DirectoryCheck(report, files, path) for path in arguments.directories]
    compare_directories(report, directories)
    progress.total = sum(directory.log_bytes() for directory in directories)
    topics = _topics(report, files, directories)
    for directory in directories:
        directory.check_logs(topics, reads_records=not arguments.headers_only, next_log=next_log)
    if topics is not None:
        tell_of_missing_partitions(report, topics, directories)


def _topics(report: Report, files: OsFiles, directories: Sequence[DirectoryCheck]) -> dict[str, TopicClaim] | None:
    """What the metadata says; None when it cannot be read, or is not there."""
    owners = [directory for directory in directories if directory.has_metadata]
    if not owners:
        report.note(
            directories[0].path,
            "the metadata log is in none of the directories: topics and their ids are not compared. (With ZooKeeper "
            "there is none; minikafka adopt makes one.)",
        )
        return None
    image = MetadataCheck(report, files, owners[0].path).run(was_clean=owners[0].was_clean)
    if image is None or owners[0].properties is None:
        return None
    return _claims(image, owners[0].properties.node_id)


def _claims(image: MetadataImage, node_id: int | None) -> dict[str, TopicClaim]:
    """Of the topics that have all their partitions on this node, or some."""
    claims = {}
    for name, topic in image.topics_by_name.items():
        policy = image.topic_configs(name).get("cleanup.policy", "")
        claims[name] = TopicClaim(
            topic.topic_id,
            frozenset(partition.index for partition in topic.partitions if node_id in partition.replicas),
            "compact" in policy if policy else "compact" in LogConfig().cleanup_policy,
        )
    return claims


def _summary(report: Report, directories: int, seconds: float) -> str:
    looked_at = (
        (directories, "directory", "directories"),
        (report.partitions, "partition", "partitions"),
        (report.segments, "segment", "segments"),
        (report.batches, "batch", "batches"),
        (report.records, "record", "records"),
        (report.size_bytes, "byte", "bytes"),
    )
    found = _count(report.problems, "problem", "problems") if report.problems else "sound"
    if report.notes:
        found += f", {_count(report.notes, 'note', 'notes')}"
    return f"{', '.join(_count(*each) for each in looked_at)} in {seconds:.1f} s: {found}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
