"""Kafka Streams on minikafka: counts of words at least once, and exactly once through stops, kills and restarts.

The topology repartitions and keeps its counts in a store with a changelog; both topics are made by its admin client.
Each count is written to the output, so that for each word the output holds 1, 2, 3 ... with nothing lost or twice.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.matrix import kafka_jars
from tests.matrix.java_clients import SOURCES
from tests.matrix.java_session import JavaSession
from tests.matrix.workplace import CommandFailed, Workplace, executable
from tests.support.brokers import BrokerProcess, MinikafkaProcess

STREAMS_VERSION = "4.2.0"
WORD_COUNTS = SOURCES / "streams" / "WordCounts.java"
SETTINGS = {
    "group.initial.rebalance.delay.ms": "0",
    # A killed application's member and transaction are in the way of the next one until these have passed.
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
}
PARTITIONS = 2
WORDS = ("lorem", "ipsum", "dolor", "sit", "amet", "Ελλάδα", "consectetur")
PATIENCE_S = 60.0


def check(workplace: Workplace) -> str:
    home = workplace.folder(f"streams-{workplace.run_id}")
    broker = MinikafkaProcess(home, SETTINGS)
    with broker:
        create_topics(broker, "plain-in", "plain-out", "exact-in", "exact-out")
        counted = count_words(broker, workplace)
        exact = count_exactly_once(broker, workplace)
    return f"{counted} counts at least once; {exact} exactly once through restarts and kills of both sides"


def count_words(broker: BrokerProcess, workplace: Workplace) -> int:
    """An application nothing happens to."""
    feed = Feed(broker, "plain-in")
    with application(broker, workplace) as session:
        command(session, "start", "plain", "at_least_once", "plain-in", "plain-out")
        feed.send(200)
        expect_counts(broker, "plain-out", feed.words)
        command(session, "stop")
    internal = {name for name in topics(broker) if name.startswith("plain-counts-")}
    assert internal == {"plain-counts-changelog", "plain-counts-repartition"}, internal
    return sum(feed.words.values())


def count_exactly_once(broker: BrokerProcess, workplace: Workplace) -> int:
    """An application, and its broker, that are stopped and killed while there is work."""
    feed = Feed(broker, "exact-in")
    start = ("start", "exact", "exactly_once_v2", "exact-in", "exact-out")
    with application(broker, workplace) as session:
        command(session, *start)
        feed.send_and_see_some_counted(broker, "exact-out")
        command(session, "stop")
        feed.send(300)
        command(session, *start)
        feed.send_and_see_some_counted(broker, "exact-out")
        assert broker.stop() == 0, broker.log_text
        broker.start()
        feed.send_and_see_some_counted(broker, "exact-out")
        broker.kill()
        broker.start()
        feed.send_and_see_some_counted(broker, "exact-out")
        # Killed with a transaction open, of which no word may count.
    with application(broker, workplace) as session:
        command(session, *start)
        feed.send(300)
        expect_counts(broker, "exact-out", feed.words)
        command(session, "stop")
    return sum(feed.words.values())


class Feed:
    """Writes lines of words to a topic; ``words`` says how often each has to be counted in the end."""

    def __init__(self, broker: BrokerProcess, topic: str) -> None:
        # That the broker goes away is no news here.
        quiet = {"linger.ms": 0, "log_level": 0}
        self._producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, **quiet})
        self._topic = topic
        self._numbers = itertools.count()
        self.words: Counter[str] = Counter()

    def send(self, lines: int) -> None:
        for number in itertools.islice(self._numbers, lines):
            words = [WORDS[(number * step) % len(WORDS)] for step in range(1, 5)]
            self._producer.produce(self._topic, " ".join(words), partition=number % PARTITIONS)
            self.words.update(words)
        assert self._producer.flush(PATIENCE_S) == 0, "not everything was sent"

    def send_and_see_some_counted(self, broker: BrokerProcess, output: str) -> None:
        """Return while the application is still at work on what was sent."""
        before = end_of(broker, output)
        self.send(200)
        deadline = time.monotonic() + PATIENCE_S
        while end_of(broker, output) == before:
            assert time.monotonic() < deadline, f"nothing was counted within {PATIENCE_S} s"
        self.send(500)


@contextmanager
def application(broker: BrokerProcess, workplace: Workplace) -> Iterator[JavaSession]:
    """A JVM for the application, killed at the end."""
    state = broker.directory / "streams-state"
    log_path = broker.directory / "streams.log"
    with JavaSession(WORD_COUNTS, jars(workplace), log_path, (broker.bootstrap, str(state))) as session:
        yield session


def command(session: JavaSession, *words: str) -> None:
    answer = session.ask(*words)
    if answer.exit_code != 0:
        raise CommandFailed(f"{' '.join(words)}: {answer.printed}\n{session.log_path.read_text()[-4000:]}")


def jars(workplace: Workplace) -> Path:
    """Kafka Streams with all it needs. Raises CannotRunHere."""
    executable("java")
    wanted = {"streams": [f"org.apache.kafka:kafka-streams:{STREAMS_VERSION}", "org.slf4j:slf4j-simple:1.7.36"]}
    return kafka_jars.fetch(workplace.folder("java"), wanted)["streams"]


def create_topics(broker: BrokerProcess, *names: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for created in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        created.result(PATIENCE_S)


def topics(broker: BrokerProcess) -> Iterable[str]:
    return AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=PATIENCE_S).topics


def reader(broker: BrokerProcess) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": "reader",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )


def end_of(broker: BrokerProcess, topic: str) -> int:
    """The sum of the last stable offsets."""
    consumer = reader(broker)
    parts = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    ends = sum(consumer.get_watermark_offsets(part, timeout=PATIENCE_S)[1] for part in parts)
    consumer.close()
    return ends


def expect_counts(broker: BrokerProcess, topic: str, words: Counter[str]) -> None:
    """Committed in ``topic`` is, for each word, each count from 1 to how often it was sent, in order and once."""
    consumer = reader(broker)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    counted: Counter[str] = Counter()
    deadline = time.monotonic() + PATIENCE_S
    at_end: set[int] = set()
    while counted != words or len(at_end) < PARTITIONS:
        message = consumer.poll(0.2)
        if message is None:
            missing = words - counted
            assert time.monotonic() < deadline, f"not counted within {PATIENCE_S} s: {missing}"
        elif message.error() is None:
            word = message.key().decode()
            counted[word] += 1
            count = int(message.value())
            assert count == counted[word], f"{topic}: '{word}' is counted {count} where {counted[word]} is due"
            at_end.discard(message.partition())
        else:
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            at_end.add(message.partition())
    consumer.close()
