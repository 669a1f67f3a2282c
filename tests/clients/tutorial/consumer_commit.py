"""A group that goes on where it has committed, and not where it has read."""

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

producer = KafkaProducer(bootstrap_servers='localhost:9092')
for number in range(10):
    producer.send('my-topic', f'{number}'.encode())
producer.flush()
producer.close()

settings = {
    'bootstrap_servers': 'localhost:9092',
    'group_id': 'my-group',
    'auto_offset_reset': 'earliest',
    'enable_auto_commit': False,
}

consumer = KafkaConsumer('my-topic', **settings)
print([next(consumer).value for _ in range(4)])
consumer.commit()
print([next(consumer).value for _ in range(3)])  # and no commit
consumer.close()

consumer = KafkaConsumer('my-topic', **settings)
print(consumer.committed(TopicPartition('my-topic', 0)))
print([next(consumer).value for _ in range(6)])
consumer.close()

# Prints:
# [b'0', b'1', b'2', b'3']
# [b'4', b'5', b'6']
# 4
# [b'4', b'5', b'6', b'7', b'8', b'9']
