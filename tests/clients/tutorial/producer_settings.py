"""Retries, an old protocol, every codec with every kind of acknowledgement."""

import time

import kafka
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

producer = KafkaProducer(bootstrap_servers='localhost:9092', retries=5)
producer.send('retried-topic', b'retried').get(timeout=10)
producer.close()

producer = KafkaProducer(bootstrap_servers='localhost:9092', api_version=(0, 10))
producer.send('retried-topic', b'of old').get(timeout=10)
producer.close()

codecs = [None, 'gzip', 'snappy', 'lz4'] + (['zstd'] if kafka.__version__ >= '2' else [])
all_acks = [0, 1, 'all']
if kafka.__version__.startswith(('2.2', '2.3')):
    # A request that gets no answer stays in the buffer of these releases until there is another one
    all_acks.remove(0)
watcher = KafkaConsumer(bootstrap_servers='localhost:9092')
partition = TopicPartition('retried-topic', 0)
expected = 2
for compression_type in codecs:
    for acks in all_acks:
        producer = KafkaProducer(bootstrap_servers='localhost:9092', compression_type=compression_type, acks=acks)
        for number in range(50):
            producer.send('retried-topic', f'{compression_type} {acks} {number}'.encode() * 20)
        producer.flush()
        expected += 50
        # Without acknowledgements nothing else tells when the last message is there
        deadline = time.monotonic() + 20
        while watcher.end_offsets([partition])[partition] < expected and time.monotonic() < deadline:
            pass
        producer.close()
watcher.close()

consumer = KafkaConsumer(bootstrap_servers='localhost:9092', auto_offset_reset='earliest')
consumer.assign([partition])
found = []
deadline = time.monotonic() + 20
while len(found) < expected and time.monotonic() < deadline:
    for messages in consumer.poll(timeout_ms=100).values():
        found += [message.value for message in messages]
consumer.close()
print(found[:2])
print(
    found[2:]
    == [
        f'{compression_type} {acks} {number}'.encode() * 20
        for compression_type in codecs
        for acks in all_acks
        for number in range(50)
    ]
)

# Prints:
# [b'retried', b'of old']
# True
