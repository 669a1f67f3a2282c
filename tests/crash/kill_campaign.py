"""Kill the broker in the middle of its work, again and again: what was acknowledged stays, and nothing comes twice.

``python -m tests.crash.kill_campaign [--rounds N] [--seed S]``. Each round several clients work at the same time:
producers with acks=1 and acks=all, idempotent producers that send again what was not acknowledged, on topics with and
without flush.messages=1, one that commits offsets, one that creates and deletes topics. At a moment drawn by chance
the broker gets SIGKILL. ``minikafka check`` looks at what that has left, the broker is started again on the same
directory, and every client compares what it finds with what it was promised; after the last round everything is
compared once more, from the first offset on.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.crash.witnesses import IdempotentWitness, OffsetWitness, PartitionWitness, TopicWitness, Witness
from tests.support.brokers import BrokerProcess, MinikafkaProcess
from tests.support.wire import Connection

# Small segments, so that kills also fall between the steps of a roll; checkpoints, so that recovery begins at them.
TOPICS = {"crash": {"segment.bytes": "1048576"}, "synced": {"segment.bytes": "1048576", "flush.messages": "1"}}
PARTITIONS = 4
SETTINGS = {
    "offsets.topic.num.partitions": "2",
    "log.flush.offset.checkpoint.interval.ms": "100",
    "log.initial.task.delay.ms": "50",
    "log.segment.delete.delay.ms": "100",
}


class Work(threading.Thread):
    """One witness at work for a round."""

    def __init__(self, broker: BrokerProcess, witness: Witness, seed: int) -> None:
        super().__init__(daemon=True)
        self._connection = Connection(broker.host, broker.port)
        self._witness = witness
        self._chance = random.Random(seed)
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self._witness.play(self._connection, self._chance)
        except OSError:
            pass  # the broker was killed: what this campaign is about
        except Exception as failure:
            self.failure = failure
        finally:
            self._connection.close()


def witnesses() -> list[Witness]:
    found: list[Witness] = [OffsetWitness("group", "crash"), TopicWitness()]
    for topic in TOPICS:
        found += [PartitionWitness(topic, 0, acks=1), PartitionWitness(topic, 1, acks=-1)]
        found += [IdempotentWitness(topic, partition) for partition in range(2, PARTITIONS)]
    return found


def play_round(broker: BrokerProcess, seed: int, present: list[Witness]) -> None:
    chance = random.Random(seed)
    works = [Work(broker, witness, seed * 100 + number) for number, witness in enumerate(present)]
    for work in works:
        work.start()
    time.sleep(chance.uniform(0.05, 0.6))  # the moment of the kill: drawn, not awaited
    broker.kill()
    for work in works:
        work.join(30)
        if work.failure is not None:
            raise work.failure
    expect_sound(broker.data_directory)
    broker.start()
    verify(broker, present, everything=False)


def expect_sound(directory: Path) -> None:
    """Whatever the moment of the kill: ``minikafka check`` has notes at most."""
    command = [sys.executable, "-m", "minikafka", "check", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def verify(broker: BrokerProcess, present: list[Witness], *, everything: bool) -> None:
    connection = Connection(broker.host, broker.port)
    for witness in present:
        witness.verify(connection, everything=everything)
    connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.kill_campaign", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="makes the moments of the kills repeatable")
    options = parser.parse_args()
    print(f"kill campaign: {options.rounds} rounds, --seed {options.seed}", flush=True)
    present = witnesses()
    with (
        tempfile.TemporaryDirectory(prefix="minikafka-crash-") as directory,
        MinikafkaProcess(Path(directory), SETTINGS) as broker,
    ):
        setup = Connection(broker.host, broker.port)
        for topic, configs in TOPICS.items():
            setup.create_topic(topic, PARTITIONS, configs)
        setup.close()
        number = 0
        try:
            for number in range(options.rounds):
                play_round(broker, options.seed + number, present)
                print(f"round {number}: all there: {', '.join(witness.summary for witness in present)}", flush=True)
            verify(broker, present, everything=True)
        except (AssertionError, OSError) as failure:
            print(f"round {number} FAILED: {failure!r}\n{broker.log_text[-8000:]}")
            print(f"{number} passed, 1 failed")
            return 1
    print(f"{options.rounds} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
