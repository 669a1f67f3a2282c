"""Keys of a producer, of the Java client and of the Scala client before it."""

from typing import Final

TABLE: Final = """
acks | string | all | {all,-1,0,1} | low
    Who must have a record before it counts as sent: 0 nobody, 1 the leader, all every in-sync replica.

batch.size | int | 16384 | 0.. | medium
    The size of a batch of one partition at which it is sent without waiting any longer.

buffer.memory | long | 33554432 | 0.. | high
    Memory for records that wait to be sent.

compression.gzip.level | int | -1 | @gzip-level | medium
    The level of gzip; -1 is its own default.

compression.lz4.level | int | 9 | 1..17 | medium
    The level of lz4.

compression.type | string | none | {none,gzip,snappy,lz4,zstd} | high
    How batches are compressed: none, gzip, snappy, lz4 or zstd.

compression.zstd.level | int | 3 | -131072..22 | medium
    The level of zstd.

connections.max.idle.ms | long | 540000 | | medium
    How long an unused connection is kept.

delivery.timeout.ms | int | 120000 | 0.. | medium
    How long a record may take from send() to success or failure, retries included.

enable.idempotence | boolean | true | | low
    Whether records are numbered, so that a retry never writes one twice.

enable.metrics.push | boolean | true | | low
    Whether the broker may collect the client's metrics (KIP-714).

interceptor.classes | list | "" | distinct | low
    Java classes that see records before they are sent.

key.serializer | class | - | | high
    The class that turns keys into bytes.

linger.ms | long | 5 | 0.. | medium
    How long a batch waits for further records.

max.block.ms | long | 60000 | 0.. | medium
    How long send() may wait for metadata or memory.

max.in.flight.requests.per.connection | int | 5 | 1.. | low
    How many requests may be unanswered at a time. More than 5 cannot be idempotent.

max.request.size | int | 1048576 | 0.. | medium
    The largest request.

metadata.max.idle.ms | long | 300000 | 5000.. | low
    How long the metadata of a topic that is not written to is kept.

partitioner.adaptive.partitioning.enable | boolean | true | | low
    Whether records without a key go to faster brokers more often.

partitioner.availability.timeout.ms | long | 0 | 0.. | low
    How long a broker may be silent before records without a key avoid it; 0 never.

partitioner.class | class | - | | medium
    A Java class that chooses partitions.

partitioner.ignore.keys | boolean | false | | medium
    Whether partitions are chosen as if there were no keys.

receive.buffer.bytes | int | 32768 | -1.. | medium
    SO_RCVBUF of the client's connections; -1 leaves it to the system.

retries | int | 2147483647 | 0..2147483647 | high
    How often a failed request is repeated within delivery.timeout.ms.

transaction.timeout.ms | int | 60000 | | low
    How long a transaction may be open before the broker aborts it.

transaction.two.phase.commit.enable | boolean | false | | low
    Whether a transaction may be prepared for a coordinator outside of Kafka.

transactional.id | string | - | @non-empty | low
    The name transactions are made under. A producer that comes later with the same name fences the earlier one.

value.serializer | class | - | | high
    The class that turns values into bytes.

block.on.buffer.full | boolean | false | | low | | until 0.10
    Whether send() waits for memory; max.block.ms now.

internal.auto.downgrade.txn.commit | boolean | false | | low | | internal, until 2.8
    Internal: whether commits fall back to older brokers' form.

metadata.fetch.timeout.ms | long | 60000 | 0.. | low | | until 0.10
    How long the first metadata may take; max.block.ms now.

timeout.ms | int | 30000 | 0.. | medium | | until 0.10
    How long the broker waits for acknowledgements; request.timeout.ms now.

enable.jmx | boolean | true | | low | | until 0.8.1
    Whether the producer's metrics appear in JMX; always so later.

max.partition.bytes | int | 16384 | 0.. | medium | | until 0.8.1
    Memory for the records of one partition; batch.size now.

total.memory.bytes | long | 33554432 | 0.. | high | | until 0.8.1
    Memory for records that wait to be sent; buffer.memory now.

metadata.broker.list | list | - | | high | | until 1.1
    Scala producer: addresses to find the cluster with; bootstrap.servers now.

producer.type | string | sync | {sync,async} | medium | | until 1.1
    Scala producer: whether send() waits for the answer.

compression.codec | string | none | | medium | | until 1.1
    Scala producer: compression.type now.

compressed.topics | list | - | | medium | | until 1.1
    Scala producer: the topics to compress; empty is all.

message.send.max.retries | int | 3 | | medium | | until 1.1
    Scala producer: retries now.

topic.metadata.refresh.interval.ms | int | 600000 | | medium | | until 1.1
    Scala producer: metadata.max.age.ms now.

queue.buffering.max.ms | int | 5000 | | medium | | until 1.1
    Scala producer: linger.ms now.

queue.buffering.max.messages | int | 10000 | | medium | | until 1.1
    Scala producer: how many records wait to be sent; buffer.memory now.

queue.enqueue.timeout.ms | int | -1 | | medium | | until 1.1
    Scala producer: max.block.ms now.

batch.num.messages | int | 200 | | medium | | until 1.1
    Scala producer: records in a batch; batch.size, in bytes, now.

serializer.class | class | kafka.serializer.DefaultEncoder | | medium | | until 1.1
    Scala producer: value.serializer now.

key.serializer.class | class | - | | medium | | until 1.1
    Scala producer: key.serializer now.

request.required.acks | short | 0 | -1..1 | high | | until 1.1
    Scala producer: acks now.
"""
