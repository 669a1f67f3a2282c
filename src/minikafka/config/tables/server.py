"""Who the node is, and where it keeps the cluster's metadata."""

from typing import Final

TABLE: Final = """
node.id | int | 1 | 0.. | high
    The number this broker has in the cluster. It is written to meta.properties of every log directory, which then
    opens with this number only.

broker.id | int | 1 | | high
    The older name of node.id; when both are set they must agree.

broker.rack | string | - | | medium
    The rack the broker says it is in. Consumers with a client.rack and rack-aware assignors see it.

process.roles | list | broker,controller | distinct nonempty {broker,controller} | high | | no effect: combined
    Kafka's roles of the process, broker and controller.

initial.broker.registration.timeout.ms | int | 60000 | | medium | | no effect: quorum

broker.heartbeat.interval.ms | int | 2000 | | medium | | no effect: quorum

broker.session.timeout.ms | int | 9000 | | medium | | no effect: quorum

controller.listener.names | list | "" | distinct nonempty | high
    Names out of listeners that are the controller's; they are kept away from clients and are not advertised as
    broker addresses.

controller.quorum.voters | list | "" | @quorum-voters | high | | no effect: quorum

controller.quorum.bootstrap.servers | list | "" | @bootstrap-servers | high | | no effect: quorum

controller.quorum.auto.join.enable | boolean | false | | low | | no effect: quorum

controller.quorum.append.linger.ms | int | 25 | 0.. | medium | | no effect: quorum

controller.quorum.election.backoff.max.ms | int | 1000 | 0.. | high | | no effect: quorum

controller.quorum.election.timeout.ms | int | 1000 | 0.. | high | | no effect: quorum

controller.quorum.fetch.timeout.ms | int | 2000 | 0.. | high | | no effect: quorum

controller.quorum.request.timeout.ms | int | 2000 | 0.. | medium | | no effect: quorum

controller.quorum.retry.backoff.ms | int | 20 | 0.. | low | | no effect: quorum

controller.socket.timeout.ms | int | 30000 | | medium | | no effect: inter-broker

controller.performance.always.log.threshold.ms | long | 2000 | 0.. | medium |
    | internal, no effect: controller-metrics

controller.performance.sample.period.ms | long | 60000 | 100.. | medium | | internal, no effect: controller-metrics

server.max.startup.time.ms | long | 9223372036854775807 | 0.. | medium | | internal, no effect: start-up

metadata.log.dir | string | - | | high
    The directory of __cluster_metadata-0, where topics, settings and credentials are kept; the first of log.dirs
    unless set.

metadata.log.segment.bytes | int | 1073741824 | 8388608.. | high
    Size at which a segment of the metadata log is closed and a new one is begun.

metadata.log.segment.ms | long | 604800000 | | high
    Age at which a segment of the metadata log is closed even though it is not full.

metadata.max.retention.bytes | long | 104857600 | | high
    Size the metadata log and its snapshots may have together before old ones are deleted. The newest snapshot is
    always kept.

metadata.max.retention.ms | long | 604800000 | | high
    Age at which old segments and snapshots of the metadata log are deleted. The newest snapshot is always kept.

metadata.log.max.record.bytes.between.snapshots | long | 20971520 | 1.. | high
    A snapshot of the metadata is written once this many bytes were appended since the last one.

metadata.log.max.snapshot.interval.ms | long | 3600000 | 0.. | high
    A snapshot of the metadata is written at the latest after this time when anything has changed; 0 leaves it to
    the size.

metadata.max.idle.interval.ms | int | 500 | 0.. | low | | no effect: quorum

internal.metadata.delete.delay.millis | long | 60000 | | low | | internal
    For tests: how long a file of the metadata log stays after it was marked deleted.

internal.metadata.log.segment.bytes | int | - | | low | | internal
    For tests: metadata.log.segment.bytes without its lower bound.

internal.metadata.max.batch.size.in.bytes | int | 8388608 | | low | | internal
    For tests: the largest batch written to the metadata log.

internal.metadata.max.fetch.size.in.bytes | int | 8388608 | | low | | internal, no effect: quorum

num.partitions | int | 1 | 1.. | medium
    How many partitions a topic gets that is created on first use, or with the count left to the broker (-1).

default.replication.factor | int | 1 | | medium
    How many replicas a topic asks for that is created on first use, or with the factor left to the broker (-1). One
    node can give 1.

auto.create.topics.enable | boolean | true | | high
    Whether asking for the metadata of a topic that does not exist creates it.

delete.topic.enable | boolean | true | | high
    Whether topics can be deleted. When false, DeleteTopics answers TOPIC_DELETION_DISABLED.

create.topic.policy.class.name | class | - | | low | | no effect: java-class

alter.config.policy.class.name | class | - | | low | | no effect: java-class

config.providers | list | "" | distinct | low | cluster-wide | no effect: java-class

request.timeout.ms | int | 30000 | | high | | no effect: inter-broker
    How long the broker lets its own requests, such as the creation of an internal topic, take before it answers
    REQUEST_TIMED_OUT.

background.threads | int | 10 | 1.. | high | cluster-wide | no effect: threads

num.io.threads | int | 8 | 1.. | high | cluster-wide | no effect: threads

num.network.threads | int | 3 | 1.. | high | cluster-wide | no effect: threads

unstable.api.versions.enable | boolean | false | | high | | internal, no effect: unstable

unstable.feature.versions.enable | boolean | false | | high | | internal, no effect: unstable
"""
