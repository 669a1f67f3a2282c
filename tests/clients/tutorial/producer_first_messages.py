"""The first messages. The topic comes to be when it is first written to (auto.create.topics.enable)."""

from kafka import KafkaConsumer, KafkaProducer

producer = KafkaProducer(bootstrap_servers=['localhost:9092'])

# Asynchronous by default: fire and forget
for number in range(100):
    producer.send('my-topic', f'message {number}'.encode())

# Block until all messages are sent
producer.flush()

# Block for one message
future = producer.send('my-topic', b'raw_bytes')
record_metadata = future.get(timeout=10)
print(record_metadata.topic, record_metadata.partition, record_metadata.offset)
producer.close()

consumer = KafkaConsumer(bootstrap_servers=['localhost:9092'])
print('my-topic' in consumer.topics(), consumer.partitions_for_topic('my-topic'))
consumer.close()

# Prints:
# my-topic 0 100
# True {0}
