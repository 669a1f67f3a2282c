"""Objects as JSON and as msgpack."""

import json

import msgpack
from kafka import KafkaConsumer, KafkaProducer

producer = KafkaProducer(
    bootstrap_servers='localhost:9092', value_serializer=lambda m: json.dumps(m).encode('ascii')
)
producer.send('json-topic', {'key': 'value'}).get(timeout=10)
producer.close()

producer = KafkaProducer(bootstrap_servers='localhost:9092', value_serializer=msgpack.dumps)
producer.send('msgpack-topic', {'key': 'value'}).get(timeout=10)
producer.close()

consumer = KafkaConsumer(
    'json-topic',
    bootstrap_servers='localhost:9092',
    auto_offset_reset='earliest',
    value_deserializer=lambda m: json.loads(m.decode('ascii')),
)
print(next(consumer).value)
consumer.close()

consumer = KafkaConsumer(
    'msgpack-topic',
    bootstrap_servers='localhost:9092',
    auto_offset_reset='earliest',
    value_deserializer=msgpack.unpackb,
)
print(next(consumer).value)
consumer.close()

# Prints:
# {'key': 'value'}
# {'key': 'value'}
