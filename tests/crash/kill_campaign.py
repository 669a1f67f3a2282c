"""Kill the broker in the middle of producing, again and again: no acknowledged record may be lost or changed.

``python -m tests.crash.kill_campaign [--rounds N]``. Each round several connections produce, half of them with acks=1
and half with acks=all; at a moment drawn by chance the broker gets SIGKILL. It is started again on the same directory,
and every record that was ever acknowledged has to be at its offset, with no gap before it.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.support.brokers import BrokerProcess, MinikafkaProcess
from tests.support.wire import Connection, produce_answer, produce_request, record_batch

TOPIC = "crash"
PARTITIONS = 4
# Small segments, so that kills also fall between the steps of a roll.
TOPIC_CONFIGS = {"segment.bytes": "1048576"}


class Producer(threading.Thread):
    """Produces to one partition until the connection breaks; remembers what was acknowledged."""

    def __init__(self, broker: BrokerProcess, partition: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.connection = Connection(broker.host, broker.port)
        self.partition = partition
        self.acks = 1 if partition % 2 == 0 else -1
        self.random = random.Random(seed)
        self.label = f"seed {seed}, partition {partition}"
        self.acknowledged: dict[int, bytes] = {}
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self.produce()
        except OSError:
            pass  # the broker was killed: what this campaign is about
        except Exception as failure:
            self.failure = failure

    def produce(self) -> None:
        answer_layout = produce_answer(TOPIC)
        number = 0
        while True:
            values = []
            for _ in range(self.random.choice((1, 1, 10, 40))):
                number += 1
                values.append(f"{self.label}, record {number} ".encode() + b"." * self.random.randrange(300))
            batch = record_batch(values, int(time.time() * 1000))
            answer = self.connection.call(produce_request(TOPIC, self.partition, batch, acks=self.acks))
            error_code, offset = struct.unpack_from(">hq", answer, answer_layout.error_code_at - 4)
            if error_code:
                raise AssertionError(f"{self.label}: error code {error_code} in mid-produce")
            self.acknowledged.update(enumerate(values, offset))


def verify(broker: BrokerProcess, acknowledged: list[dict[int, bytes]]) -> None:
    """Compare what can be read with all that was acknowledged. Raises AssertionError."""
    connection = Connection(broker.host, broker.port)
    for partition, expected in enumerate(acknowledged):
        missing = dict(expected)
        for due, (offset, value) in enumerate(connection.everything(TOPIC, partition)):
            assert offset == due, f"partition {partition}: offset {offset} where {due} was due"
            there = missing.pop(offset, value)
            assert there == value, f"partition {partition}, offset {offset}: {value[:60]!r} instead of {there[:60]!r}"
        assert not missing, f"partition {partition}: {len(missing)} acknowledged records lost, from {min(missing)} on"
    connection.close()


def play_round(broker: BrokerProcess, seed: int, acknowledged: list[dict[int, bytes]]) -> None:
    chance = random.Random(seed)
    producers = [Producer(broker, partition, seed * PARTITIONS + partition) for partition in range(PARTITIONS)]
    for producer in producers:
        producer.start()
    time.sleep(chance.uniform(0.05, 0.6))  # the moment of the kill: drawn, not awaited
    broker.kill()
    for producer in producers:
        producer.join(30)
        if producer.failure is not None:
            raise producer.failure
        acknowledged[producer.partition].update(producer.acknowledged)
    broker.start()
    verify(broker, acknowledged)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.kill_campaign", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="makes the moments of the kills repeatable")
    options = parser.parse_args()
    print(f"kill campaign: {options.rounds} rounds, --seed {options.seed}", flush=True)
    acknowledged: list[dict[int, bytes]] = [{} for _ in range(PARTITIONS)]
    with (
        tempfile.TemporaryDirectory(prefix="minikafka-crash-") as directory,
        MinikafkaProcess(Path(directory)) as broker,
    ):
        Connection(broker.host, broker.port).create_topic(TOPIC, PARTITIONS, TOPIC_CONFIGS)
        for number in range(options.rounds):
            try:
                play_round(broker, options.seed + number, acknowledged)
            except (AssertionError, OSError) as failure:
                print(f"round {number} FAILED: {failure!r}\n{broker.log_text[-8000:]}")
                print(f"{number} passed, 1 failed")
                return 1
            total = sum(map(len, acknowledged))
            print(f"round {number}: {total} acknowledged records are all there", flush=True)
    print(f"{options.rounds} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
