"""What tutorials do with kafka-python, over whichever version of it is installed (1.4.6 to 2.x; Python 3.8 or newer).

Usage: kafka_python_tutorial.py BOOTSTRAP [--api-version 0.10] [--features groups]
Ends with exit code 0 when every step did what the library's documentation says.
"""

import argparse
import json
import threading
import time
import uuid

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

DEADLINE_S = 60
CODECS = (None, "gzip", "snappy", "lz4")


class Tutorial:
    def __init__(self, bootstrap, api_version):
        self.bootstrap = bootstrap
        self.common = {"bootstrap_servers": bootstrap}
        if api_version is not None:
            self.common["api_version"] = api_version
        self.api_version = api_version
        self.prefix = "tutorial-" + uuid.uuid4().hex[:8]
        # 2.3 leaves a request without an answer in its own buffer until it has another one to send.
        self.acks = (1, "all") if kafka.__version__.startswith("2.3.") else (0, 1, "all")
        self.codecs = CODECS if api_version is not None or kafka.__version__ < "2" else (*CODECS, "zstd")

    def topic(self, name):
        return self.prefix + "-" + name

    def create(self, topic, partitions):
        if self.api_version is None:
            admin = KafkaAdminClient(**self.common)
            admin.create_topics([NewTopic(topic, partitions, 1)])
            admin.close()
        else:
            assert self.raw_create(topic, partitions, 1) == 0

    def raw_create(self, topic, partitions, replication_factor):
        from kafka.client_async import KafkaClient
        from kafka.protocol.admin import CreateTopicsRequest_v0

        client = KafkaClient(**self.common)
        try:
            request = CreateTopicsRequest_v0(
                create_topic_requests=[(topic, partitions, replication_factor, [], [("retention.ms", "3600000")])],
                timeout=10000,
            )
            node = client.least_loaded_node()
            wait_for(lambda: client.poll(timeout_ms=50) is not None and client.ready(node), "connected")
            future = client.send(node, request)
            client.poll(future=future)
            assert future.succeeded(), future.exception
            ((_, error_code),) = (
                future.value.topic_errors if hasattr(future.value, "topic_errors") else (future.value.topic_error_codes)
            )
            return error_code
        finally:
            client.close()

    def fire_and_forget_then_iterate(self):
        topic = self.topic("iterate")
        producer = KafkaProducer(**self.common)
        for number in range(100):
            producer.send(topic, b"message %d" % number)
        producer.flush()
        producer.close()
        consumer = KafkaConsumer(topic, auto_offset_reset="earliest", consumer_timeout_ms=3000, **self.common)
        # Without a group nothing tells when the topic's partitions become known; iteration ends by its time-out alone.
        values = [message.value for message in consumer]
        consumer.close()
        assert values == [b"message %d" % number for number in range(100)], values[:3]

    def futures_keys_and_callbacks(self):
        topic = self.topic("keyed")
        self.create(topic, 3)
        seen, faults = [], []
        producer = KafkaProducer(retries=5, acks="all", **self.common)
        metadata = producer.send(topic, key=b"foo", value=b"bar", partition=2).get(timeout=10)
        assert (metadata.topic, metadata.partition, metadata.offset) == (topic, 2, 0), metadata
        for number in range(10):
            future = producer.send(topic, value=b"%d" % number, partition=1)
            future.add_callback(lambda sent: seen.append((sent.partition, sent.offset))).add_errback(faults.append)
        producer.flush()
        producer.close()
        assert (seen, faults) == ([(1, offset) for offset in range(10)], []), (seen, faults)

    def serializers(self):
        topic = self.topic("json")
        self.create(topic, 1)
        producer = KafkaProducer(value_serializer=lambda value: json.dumps(value).encode("ascii"), **self.common)
        producer.send(topic, {"key": "value"}).get(timeout=10)
        producer.close()
        consumer = KafkaConsumer(value_deserializer=lambda raw: json.loads(raw.decode("ascii")), **self.common)
        assert [record.value for record in self.read(consumer, topic, [0], 1)] == [{"key": "value"}]

    def every_codec_and_acks(self):
        topic = self.topic("codecs")
        self.create(topic, 1)
        expected = []
        where = TopicPartition(topic, 0)
        onlooker = KafkaConsumer(**self.common)
        for codec in self.codecs:
            for acks in self.acks:
                values = [b"%s %s %d" % (str(codec).encode(), str(acks).encode(), number) * 20 for number in range(50)]
                producer = KafkaProducer(compression_type=codec, acks=acks, **self.common)
                for value in values:
                    producer.send(topic, value, partition=0)
                producer.flush()
                expected += values
                # With acks=0 a closing producer may drop what it has not yet written to its socket.
                wait_for(lambda: onlooker.end_offsets([where])[where] == len(expected), "all that was sent")  # noqa: B023
                producer.close()
        onlooker.close()
        records = self.read(KafkaConsumer(**self.common), topic, [0], len(expected))
        assert sorted(record.value for record in records) == sorted(expected)
        assert [record.offset for record in records] == list(range(len(expected)))

    def assign_seek_and_offsets(self):
        topic = self.topic("offsets")
        first_ms = int(time.time() * 1000) - 1000
        self.create(topic, 2)
        producer = KafkaProducer(**self.common)
        for number in range(60):
            producer.send(topic, b"%d" % number, partition=0, timestamp_ms=first_ms + number)
        producer.flush()
        producer.close()
        consumer = KafkaConsumer(consumer_timeout_ms=2000, **self.common)
        first, second = TopicPartition(topic, 0), TopicPartition(topic, 1)
        assert topic in consumer.topics()
        assert consumer.partitions_for_topic(topic) == {0, 1}
        consumer.assign([first, second])
        assert consumer.beginning_offsets([first, second]) == {first: 0, second: 0}
        assert consumer.end_offsets([first, second]) == {first: 60, second: 0}
        if self.api_version is None:
            found = consumer.offsets_for_times({first: first_ms + 25, second: 0})
            assert (found[first].offset, found[first].timestamp, found[second]) == (25, first_ms + 25, None), found
        consumer.seek(first, 50)
        consumer.seek_to_beginning(second)
        assert (consumer.position(first), consumer.position(second)) == (50, 0)
        taken = []
        wait_for(lambda: taken.extend(polled(consumer)) or len(taken) >= 10, "ten messages from offset 50")
        assert [record.value for record in taken] == [b"%d" % number for number in range(50, 60)]
        consumer.pause(first)
        assert consumer.paused() == {first}
        consumer.seek(first, 0)
        assert consumer.poll(timeout_ms=300) == {}
        consumer.resume(first)
        taken.clear()
        wait_for(lambda: taken.extend(polled(consumer)) or len(taken) >= 60, "all messages after resume")
        assert [record.offset for record in taken] == list(range(60))
        consumer.close()

    def admin(self):
        if self.api_version is not None:
            # The library's admin client does not work with a fixed api_version; the raw request does.
            topic = self.topic("raw")
            assert self.raw_create(topic, 2, 1) == 0
            assert self.raw_create(topic, 2, 1) == 36
            assert self.raw_create(self.topic("replicated"), 1, 3) == 38
            return
        admin = KafkaAdminClient(**self.common)
        topic = self.topic("admin")
        admin.create_topics([NewTopic(topic, 3, 1)])
        try:
            admin.create_topics([NewTopic(topic, 3, 1)])
        except kafka.errors.TopicAlreadyExistsError:
            pass
        else:
            raise AssertionError("a second topic of the same name was created")
        consumer = KafkaConsumer(**self.common)
        assert topic in consumer.topics()
        assert consumer.partitions_for_topic(topic) == {0, 1, 2}
        admin.delete_topics([topic])
        consumer.close()
        admin.close()

    def groups(self):
        for partitions, members in ((1, 2), (2, 3), (5, 2)):
            self.group_of(partitions, members)
        self.committed_offsets()
        self.pattern_subscription()

    def group_of(self, partitions, members):
        topic = self.topic(f"group-{partitions}-{members}")
        self.create(topic, partitions)
        stop = threading.Event()
        owned = [None] * members
        taken = []

        def member(index):
            consumer = KafkaConsumer(
                topic, group_id=topic, auto_offset_reset="earliest", session_timeout_ms=10000, **self.common
            )
            while not stop.is_set():
                taken.extend((record.partition, record.offset, record.value) for record in polled(consumer))
                owned[index] = frozenset(consumer.assignment())
            consumer.close()

        threads = [threading.Thread(target=member, args=(index,), daemon=True) for index in range(members)]
        for thread in threads:
            thread.start()
        busy = min(partitions, members)
        wait_for(
            lambda: (
                None not in owned
                and sum(map(len, owned)) == partitions
                and len(frozenset().union(*owned)) == partitions
                and sum(map(bool, owned)) == busy
            ),
            f"{partitions} partitions over {members} members",
        )
        producer = KafkaProducer(**self.common)
        for number in range(100):
            producer.send(topic, b"%d" % number, partition=number % partitions)
        producer.flush()
        producer.close()
        wait_for(lambda: len(set(taken)) == 100, "100 messages through the group")
        stop.set()
        for thread in threads:
            thread.join(DEADLINE_S)

    def committed_offsets(self):
        topic, group = self.topic("commit"), self.topic("commit-group")
        self.create(topic, 1)
        producer = KafkaProducer(**self.common)
        for number in range(10):
            producer.send(topic, b"%d" % number)
        producer.flush()
        producer.close()
        settings = dict(group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, **self.common)
        first = KafkaConsumer(topic, max_poll_records=4, **settings)
        taken = []
        wait_for(lambda: taken.extend(polled(first)) or len(taken) >= 4, "the first messages")
        first.commit()
        first.close()
        second = KafkaConsumer(topic, **settings)
        assert second.committed(TopicPartition(topic, 0)) == len(taken)
        rest = []
        wait_for(lambda: rest.extend(polled(second)) or len(rest) >= 10 - len(taken), "the rest")
        second.close()
        assert [record.offset for record in taken + rest] == list(range(10))

    def pattern_subscription(self):
        topic = "awesome-" + self.topic("pattern")
        self.create(topic, 1)
        producer = KafkaProducer(**self.common)
        producer.send(topic, b"found").get(timeout=10)
        producer.close()
        consumer = KafkaConsumer(group_id=self.topic("pattern"), auto_offset_reset="earliest", **self.common)
        consumer.subscribe(pattern=f"^awesome-{self.prefix}.*")
        taken = []
        wait_for(lambda: taken.extend(polled(consumer)) or taken, "a message of a topic found by its pattern")
        consumer.close()
        assert [record.value for record in taken] == [b"found"]

    def transactions(self):
        topic, group = self.topic("transactions"), self.topic("transactions-group")
        self.create(topic, 1)
        producer = KafkaProducer(transactional_id=topic, **self.common)
        producer.init_transactions()
        for offset, (value, commits) in enumerate(((b"first", True), (b"second", True), (b"third", False))):
            producer.begin_transaction()
            # 2.3 does not get over an abort while it still holds a message.
            producer.send(topic, value).get(timeout=10)
            offsets = {TopicPartition(topic, 0): kafka.OffsetAndMetadata(offset, "", -1)}
            producer.send_offsets_to_transaction(offsets, group)
            if commits:
                producer.commit_transaction()
            else:
                producer.abort_transaction()
        producer.close()
        consumer = KafkaConsumer(group_id=group, isolation_level="read_committed", **self.common)
        assert consumer.committed(TopicPartition(topic, 0)) == 1
        assert [record.value for record in self.read(consumer, topic, [0], 2)] == [b"first", b"second"]

    def read(self, consumer, topic, partitions, count):
        consumer.assign([TopicPartition(topic, partition) for partition in partitions])
        consumer.seek_to_beginning()
        taken = []
        wait_for(lambda: taken.extend(polled(consumer)) or len(taken) >= count, f"{count} messages of {topic}")
        consumer.close()
        return taken


def polled(consumer):
    return [record for records in consumer.poll(timeout_ms=50).values() for record in records]


def wait_for(condition, what):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE_S} s: {what}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("--api-version")
    parser.add_argument("--features", default="")
    options = parser.parse_args()
    api_version = options.api_version and tuple(map(int, options.api_version.split(".")))
    tutorial = Tutorial(options.bootstrap, api_version)
    steps = [
        tutorial.fire_and_forget_then_iterate,
        tutorial.futures_keys_and_callbacks,
        tutorial.serializers,
        tutorial.every_codec_and_acks,
        tutorial.assign_seek_and_offsets,
        tutorial.admin,
    ]
    features = options.features.split(",")
    if "groups" in features:
        steps.append(tutorial.groups)
    if "transactions" in features and hasattr(KafkaProducer, "init_transactions"):
        steps.append(tutorial.transactions)
    for step in steps:
        started = time.monotonic()
        step()
        print(f"{step.__name__:32} {time.monotonic() - started:5.1f} s", flush=True)
    for column in ("produce", "assignment", "groups", "transactions"):
        if column in ("produce", "assignment") or any(step.__name__ == column for step in steps):
            print("works: " + ("group" if column == "groups" else column))


if __name__ == "__main__":
    main()
