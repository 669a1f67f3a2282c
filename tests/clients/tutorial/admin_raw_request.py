"""A topic by the request of the protocol itself: 0 is success, 36 already exists, 41 not the controller."""

from kafka.client_async import KafkaClient
from kafka.protocol.admin import CreateTopicsRequest_v0

client = KafkaClient(bootstrap_servers='localhost:9092')


def create(topic, partitions, replication_factor):
    request = CreateTopicsRequest_v0(
        create_topic_requests=[
            (topic, partitions, replication_factor, [], [('retention.ms', '3600000'), ('cleanup.policy', 'delete')])
        ],
        timeout=10000,
    )
    node = client.least_loaded_node()
    while not client.ready(node):
        client.poll(timeout_ms=50)
    future = client.send(node, request)
    client.poll(timeout_ms=10000, future=future)
    ((name, error_code),) = future.value.topic_errors if hasattr(future.value, 'topic_errors') else (
        future.value.topic_error_codes
    )
    return name, error_code


print(create('raw-topic', 2, -1))
print(create('raw-topic', 2, -1))
print(create('other-topic', 1, 1))

# Since 2.2 a client asks only for the topics it uses
client.cluster.need_all_topic_metadata = True
future = client.cluster.request_update()
client.poll(timeout_ms=10000, future=future)
topics = client.cluster.topics(exclude_internal_topics=True)
print(sorted(topic for topic in topics if topic in ('raw-topic', 'other-topic', '__consumer_offsets')))
client.close()

# Prints:
# ('raw-topic', 0)
# ('raw-topic', 36)
# ('other-topic', 0)
# ['other-topic', 'raw-topic']
