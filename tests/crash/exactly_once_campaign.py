"""Move records from topic to topic in transactions, and kill the mover and the broker all the while: a reader of
committed messages gets each record exactly once, in order.

``python -m tests.crash.exactly_once_campaign [--records N] [--seed S]``. The mover is a process with a transactional
producer and a consumer in a group, whose offsets are part of the transactions; it ends at the first error, and is
started again. Every 0.3 to 3 seconds, by chance, it or the broker gets SIGKILL.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from tests.clients.drivers import Message, driver
from tests.support.brokers import BrokerProcess, MinikafkaProcess

SOURCE, TARGET, GROUP = "source", "target", "movers"
PARTITIONS = 2
RECORDS_IN_TRANSACTION = 20
CALL_TIMEOUT_S = 30
TIME_LIMIT_S = 900


def move(bootstrap: str) -> None:
    """The mover: consume, produce and commit, in transactions of what there is. Raises at the first error."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "mover", "log_level": 0})
    producer.init_transactions(CALL_TIMEOUT_S)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": GROUP,
            # A member that comes back under its name does not have to wait until its predecessor is given up.
            "group.instance.id": "mover",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    consumer.subscribe([SOURCE])
    while True:
        messages = consumer.consume(RECORDS_IN_TRANSACTION, timeout=0.2)
        failed = [message.error() for message in messages if message.error() is not None]
        if failed:
            raise RuntimeError(failed[0])
        if not messages:
            continue
        producer.begin_transaction()
        for message in messages:
            producer.produce(TARGET, message.value(), partition=message.partition())
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), CALL_TIMEOUT_S
        )
        producer.commit_transaction(CALL_TIMEOUT_S)


class Mover:
    """The mover's process, which is always running."""

    def __init__(self, bootstrap: str) -> None:
        self.command = [sys.executable, "-m", "tests.crash.exactly_once_campaign", "--move", bootstrap]
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def keep_running(self) -> None:
        if self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Reader:
    """Reads the target, committed messages only, and checks each as it comes."""

    def __init__(self, bootstrap: str) -> None:
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "reader",
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        self.consumer.assign([TopicPartition(TARGET, partition, 0) for partition in range(PARTITIONS)])
        self.next = [0] * PARTITIONS

    def read(self) -> None:
        """Raises AssertionError when a record is missing, or comes twice."""
        for message in self.consumer.consume(5000, timeout=0.1):
            error = message.error()
            if error is not None:
                assert error.code() != KafkaError._AUTO_OFFSET_RESET, error
                continue
            partition, number = message.partition(), int(message.value())
            assert number == self.next[partition], f"partition {partition}: {number}, {self.next[partition]} was due"
            self.next[partition] += 1


def play(broker: BrokerProcess, record_count: int, seed: int) -> tuple[int, int]:
    """Returns how often the broker was killed, and how often the mover was started."""
    chance = random.Random(seed)
    client = driver("confluent-kafka", broker.bootstrap)
    client.create_topic(SOURCE, partitions=PARTITIONS)
    client.create_topic(TARGET, partitions=PARTITIONS, configs={"segment.bytes": "1048576"})
    each = record_count // PARTITIONS
    numbers = [
        Message(b"%d" % number, partition=partition) for number in range(each) for partition in range(PARTITIONS)
    ]
    client.produce(SOURCE, numbers, idempotent=True)
    mover, reader = Mover(broker.bootstrap), Reader(broker.bootstrap)
    broker_kills = 0
    time_limit = time.monotonic() + TIME_LIMIT_S
    try:
        next_kill = time.monotonic()
        while reader.next != [each] * PARTITIONS:
            assert time.monotonic() < time_limit, f"after {TIME_LIMIT_S} s only {reader.next} of {each} were moved"
            reader.read()
            mover.keep_running()
            if time.monotonic() < next_kill:
                continue
            if chance.random() < 0.4:
                broker.kill()
                broker.start()
                broker_kills += 1
            else:
                mover.kill()
            next_kill = time.monotonic() + chance.uniform(0.3, 3.0)
    finally:
        mover.kill()
        reader.consumer.close()
    return broker_kills, mover.starts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--move", metavar="BOOTSTRAP", help="be the mover")
    arguments = parser.parse_args()
    if arguments.move:
        move(arguments.move)
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="minikafka-exactly-once-") as directory,
        MinikafkaProcess(Path(directory), {"group.initial.rebalance.delay.ms": "0"}) as broker,
    ):
        began = time.monotonic()
        broker_kills, starts = play(broker, arguments.records, arguments.seed)
        print(
            f"{arguments.records} records moved exactly once in {time.monotonic() - began:.0f} s; broker killed "
            f"{broker_kills} times, mover started {starts} times"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
