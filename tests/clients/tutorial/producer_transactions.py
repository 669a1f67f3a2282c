"""Messages and offsets that count together, or not at all."""

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

producer = KafkaProducer(bootstrap_servers='localhost:9092', transactional_id='my-transactions')
producer.init_transactions()
for number, commits in enumerate((True, True, False)):
    producer.begin_transaction()
    producer.send('my-topic', f'{number}'.encode()).get(timeout=10)
    offsets = {TopicPartition('my-topic', 0): OffsetAndMetadata(number, '', -1)}
    producer.send_offsets_to_transaction(offsets, 'my-group')
    if commits:
        producer.commit_transaction()
    else:
        producer.abort_transaction()
producer.close()

consumer = KafkaConsumer(
    'my-topic',
    bootstrap_servers='localhost:9092',
    isolation_level='read_committed',
    auto_offset_reset='earliest',
    consumer_timeout_ms=1000,
)
print([message.value for message in consumer])
consumer.close()

consumer = KafkaConsumer(bootstrap_servers='localhost:9092', group_id='my-group')
print(consumer.committed(TopicPartition('my-topic', 0)))
consumer.close()

# Prints:
# [b'0', b'1']
# 1
