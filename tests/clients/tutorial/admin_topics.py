"""Topics come and go."""

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

admin = KafkaAdminClient(bootstrap_servers='localhost:9092')
admin.create_topics([NewTopic('test', 3, 1)])
try:
    admin.create_topics([NewTopic('test', 3, 1)])
except TopicAlreadyExistsError:
    print('it is there already')

consumer = KafkaConsumer(bootstrap_servers='localhost:9092')
print('test' in consumer.topics(), sorted(consumer.partitions_for_topic('test')))
consumer.close()

admin.delete_topics(['test'])
consumer = KafkaConsumer(bootstrap_servers='localhost:9092')
print('test' in consumer.topics())
consumer.close()
admin.close()

# Prints:
# it is there already
# True [0, 1, 2]
# False
