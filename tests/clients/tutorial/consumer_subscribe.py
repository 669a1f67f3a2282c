"""Several topics at once, by their names and by a regular expression."""

from kafka import KafkaConsumer, KafkaProducer

producer = KafkaProducer(bootstrap_servers='localhost:9092')
for topic in ('awesome-first', 'awesome-second', 'plain-topic'):
    producer.send(topic, topic.encode()).get(timeout=10)
producer.close()

consumer = KafkaConsumer(bootstrap_servers='localhost:9092', group_id='by-name', auto_offset_reset='earliest')
consumer.subscribe(topics=('awesome-first', 'plain-topic'))
print(sorted(next(consumer).value for _ in range(2)))
print(sorted(consumer.subscription()))
consumer.close()

consumer = KafkaConsumer(bootstrap_servers='localhost:9092', group_id='by-pattern', auto_offset_reset='earliest')
consumer.subscribe(pattern='^awesome.*')
print(sorted(next(consumer).value for _ in range(2)))
print(sorted(partition.topic for partition in consumer.assignment()))
consumer.unsubscribe()
print(consumer.subscription(), consumer.assignment())
consumer.close()

# Prints:
# [b'awesome-first', b'plain-topic']
# ['awesome-first', 'plain-topic']
# [b'awesome-first', b'awesome-second']
# ['awesome-first', 'awesome-second']
# None set()
