"""Keys of Kafka 0.8 to 4.1 that 4.2 no longer has."""

from typing import Final

TABLE: Final = """
port | int | 9092 | | high | | until 2.8
    The port to listen on where listeners is not set. Since Kafka 0.9 the port is part of listeners.

host.name | string | "" | | high | | until 2.8
    The address to listen on where listeners is not set. Since Kafka 0.9 the address is part of listeners.

advertised.port | int | - | | high | | until 2.8
    The port clients are told where advertised.listeners is not set; it is part of advertised.listeners now.

advertised.host.name | string | - | | high | | until 2.8
    The address clients are told where advertised.listeners is not set; it is part of advertised.listeners now.

log.cleanup.interval.mins | int | 10 | 1.. | medium | | until 0.8.0
    The name log.retention.check.interval.ms had, in minutes.

log.message.timestamp.difference.max.ms | long | 9223372036854775807 | 0.. | medium | | until 3.9
    Sets log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms where they are not set
    themselves.

delegation.token.master.key | password | - | | medium | | until 3.9
    The older name of delegation.token.secret.key.

broker.id.generation.enable | boolean | true | | medium | | until 3.9, no effect: broker-id

reserved.broker.max.id | int | 1000 | 0.. | medium | | until 3.9, no effect: broker-id

inter.broker.protocol.version | string | 3.9-IV0 | @release | medium | | until 3.9, no effect: newest-format

log.message.format.version | string | 3.0-IV1 | @release | medium | | until 3.9, no effect: newest-format

log.message.downconversion.enable | boolean | true | | low | | until 3.9, no effect: downconversion

control.plane.listener.name | string | - | | high | | until 3.9, no effect: inter-broker

controlled.shutdown.max.retries | int | 3 | | medium | | until 3.9, no effect: replication

controlled.shutdown.retry.backoff.ms | long | 5000 | | medium | | until 3.9, no effect: replication

controller.message.queue.size | int | 2147483647 | | medium | | until 0.8.2, no effect: inter-broker

leader.imbalance.per.broker.percentage | int | 10 | | high | | until 3.9, no effect: replication

replica.lag.max.messages | long | 4000 | | medium | | until 0.8.2, no effect: replication

offsets.commit.required.acks | short | -1 | | high | | until 3.9, no effect: replication

eligible.leader.replicas.enable | boolean | false | | high | | until 3.9, no effect: replication

group.coordinator.new.enable | boolean | false | | medium | | internal, until 3.9, no effect: always

group.share.max.groups | short | 10 | 1..100 | medium | | until 3.9, no effect: always

unstable.metadata.versions.enable | boolean | false | | high | | internal, until 3.7, no effect: unstable

metadata.log.segment.min.bytes | int | 8388608 | 12.. | high | | internal, until 3.9, no effect: always

quota.producer.default | long | 9223372036854775807 | 1.. | high | | until 2.8, no effect: default-quotas

quota.consumer.default | long | 9223372036854775807 | 1.. | high | | until 2.8, no effect: default-quotas

auto.include.jmx.reporter | boolean | true | | low | | until 3.9, no effect: metrics

kafka.csv.metrics.dir | string | - | | low | | until 0.8.2, no effect: metrics

kafka.csv.metrics.reporter.enabled | boolean | false | | low | | until 0.8.2, no effect: metrics

log.flush.interval.ms.per.topic | string | - | | medium | | until 0.8.0, no effect: per-topic

log.flush.intervals.ms.per.topic | string | - | | medium | | until 0.8.0, no effect: per-topic

log.retention.bytes.per.topic | string | - | | medium | | until 0.8.0, no effect: per-topic

log.retention.hours.per.topic | string | - | | medium | | until 0.8.0, no effect: per-topic

log.roll.hours.per.topic | string | - | | medium | | until 0.8.0, no effect: per-topic

log.segment.bytes.per.topic | string | - | | medium | | until 0.8.0, no effect: per-topic

password.encoder.cipher.algorithm | string | AES/CBC/PKCS5Padding | | low | | until 3.9, no effect: zookeeper

password.encoder.iterations | int | 4096 | 1024.. | low | | until 3.9, no effect: zookeeper

password.encoder.key.length | int | 128 | 8.. | low | | until 3.9, no effect: zookeeper

password.encoder.keyfactory.algorithm | string | - | | low | | until 3.9, no effect: zookeeper

password.encoder.old.secret | password | - | | medium | | until 3.9, no effect: zookeeper

password.encoder.secret | password | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.clientCnxnSocket | string | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.connect | string | - | | high | | until 3.9, no effect: zookeeper

zookeeper.connection.timeout.ms | int | - | | high | | until 3.9, no effect: zookeeper

zookeeper.max.in.flight.requests | int | 10 | 1.. | high | | until 3.9, no effect: zookeeper

zookeeper.metadata.migration.enable | boolean | false | | high | | until 3.9, no effect: zookeeper

zookeeper.metadata.migration.min.batch.size | int | 200 | 1.. | medium | | internal, until 3.9, no effect: zookeeper

zookeeper.session.timeout.ms | int | 18000 | | high | | until 3.9, no effect: zookeeper

zookeeper.set.acl | boolean | false | | high | | until 3.9, no effect: zookeeper

zookeeper.ssl.cipher.suites | list | - | | low | | until 3.9, no effect: zookeeper

zookeeper.ssl.client.enable | boolean | false | | medium | | until 3.9, no effect: zookeeper

zookeeper.ssl.crl.enable | boolean | false | | low | | until 3.9, no effect: zookeeper

zookeeper.ssl.enabled.protocols | list | - | | low | | until 3.9, no effect: zookeeper

zookeeper.ssl.endpoint.identification.algorithm | string | HTTPS | | low | | until 3.9, no effect: zookeeper

zookeeper.ssl.keystore.location | string | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.ssl.keystore.password | password | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.ssl.keystore.type | string | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.ssl.ocsp.enable | boolean | false | | low | | until 3.9, no effect: zookeeper

zookeeper.ssl.protocol | string | TLSv1.2 | | low | | until 3.9, no effect: zookeeper

zookeeper.ssl.truststore.location | string | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.ssl.truststore.password | password | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.ssl.truststore.type | string | - | | medium | | until 3.9, no effect: zookeeper

zookeeper.sync.time.ms | int | 2000 | | low | | until 2.8, no effect: zookeeper

authorizer.zookeeper.url | string | - | | low | | until 3.9, no effect: zookeeper

authorizer.zookeeper.connection.timeout.ms | int | - | | low | | until 3.9, no effect: zookeeper

authorizer.zookeeper.session.timeout.ms | int | - | | low | | until 3.9, no effect: zookeeper

authorizer.zookeeper.max.in.flight.requests | int | - | | low | | until 3.9, no effect: zookeeper
"""
