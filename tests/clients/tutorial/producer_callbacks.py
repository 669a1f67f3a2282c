"""What is called when a message is written, and when it is not."""

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

admin = KafkaAdminClient(bootstrap_servers='localhost:9092')
admin.create_topics([NewTopic('small-topic', 1, 1, topic_configs={'max.message.bytes': '1000'})])
admin.close()


def on_send_success(record_metadata):
    print('written', record_metadata.topic, record_metadata.partition, record_metadata.offset)


def on_send_error(excp):
    print('not written', type(excp).__name__)


producer = KafkaProducer(bootstrap_servers='localhost:9092')
for _ in range(3):
    producer.send('small-topic', b'raw_bytes').add_callback(on_send_success).add_errback(on_send_error)
producer.flush()

# Larger than the topic takes
producer.send('small-topic', b'x' * 2000).add_callback(on_send_success).add_errback(on_send_error)
producer.flush()

producer.close()

# Prints:
# written small-topic 0 0
# written small-topic 0 1
# written small-topic 0 2
# not written MessageSizeTooLargeError
