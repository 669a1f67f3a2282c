"""Keys of Kafka Connect, which comes with Apache Kafka: of a worker, and of a connector."""

from typing import Final

WORKER: Final = """
group.id | string | - | | high
    Workers with the same name share their work. Only of distributed workers, as all that is about groups and topics.

config.storage.topic | string | - | | high
    The compacted topic, of one partition, that connectors are kept in.

config.storage.replication.factor | short | 3 | | low
    How many replicas that topic is created with; with minikafka it has to be 1, or -1 for the broker's default.

offset.storage.topic | string | - | | high
    The compacted topic that says how far sources were read.

offset.storage.partitions | int | 25 | | low
    How many partitions that topic is created with; -1 leaves it to the broker.

offset.storage.replication.factor | short | 3 | | low
    How many replicas that topic is created with; with minikafka it has to be 1, or -1 for the broker's default.

offset.storage.file.filename | string | - | | high
    The file in which a worker that runs alone keeps how far sources were read.

offset.flush.interval.ms | long | 60000 | | low
    How often it is written down how far sources were read.

offset.flush.timeout.ms | long | 5000 | | low
    How long that may take before it is given up, to be tried again later.

status.storage.topic | string | - | | high
    The compacted topic that says how connectors and their tasks are doing.

status.storage.partitions | int | 5 | | low
    How many partitions that topic is created with; -1 leaves it to the broker.

status.storage.replication.factor | short | 3 | | low
    How many replicas that topic is created with; with minikafka it has to be 1, or -1 for the broker's default.

key.converter | class | - | | high
    The Java class that turns keys into bytes and back; a connector may have one of its own.

key.converter.plugin.version | string | - | | low
    Which version of that class, where there are several.

value.converter | class | - | | high
    The Java class that turns values into bytes and back; a connector may have one of its own.

value.converter.plugin.version | string | - | | low
    Which version of that class, where there are several.

header.converter | class | org.apache.kafka.connect.storage.SimpleHeaderConverter | | low
    The Java class that turns headers into bytes and back.

header.converter.plugin.version | string | - | | low
    Which version of that class, where there are several.

plugin.path | list | - | | low
    Folders and files with connectors, converters and transformations, a comma between two of them.

plugin.discovery | string | hybrid_warn | ~{ONLY_SCAN,SERVICE_LOAD,HYBRID_WARN,HYBRID_FAIL} | low
    How they are found there: by looking into all classes, by what they declare, or by both.

listeners | list | http://:8083 | | low
    Where the REST interface listens.

admin.listeners | list | - | | low
    Where its administration listens; with the rest when not set, and nowhere when empty.

rest.advertised.host.name | string | - | | low
    The host other workers reach this one at.

rest.advertised.port | int | - | | low
    The port other workers reach this one at.

rest.advertised.listener | string | - | | low
    Whether other workers are told http or https.

rest.extension.classes | list | "" | | low
    Java classes that extend the REST interface.

response.http.headers.config | string | "" | | low
    Headers that every answer of the REST interface gets.

access.control.allow.origin | string | "" | | low
    The Access-Control-Allow-Origin header, for pages of other hosts.

access.control.allow.methods | string | "" | | low
    The Access-Control-Allow-Methods header, for pages of other hosts.

connect.protocol | string | sessioned | {eager,compatible,sessioned} | low
    How workers share their work: eager stops all of it at each change, the others do not.

connector.client.config.override.policy | string | All | | medium
    Which settings of its producers, consumers and admin clients a connector may change: All, None, Principal.

exactly.once.source.support | string | disabled | ~{DISABLED,ENABLED,PREPARING} | high
    Whether sources write records and their offsets in transactions. First preparing, then enabled on all workers.

heartbeat.interval.ms | int | 3000 | | high
    How often a worker tells its group that it is alive.

session.timeout.ms | int | 10000 | | high
    How long a worker may be silent before others take over its work.

request.timeout.ms | int | 40000 | 0.. | medium
    How long to wait for an answer before the request counts as failed.

rebalance.timeout.ms | int | 60000 | | high
    How long workers have to join again when the work is divided anew.

scheduled.rebalance.max.delay.ms | int | 300000 | 0..2147483647 | low
    How long the work of one that left waits for it to come back.

worker.sync.timeout.ms | int | 3000 | | medium
    How long a worker that has fallen behind tries to catch up before it leaves the group.

worker.unsync.backoff.ms | int | 300000 | | medium
    How long it then waits before it joins again.

task.shutdown.graceful.timeout.ms | long | 5000 | | low
    How long all tasks together may take to stop.

topic.creation.enable | boolean | true | | low
    Whether sources may have topics created with settings of their own.

topic.tracking.enable | boolean | true | | low
    Whether the topics of a connector are remembered.

topic.tracking.allow.reset | boolean | true | | low
    Whether what is remembered may be reset over the REST interface.

inter.worker.key.generation.algorithm | string | HmacSHA256 | | low
    The algorithm workers make the keys with that sign what they ask each other.

inter.worker.key.size | int | - | | low
    The size of these keys.

inter.worker.key.ttl.ms | int | 3600000 | 0..2147483647 | low
    How long a key is used.

inter.worker.signature.algorithm | string | HmacSHA256 | | low
    The algorithm requests are signed with.

inter.worker.verification.algorithms | list | HmacSHA256 | | low
    The algorithms that are accepted.

ssl.client.auth | string | none | {required,requested,none} | low
    Whether those who use the REST interface show a certificate.

receive.buffer.bytes | int | 32768 | -1.. | medium
    SO_RCVBUF of the worker's connections; -1 leaves it to the system.

connections.max.idle.ms | long | 540000 | | medium
    How long an unused connection is kept.
"""

CONNECTOR: Final = """
name | string | - | | high
    The connector's name, no other one's.

connector.class | string | - | | high
    Its Java class, in full or by its last part.

connector.plugin.version | string | - | | medium
    Which version of that class, where there are several.

tasks.max | int | 1 | 1.. | high
    Into how many tasks its work is divided at the most.

tasks.max.enforce | boolean | true | | low
    Whether a connector that makes more of them fails.

topics | list | "" | | high
    Of a sink: the topics it reads, a comma between two of them.

topics.regex | string | "" | | high
    Of a sink: a regular expression for the topics it reads.

key.converter | class | - | | low
    The Java class that turns keys into bytes and back; the worker's when not set.

key.converter.plugin.version | string | - | | low
    Which version of that class, where there are several.

value.converter | class | - | | low
    The Java class that turns values into bytes and back; the worker's when not set.

value.converter.plugin.version | string | - | | low
    Which version of that class, where there are several.

header.converter | class | - | | low
    The Java class that turns headers into bytes and back; the worker's when not set.

header.converter.plugin.version | string | - | | low
    Which version of that class, where there are several.

transforms | list | "" | | low
    Names of transformations of records, in their order; transforms.NAME.type is the class of each.

predicates | list | "" | | low
    Names of conditions that transformations can be bound to; predicates.NAME.type is the class of each.

config.action.reload | string | restart | {none,restart} | low
    What happens when a value from a config provider changes.

errors.tolerance | string | none | {none,all} | medium
    Whether a record that cannot be worked on ends the task (none), or is passed over (all).

errors.retry.timeout | long | 0 | | medium
    For how many ms a step that failed is tried again; -1 without end.

errors.retry.delay.max.ms | long | 60000 | | medium
    How long to wait between these attempts, at the most.

errors.log.enable | boolean | false | | medium
    Whether each error is logged.

errors.log.include.messages | boolean | false | | medium
    Whether the record is logged with it.

errors.deadletterqueue.topic.name | string | "" | | medium
    Of a sink: the topic that records go to which cannot be worked on.

errors.deadletterqueue.topic.replication.factor | short | 3 | | medium
    How many replicas that topic is created with; with minikafka it has to be 1.

errors.deadletterqueue.context.headers.enable | boolean | false | | medium
    Whether these records get headers that say what went wrong.

exactly.once.support | string | requested | ~{REQUIRED,REQUESTED} | medium
    Of a source: whether it has to be able to write exactly once.

offsets.storage.topic | string | - | | low
    Of a source: a topic of its own that says how far it was read.

topic.creation.groups | list | "" | | low
    Of a source: names of groups of topics that are created with settings of their own.

transaction.boundary | string | poll | ~{INTERVAL,POLL,CONNECTOR} | medium
    Of a source that writes exactly once: what ends a transaction.

transaction.boundary.interval.ms | long | - | 0.. | low
    How often one ends, where the boundary is interval.
"""
