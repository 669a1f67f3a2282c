"""Members of a group share the partitions: each partition has one, and who comes too much has nothing to do."""

import threading
import time

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

# Release 3 forgets to go on when a poll ends while it joins
poll_timeout_ms = 500 if kafka.__version__ >= '3' else 50


class Member(threading.Thread):
    """Reads in the group until it is told to leave."""

    def __init__(self, topic):
        super().__init__(daemon=True)
        self.topic = topic
        self.owned = None
        self.values = []
        self.leaves = threading.Event()

    def run(self):
        consumer = KafkaConsumer(
            self.topic,
            group_id='group-of-' + self.topic,
            bootstrap_servers='localhost:9092',
            auto_offset_reset='earliest',
            heartbeat_interval_ms=200,
            max_poll_interval_ms=20000,
        )
        while not self.leaves.is_set():
            for messages in consumer.poll(timeout_ms=poll_timeout_ms).values():
                self.values += [message.value for message in messages]
            self.owned = {partition.partition for partition in consumer.assignment()}
        consumer.close()
        self.owned = set()

    def leave(self):
        self.leaves.set()
        self.join()


def shared(members, partitions):
    """How many partitions each has, once every partition has one member."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        owned = [member.owned for member in members]
        if None not in owned and sorted(number for each in owned for number in each) == list(range(partitions)):
            counts = sorted(map(len, owned))
            if counts[-1] - counts[0] <= 1:
                return counts
        time.sleep(0.02)
    return [member.owned for member in members]


admin = KafkaAdminClient(bootstrap_servers='localhost:9092')
for partitions, count in ((1, 2), (2, 3), (5, 3)):
    topic = f'shared-topic-{partitions}'
    admin.create_topics([NewTopic(topic, partitions, 1)])
    members = [Member(topic) for _ in range(count)]
    for member in members:
        member.start()
    print(partitions, 'partitions,', count, 'members:', shared(members, partitions))

    producer = KafkaProducer(bootstrap_servers='localhost:9092')
    for number in range(100):
        producer.send(topic, f'{number}'.encode(), partition=number % partitions)
    producer.flush()
    producer.close()
    deadline = time.monotonic() + 20
    while sum(len(member.values) for member in members) < 100 and time.monotonic() < deadline:
        time.sleep(0.02)
    print(len({value for member in members for value in member.values}), 'messages')

    # Its partitions go to those that stay
    members.pop().leave()
    print('one less:', shared(members, partitions))
    for member in members:
        member.leave()
admin.close()

# Prints:
# 1 partitions, 2 members: [0, 1]
# 100 messages
# one less: [1]
# 2 partitions, 3 members: [0, 1, 1]
# 100 messages
# one less: [1, 1]
# 5 partitions, 3 members: [1, 2, 2]
# 100 messages
# one less: [2, 3]
