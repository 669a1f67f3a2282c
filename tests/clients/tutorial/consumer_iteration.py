"""Messages as they come, from the earliest or from the next one on."""

import threading

from kafka import KafkaConsumer, KafkaProducer

producer = KafkaProducer(bootstrap_servers=['localhost:9092'])
for _ in range(3):
    producer.send('my-topic', key=b'key', value=b'message')
producer.flush()

# StopIteration if there is no message for a second
consumer = KafkaConsumer(
    'my-topic',
    bootstrap_servers=['localhost:9092'],
    auto_offset_reset='earliest',
    enable_auto_commit=False,
    consumer_timeout_ms=1000,
)
for message in consumer:
    print(message.topic, message.partition, message.offset, message.key, message.value)
consumer.close()

# From the end: what was there before is not seen
consumer = KafkaConsumer(
    'my-topic',
    group_id='my-group',
    bootstrap_servers=['localhost:9092'],
    auto_offset_reset='latest',
    consumer_timeout_ms=20000,
)
while not consumer.assignment():
    consumer.poll(timeout_ms=1000)
for partition in consumer.assignment():
    print('begins at', consumer.position(partition))
threading.Timer(0.1, producer.send, ['my-topic', b'a new message']).start()
print(next(consumer).value)
consumer.close()
producer.close()

# Prints:
# my-topic 0 0 b'key' b'message'
# my-topic 0 1 b'key' b'message'
# my-topic 0 2 b'key' b'message'
# begins at 3
# b'a new message'
