"""``minikafka adopt DIR...``: makes the log directories of a Kafka with ZooKeeper into ones this broker starts on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from minikafka.cli.toolkit.command_line import read
from minikafka.cli.toolkit.options import UsageError
from minikafka.clock import SystemClock
from minikafka.controller.adoption import AdoptedTopic, Adoption, carry_out, look_at, parse_descriptions
from minikafka.controller.zookeeper_metadata import ZooKeeperMetadata, read_zookeeper
from minikafka.errors import MinikafkaError
from minikafka.named_tuple import NamedTuple
from minikafka.storage.files import OsFiles
from minikafka.storage.log_directory import CLEAN_SHUTDOWN_FILE
from minikafka.storage.meta_properties import random_uuid

USAGE = """usage: minikafka adopt DIR... [--zookeeper HOST:PORT] [--described FILE] [--dry-run]

Adopts the data directory of a broker of Kafka 0.9 to 3.9 that kept its metadata in ZooKeeper, and has been stopped
cleanly: its topics are found from the folders, and written to a metadata log as Kafka without ZooKeeper has it.
Records, offsets, committed offsets and topic ids stay as they are. Make a copy first.

  DIR                    a directory of log.dirs; all of them, if there are several
  --zookeeper HOST:PORT  take from ZooKeeper, which has to run still, what was there only: the settings of topics and
                         brokers, quotas, SCRAM credentials, ACLs. The value of zookeeper.connect, with its path
  --described FILE       what kafka-topics --describe printed while the old cluster ran, where ZooKeeper is gone.
                         Without either, topics get the settings of the broker, and where that would delete records,
                         retention.ms=-1
  --dry-run              say what would be done, and change nothing

The exit code is 0 when the directory can be started on, and 1 when nothing was done."""


_DESCRIBED, _DRY_RUN, _ZOOKEEPER = "--described", "--dry-run", "--zookeeper"
_WITH_VALUE = {_DESCRIBED: "a FILE", _ZOOKEEPER: "HOST:PORT"}


class Arguments(NamedTuple):
    """What the command line says."""

    directories: list[str]
    described: str | None
    zookeeper: str | None
    dry_run: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Adopt; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "-h" in given or "--help" in given:
        print(USAGE)
        return 0
    try:
        _adopt(parse(given))
    except (MinikafkaError, OSError) as error:
        print(f"minikafka adopt: {error}", file=sys.stderr)
        return 1
    return 0


def parse(arguments: Sequence[str]) -> Arguments:
    """:raises UsageError: in one sentence, what cannot be understood."""
    given = read("minikafka adopt", arguments, flags=(_DRY_RUN,), values=_WITH_VALUE)
    if not given.words:
        raise UsageError("which directory? minikafka adopt --help tells more")
    directories = [os.path.abspath(word) for word in given.words]
    return Arguments(directories, given.value(_DESCRIBED), given.value(_ZOOKEEPER), _DRY_RUN in given.flags)


def _adopt(arguments: Arguments) -> None:
    files, clock = OsFiles(), SystemClock()
    described = None if arguments.described is None else parse_descriptions(Path(arguments.described).read_text())
    zookeeper = None if arguments.zookeeper is None else _ask(arguments.zookeeper)
    adoption = look_at(files, arguments.directories, clock, described, zookeeper)
    for topic in adoption.topics:
        print(_line(topic))
    for line in _other_lines(adoption, zookeeper):
        print(line)
    for path in adoption.log_dirs:
        if not files.exists(f"{path}/{CLEAN_SHUTDOWN_FILE}"):
            print(f"{path} was not stopped cleanly: the first start recovers its logs")
    if arguments.dry_run:
        print(f"{_count(adoption)} would be adopted; nothing was changed")
        return
    cluster_id = carry_out(adoption, files, clock)
    print(f"{_count(adoption)} were adopted into the cluster {cluster_id}. Start with:")
    print(f"  minikafka-server --override node.id={adoption.node_id} --override log.dirs={','.join(adoption.log_dirs)}")


def _ask(address: str) -> ZooKeeperMetadata:
    from minikafka.cli.local.zookeeper_nodes import opened

    with opened(address) as nodes:
        return read_zookeeper(nodes, random_uuid)


def _other_lines(adoption: Adoption, zookeeper: ZooKeeperMetadata | None) -> Iterator[str]:
    """What comes besides topics, and what does not."""
    if zookeeper is None:
        yield (
            "Users, ACLs, quotas and dynamic settings of brokers were in ZooKeeper, and have to be made anew; with "
            "--zookeeper they are taken from there."
        )
        return
    if zookeeper.counts:
        yield f"From ZooKeeper: {', '.join(zookeeper.counts)}."
    for name in sorted(zookeeper.topics.keys() - {topic.name for topic in adoption.topics}):
        yield f"{name}: not adopted, since this broker has none of its partitions"
    for sentence in zookeeper.left_out:
        yield f"Not taken: {sentence}"


def _line(topic: AdoptedTopic) -> str:
    parts = [f"{topic.name}: {topic.partition_count} partitions, {topic.size_bytes} bytes"]
    if topic.missing:
        parts.append(f"partitions {', '.join(map(str, topic.missing))} have no folder and begin empty")
    if not topic.has_own_id:
        parts.append("a new topic id")
    parts += topic.reasons
    return "; ".join(parts)


def _count(adoption: Adoption) -> str:
    partitions = sum(len(topic.partitions) for topic in adoption.topics)
    return f"{len(adoption.topics)} topics with {partitions} partitions of broker {adoption.node_id}"
