"""Partitions by hand: where they begin and end, what was when, and reading from any offset."""

import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

admin = KafkaAdminClient(bootstrap_servers='localhost:9092')
admin.create_topics([NewTopic('my-topic', 2, 1)])
admin.close()

first_ms = int(time.time() * 1000) - 60000
producer = KafkaProducer(bootstrap_servers='localhost:9092')
for number in range(60):
    producer.send('my-topic', f'{number}'.encode(), partition=0, timestamp_ms=first_ms + number)
producer.flush()
producer.close()

consumer = KafkaConsumer(bootstrap_servers='localhost:9092')
print('my-topic' in consumer.topics(), sorted(consumer.partitions_for_topic('my-topic')))

first, second = TopicPartition('my-topic', 0), TopicPartition('my-topic', 1)
consumer.assign([first, second])
print(sorted(consumer.beginning_offsets([first, second]).values()))
print(sorted(consumer.end_offsets([first, second]).values()))
found = consumer.offsets_for_times({first: first_ms + 25, second: first_ms})
print(found[first].offset, found[first].timestamp - first_ms, found[second])

consumer.seek(first, 50)
consumer.seek_to_beginning(second)
print(consumer.position(first), consumer.position(second))
print(next(consumer).value, consumer.position(first))

consumer.seek_to_end(first)
print(consumer.position(first))
consumer.close()

# Prints:
# True [0, 1]
# [0, 0]
# [0, 60]
# 25 25 None
# 50 0
# b'50' 51
# 60
