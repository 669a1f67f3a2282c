"""Polling, and partitions of which nothing is wanted for a while."""

import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

admin = KafkaAdminClient(bootstrap_servers='localhost:9092')
admin.create_topics([NewTopic('my-topic', 2, 1)])
admin.close()

producer = KafkaProducer(bootstrap_servers='localhost:9092')
for partition in (0, 1):
    for number in range(3):
        producer.send('my-topic', f'{partition}.{number}'.encode(), partition=partition)
producer.flush()
producer.close()

first, second = TopicPartition('my-topic', 0), TopicPartition('my-topic', 1)
consumer = KafkaConsumer(bootstrap_servers='localhost:9092', auto_offset_reset='earliest')
consumer.assign([first, second])


def read(count):
    """What polling gives until there are so many messages, or nothing for a long time."""
    values = []
    deadline = time.monotonic() + 20
    while len(values) < count and time.monotonic() < deadline:
        for messages in consumer.poll(timeout_ms=5).values():
            values += [message.value for message in messages]
    return sorted(values)


consumer.pause(first)
print(consumer.paused() == {first})
print(read(3), consumer.poll(timeout_ms=5))
consumer.resume(first)
print(consumer.paused())
print(read(3))
consumer.close()

# Prints:
# True
# [b'1.0', b'1.1', b'1.2'] {}
# set()
# [b'0.0', b'0.1', b'0.2']
