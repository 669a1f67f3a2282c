"""What concerns several brokers, tiered storage, quotas' windows and metrics."""

from typing import Final

TABLE: Final = """
auto.leader.rebalance.enable | boolean | true | | high | | no effect: replication

leader.imbalance.check.interval.seconds | long | 300 | 1.. | high | | no effect: replication

controlled.shutdown.enable | boolean | true | | medium | | no effect: replication

num.replica.fetchers | int | 1 | 1.. | high | cluster-wide | no effect: replication

replica.fetch.backoff.ms | int | 1000 | 0.. | medium | | no effect: replication

replica.fetch.max.bytes | int | 1048576 | 0.. | medium | | no effect: replication

replica.fetch.min.bytes | int | 1 | | high | | no effect: replication

replica.fetch.response.max.bytes | int | 10485760 | 0.. | medium | | no effect: replication

replica.fetch.wait.max.ms | int | 500 | | high | | no effect: replication

replica.lag.time.max.ms | long | 30000 | | high | | no effect: replication

replica.selector.class | string | - | | medium | | no effect: replication

replica.socket.receive.buffer.bytes | int | 65536 | | high | | no effect: replication

replica.socket.timeout.ms | int | 30000 | | high | | no effect: replication

replication.quota.window.num | int | 11 | 1.. | low | | no effect: replication

replication.quota.window.size.seconds | int | 1 | 1.. | low | | no effect: replication

alter.log.dirs.replication.quota.window.num | int | 11 | 1.. | low | | no effect: replication

alter.log.dirs.replication.quota.window.size.seconds | int | 1 | 1.. | low | | no effect: replication

leader.replication.throttled.rate | long | 9223372036854775807 | 0.. | medium | cluster-wide
    | unlisted, no effect: replication

follower.replication.throttled.rate | long | 9223372036854775807 | 0.. | medium | cluster-wide
    | unlisted, no effect: replication

replica.alter.log.dirs.io.max.bytes.per.second | long | 9223372036854775807 | 0.. | medium | cluster-wide
    | unlisted
    The most bytes a second that moving partitions between log directories may copy.

quota.window.num | int | 11 | 1.. | low | | no effect: not-yet
    How many windows are kept of what a client sent and received, to measure its rate against its quota.

quota.window.size.seconds | int | 1 | 1.. | low | | no effect: not-yet
    The length of one of those windows.

controller.quota.window.num | int | 11 | 1.. | low | | no effect: not-yet
    How many windows are kept of the topics and partitions a client created and deleted.

controller.quota.window.size.seconds | int | 1 | 1.. | low | | no effect: not-yet
    The length of one of those windows.

client.quota.callback.class | class | - | | low | | no effect: java-class

metric.reporters | list | org.apache.kafka.common.metrics.JmxReporter | distinct | low | cluster-wide
    | no effect: metrics

metrics.num.samples | int | 2 | 1.. | low | | no effect: metrics

metrics.recording.level | string | INFO | | low | | no effect: metrics

metrics.sample.window.ms | long | 30000 | 1.. | low | | no effect: metrics

kafka.metrics.polling.interval.secs | int | 10 | 1.. | low | | no effect: metrics

kafka.metrics.reporters | list | "" | distinct | low | | no effect: metrics

remote.log.storage.system.enable | boolean | false | | medium | | no effect: remote

remote.fetch.max.wait.ms | int | 500 | 1.. | medium | cluster-wide | no effect: remote

remote.list.offsets.request.timeout.ms | long | 30000 | 1.. | medium | cluster-wide | no effect: remote

remote.log.index.file.cache.total.size.bytes | long | 1073741824 | 1.. | low | cluster-wide | no effect: remote

remote.log.manager.copier.thread.pool.size | int | 10 | 1.. | medium | cluster-wide | no effect: remote

remote.log.manager.copy.max.bytes.per.second | long | 9223372036854775807 | 1.. | medium | cluster-wide
    | no effect: remote

remote.log.manager.copy.quota.window.num | int | 11 | 1.. | medium | | no effect: remote

remote.log.manager.copy.quota.window.size.seconds | int | 1 | 1.. | medium | | no effect: remote

remote.log.manager.expiration.thread.pool.size | int | 10 | 1.. | medium | cluster-wide | no effect: remote

remote.log.manager.fetch.max.bytes.per.second | long | 9223372036854775807 | 1.. | medium | cluster-wide
    | no effect: remote

remote.log.manager.fetch.quota.window.num | int | 11 | 1.. | medium | | no effect: remote

remote.log.manager.fetch.quota.window.size.seconds | int | 1 | 1.. | medium | | no effect: remote

remote.log.manager.follower.thread.pool.size | int | 2 | 1.. | medium | cluster-wide | no effect: remote

remote.log.manager.task.interval.ms | long | 30000 | 1.. | low | | no effect: remote

remote.log.manager.task.retry.backoff.max.ms | long | 30000 | 1.. | low | | internal, no effect: remote

remote.log.manager.task.retry.backoff.ms | long | 500 | 1.. | low | | internal, no effect: remote

remote.log.manager.task.retry.jitter | double | 0.2 | 0..0.5 | low | | internal, no effect: remote

remote.log.manager.thread.pool.size | int | 2 | 1.. | medium | | no effect: remote

remote.log.metadata.custom.metadata.max.bytes | int | 128 | 0.. | low | | no effect: remote

remote.log.metadata.manager.class.name | string
    | org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager | @non-empty
    | medium | | no effect: remote

remote.log.metadata.manager.class.path | string | - | | medium | | no effect: remote

remote.log.metadata.manager.impl.prefix | string | rlmm.config. | @non-empty | medium | | no effect: remote

remote.log.metadata.manager.listener.name | string | - | @non-empty | medium | | no effect: remote

remote.log.reader.max.pending.tasks | int | 100 | 1.. | medium | | no effect: remote

remote.log.reader.threads | int | 10 | 1.. | medium | cluster-wide | no effect: remote

remote.log.storage.manager.class.name | string | - | @non-empty | medium | | no effect: remote

remote.log.storage.manager.class.path | string | - | | medium | | no effect: remote

remote.log.storage.manager.impl.prefix | string | rsm.config. | @non-empty | medium | | no effect: remote
"""
