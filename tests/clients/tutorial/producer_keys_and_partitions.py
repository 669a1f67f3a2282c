"""Where a message goes: a partition by its key, or the one that is asked for."""

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

admin = KafkaAdminClient(bootstrap_servers='localhost:9092')
admin.create_topics([NewTopic('keyed-topic', 3, 1)])
admin.close()

producer = KafkaProducer(bootstrap_servers='localhost:9092')

# Messages of one key are in one partition, in their order
sent = [producer.send('keyed-topic', key=b'foo', value=b'bar').get(timeout=10) for _ in range(3)]
print(len({metadata.partition for metadata in sent}), [metadata.offset for metadata in sent])

# Keys are hashed as the Java client hashes them
metadata = producer.send('keyed-topic', key=b'other', value=b'bar').get(timeout=10)
print('foo is in', sent[0].partition, 'and other in', metadata.partition)

# An explicit partition
metadata = producer.send('keyed-topic', value=b'bar', partition=2).get(timeout=10)
print(metadata.partition)
producer.close()

# Prints:
# 1 [0, 1, 2]
# foo is in 2 and other in 1
# 2
