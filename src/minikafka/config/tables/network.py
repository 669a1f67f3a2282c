"""Listeners, sockets, and limits on connections and requests."""

from typing import Final

TABLE: Final = """
listeners | list | PLAINTEXT://:9092 | distinct nonempty | high | per-broker
    Where the broker listens: NAME://host:port, a comma between two of them. An empty host or 0.0.0.0 is every
    interface, port 0 asks the system for a free one.

advertised.listeners | list | - | distinct nonempty | high
    What clients are told to connect to, in the same form as listeners. Set it when clients reach the broker under
    another name or port than it listens on; without it they are sent to listeners.

listener.security.protocol.map | string
    | SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT | | low | per-broker
    The security protocol of each listener name: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as NAME:PROTOCOL pairs.

early.start.listeners | list | - | distinct | high | | no effect: start-up

inter.broker.listener.name | string | - | | medium | | no effect: inter-broker
    The listener other brokers would use. It has to be one of the advertised ones.

security.inter.broker.protocol | string | PLAINTEXT | {PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL} | medium |
    | no effect: inter-broker
    The security protocol towards other brokers.

socket.send.buffer.bytes | int | 102400 | | high
    SO_SNDBUF of client connections; -1 leaves it to the system, which makes it grow as needed. Not set: 262144.

socket.receive.buffer.bytes | int | 102400 | | high
    SO_RCVBUF of client connections; -1, and not setting it, leaves it to the system, which makes it grow as needed.

socket.request.max.bytes | int | 104857600 | 1.. | high
    The largest request. A connection that announces a larger one is closed before anything is read.

socket.listen.backlog.size | int | 50 | 1.. | medium
    How many connections may wait to be accepted by a listener (backlog of listen()).

socket.connection.setup.timeout.ms | long | 10000 | | medium | | no effect: inter-broker

socket.connection.setup.timeout.max.ms | long | 30000 | | medium | | no effect: inter-broker

connections.max.idle.ms | long | 600000 | | medium
    A connection on which nothing has arrived for this long is closed; -1 keeps it.

connection.failed.authentication.delay.ms | int | 100 | 0.. | low | | no effect: not-yet
    How long the broker waits before it closes a connection whose authentication failed, so that clients do not
    retry at once.

connections.max.reauth.ms | long | 0 | | medium | | no effect: not-yet
    How long a SASL session lasts; clients that do not authenticate again by then are disconnected. 0 sets no limit.

max.connections | int | 2147483647 | 0.. | medium | cluster-wide
    The most connections the broker holds at a time; further ones wait to be accepted.
    listener.name.NAME.max.connections is the limit of one listener.

max.connections.per.ip | int | 2147483647 | 0.. | medium | cluster-wide
    The most connections from one address; further ones are closed. 0 needs max.connections.per.ip.overrides.

max.connections.per.ip.overrides | string | "" | | medium | cluster-wide
    Other limits for some addresses or host names, as HOST:COUNT pairs.

max.connection.creation.rate | int | 2147483647 | 0.. | medium | cluster-wide
    The most connections accepted in a second. listener.name.NAME.max.connection.creation.rate is the limit of one
    listener.

queued.max.requests | int | 500 | 1.. | high
    How many requests of all connections may wait behind others of their connection before the broker stops reading from
    connections that have a request in work.

queued.max.request.bytes | long | -1 | | medium
    The same limit in bytes; -1 sets none. It cannot be smaller than socket.request.max.bytes.

max.request.partition.size.limit | int | 2000 | 1.. | medium
    The most partitions one DescribeTopicPartitions answer carries; the client asks again for the rest.

fetch.max.bytes | int | 57671680 | 1024.. | medium
    The most bytes one Fetch answers, whatever the client asks for. A first batch larger than this is still
    returned, so that a consumer can go on.

max.incremental.fetch.session.cache.slots | int | 1000 | 0.. | medium
    How many incremental fetch sessions are kept; when all are taken, the oldest unused one makes room.

fetch.purgatory.purge.interval.requests | int | 1000 | | medium | | no effect: purgatory

producer.purgatory.purge.interval.requests | int | 1000 | | medium | | no effect: purgatory

delete.records.purgatory.purge.interval.requests | int | 1 | | medium | | no effect: purgatory

share.fetch.purgatory.purge.interval.requests | int | 1000 | | medium | | no effect: purgatory

telemetry.max.bytes | int | 1048576 | 1.. | low | | no effect: telemetry
    The largest push of client metrics.
"""
