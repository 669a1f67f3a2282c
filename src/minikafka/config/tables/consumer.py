"""Keys of a consumer, of the Java client and of the Scala client before it."""

from typing import Final

TABLE: Final = """
allow.auto.create.topics | boolean | true | | medium
    Whether asking for a topic that does not exist may create it.

auto.commit.interval.ms | int | 5000 | 0.. | low
    How often offsets are committed with enable.auto.commit.

auto.offset.reset | string | latest | @offset-reset | medium
    Where to begin without a committed offset: latest, earliest, by_duration: and an ISO 8601 duration back from
    now, or none for an error.

check.crcs | boolean | true | | low
    Whether the checksum of each batch is verified.

client.rack | string | "" | | low
    The rack the client is in; it may then be assigned, and read from, what is near.

connections.max.idle.ms | long | 540000 | | medium
    How long an unused connection is kept.

default.api.timeout.ms | int | 60000 | 0.. | medium
    How long calls without a timeout of their own may take.

enable.auto.commit | boolean | true | | medium
    Whether offsets are committed on their own.

enable.metrics.push | boolean | true | | low
    Whether the broker may collect the client's metrics (KIP-714).

exclude.internal.topics | boolean | true | | medium
    Whether a pattern leaves out the cluster's own topics.

fetch.max.bytes | int | 52428800 | 0.. | medium
    The most bytes one fetch asks for.

fetch.max.wait.ms | int | 500 | 0.. | low
    How long the broker waits for fetch.min.bytes.

fetch.min.bytes | int | 1 | 0.. | high
    How many bytes the broker waits for before it answers a fetch.

group.id | string | - | | high
    The group to be a member of; needed for subscribe and for committing offsets.

group.instance.id | string | - | @non-empty | medium
    A name that stays the same over restarts: the member gets its partitions back without a rebalance.

group.protocol | string | classic | ~{CONSUMER,CLASSIC} | high
    classic, or consumer: the protocol of KIP-848, in which the broker assigns partitions.

group.remote.assignor | string | - | | medium
    The broker's assignor to use with group.protocol=consumer.

heartbeat.interval.ms | int | 3000 | | high
    How often a member of a classic group says that it is alive. Less than a third of session.timeout.ms.

interceptor.classes | list | "" | distinct | low
    Java classes that see records before the application does.

internal.throw.on.fetch.stable.offset.unsupported | boolean | false | | low | | internal
    Internal: whether brokers that are too old for stable offsets are an error.

isolation.level | string | read_uncommitted | {read_committed,read_uncommitted} | medium
    Whether records of transactions that are open or aborted are read.

key.deserializer | class | - | | high
    The class that turns bytes into keys.

max.partition.fetch.bytes | int | 1048576 | 0.. | high
    The most bytes of one partition a fetch asks for.

max.poll.interval.ms | int | 300000 | 1.. | medium
    How long the application may work between two polls before it loses its partitions.

max.poll.records | int | 500 | 1.. | medium
    The most records one poll returns.

partition.assignment.strategy | list
    | org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor
    | distinct | medium
    How a classic group shares partitions: Java classes, the first that all members know is used.

receive.buffer.bytes | int | 65536 | -1.. | medium
    SO_RCVBUF of the client's connections; -1 leaves it to the system.

session.timeout.ms | int | 45000 | | high
    How long a member of a classic group may be silent before it is removed.

share.acknowledgement.mode | string | implicit | {implicit,explicit} | medium
    Whether a share consumer acknowledges records on its own (implicit) or the application does (explicit).

share.acquire.mode | string | BATCH_OPTIMIZED | ~{BATCH_OPTIMIZED,RECORD_LIMIT} | medium
    Whether a share consumer acquires whole batches or at most the records it asked for.

value.deserializer | class | - | | high
    The class that turns bytes into values.

internal.leave.group.on.close | boolean | true | | low | | internal, until 3.9
    Internal: whether closing leaves the group.

fetch.buffer.bytes | int | 1048576 | 0.. | high | | until 0.8.2
    Size of the buffer of a fetch; max.partition.fetch.bytes now.

heartbeat.frequency | int | 3 | | medium | | until 0.8.2
    Heartbeats in a session timeout; heartbeat.interval.ms now.

metadata.fetch.timeout.ms | long | 60000 | 0.. | medium | | until 0.8.2
    How long the first metadata may take; default.api.timeout.ms now.

socket.receive.buffer.bytes | int | 131072 | 0.. | low | | until 0.8.2
    receive.buffer.bytes now.

total.memory.bytes | long | 33554432 | 0.. | low | | until 0.8.2
    Memory for records that wait to be read.

zookeeper.connect | string | - | | high | | until 1.1
    Scala consumer: where ZooKeeper is; bootstrap.servers now.

zookeeper.session.timeout.ms | int | 6000 | | medium | | until 1.1
    Scala consumer: how long ZooKeeper may hear nothing.

zookeeper.connection.timeout.ms | int | - | | medium | | until 1.1
    Scala consumer: how long connecting to ZooKeeper may take.

zookeeper.sync.time.ms | int | 2000 | | medium | | until 1.1
    Scala consumer: how far a ZooKeeper follower may lag.

consumer.id | string | - | | low | | until 1.1
    Scala consumer: the member's name.

socket.timeout.ms | int | 30000 | | medium | | until 1.1
    Scala consumer: request.timeout.ms now.

fetch.message.max.bytes | int | 1048576 | | medium | | until 1.1
    Scala consumer: max.partition.fetch.bytes now.

num.consumer.fetchers | int | 1 | | low | | until 1.1
    Scala consumer: threads that fetch.

auto.commit.enable | boolean | true | | medium | | until 1.1
    Scala consumer: enable.auto.commit now.

queued.max.message.chunks | int | 2 | | low | | until 1.1
    Scala consumer: fetched pieces that wait to be read.

rebalance.max.retries | int | 4 | | low | | until 1.1
    Scala consumer: attempts at a rebalance.

rebalance.backoff.ms | int | 2000 | | low | | until 1.1
    Scala consumer: the time between them.

fetch.wait.max.ms | int | 100 | | low | | until 1.1
    Scala consumer: fetch.max.wait.ms now.

refresh.leader.backoff.ms | int | 200 | | low | | until 1.1
    Scala consumer: how long to wait before looking for a new leader.

offsets.channel.backoff.ms | int | 1000 | | low | | until 1.1
    Scala consumer: how long to wait before looking for the coordinator again.

offsets.channel.socket.timeout.ms | int | 10000 | | low | | until 1.1
    Scala consumer: how long the coordinator may take to answer.

offsets.commit.max.retries | int | 5 | | low | | until 1.1
    Scala consumer: how often a commit is repeated.

offsets.storage | string | zookeeper | {zookeeper,kafka} | medium | | until 1.1
    Scala consumer: where offsets are kept. Here that is always kafka.

dual.commit.enabled | boolean | false | | low | | until 1.1
    Scala consumer: whether offsets are kept in both.

consumer.timeout.ms | int | -1 | | medium | | until 1.1
    Scala consumer: how long to wait for a record before an exception.

mirror.topics.whitelist | string | "" | | low | | until 1.1
    Scala consumer: topics MirrorMaker copies.

mirror.topics.blacklist | string | "" | | low | | until 1.1
    Scala consumer: topics MirrorMaker leaves out.

mirror.consumer.numthreads | int | 1 | | low | | until 1.1
    Scala consumer: threads MirrorMaker reads with.
"""
