"""One sequence of admin calls: what Apache Kafka 4.2.0 answers to it is what minikafka has to answer.

Each step is a request, the versions in which it is sent, and where it goes by itself. Requests that change something
are sent once, in their highest version; those that only ask, in all versions both brokers serve. ``DIRECTORIES`` and
``CLUSTER_ID`` stand for what the broker under test has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from minikafka.protocol.messages import (
    AddRaftVoterRequest,
    AlterClientQuotasRequest,
    AlterConfigsRequest,
    AlterPartitionReassignmentsRequest,
    AlterReplicaLogDirsRequest,
    AlterUserScramCredentialsRequest,
    CreateAclsRequest,
    CreateDelegationTokenRequest,
    CreateTopicsRequest,
    DeleteAclsRequest,
    DescribeAclsRequest,
    DescribeClientQuotasRequest,
    DescribeConfigsRequest,
    DescribeDelegationTokenRequest,
    DescribeLogDirsRequest,
    DescribeQuorumRequest,
    DescribeUserScramCredentialsRequest,
    ElectLeadersRequest,
    ExpireDelegationTokenRequest,
    IncrementalAlterConfigsRequest,
    ListConfigResourcesRequest,
    ListPartitionReassignmentsRequest,
    Message,
    RemoveRaftVoterRequest,
    RenewDelegationTokenRequest,
    SaslAuthenticateRequest,
    SaslHandshakeRequest,
    UnregisterBrokerRequest,
    UpdateFeaturesRequest,
)

FIRST_DIRECTORY, SECOND_DIRECTORY = "FIRST-DIRECTORY", "SECOND-DIRECTORY"
CLUSTER_ID = "CLUSTER-ID"

UNKNOWN, TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 0, 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


class Step(NamedTuple):
    """``versions`` are sent one after the other; each gets an answer of its own."""

    name: str
    request: Message
    versions: Sequence[int]


def highest(name: str, request: Message) -> Step:
    return Step(name, request, (request.max_version,))


# Kafka 4.2 has dropped the lowest versions of these.
FIRST_VERSION = {29: 1, 30: 1, 31: 1, 32: 1, 34: 1, 35: 1, 38: 1, 39: 1, 40: 1, 41: 1}


def every(name: str, request: Message, first: int | None = None) -> Step:
    low = FIRST_VERSION.get(request.api_key, request.min_version) if first is None else first
    return Step(name, request, tuple(range(low, request.max_version + 1)))


def topic(name: str, partitions: int = 1, **configs: str) -> Any:
    return CreateTopicsRequest.CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=1,
        configs=[
            CreateTopicsRequest.CreatableTopicConfig(name=key.replace("_", "."), value=value)
            for key, value in configs.items()
        ],
    )


def describe(*resources: tuple[int, str], keys: list[str] | None = None, full: bool = True) -> DescribeConfigsRequest:
    return DescribeConfigsRequest(
        resources=[
            DescribeConfigsRequest.DescribeConfigsResource(
                resource_type=kind, resource_name=name, configuration_keys=keys
            )
            for kind, name in resources
        ],
        include_synonyms=full,
    )


Change = tuple[str, int, "str | None"]


def alter(*resources: tuple[int, str, Iterable[Change]], validate_only: bool = False) -> IncrementalAlterConfigsRequest:
    return IncrementalAlterConfigsRequest(
        resources=[
            IncrementalAlterConfigsRequest.AlterConfigsResource(
                resource_type=kind,
                resource_name=name,
                configs=[
                    IncrementalAlterConfigsRequest.AlterableConfig(name=key, config_operation=operation, value=value)
                    for key, operation, value in changes
                ],
            )
            for kind, name, changes in resources
        ],
        validate_only=validate_only,
    )


def replace(
    *resources: tuple[int, str, Iterable[tuple[str, str | None]]], validate_only: bool = False
) -> AlterConfigsRequest:
    return AlterConfigsRequest(
        resources=[
            AlterConfigsRequest.AlterConfigsResource(
                resource_type=kind,
                resource_name=name,
                configs=[AlterConfigsRequest.AlterableConfig(name=key, value=value) for key, value in configs],
            )
            for kind, name, configs in resources
        ],
        validate_only=validate_only,
    )


def move(path: str, **partitions: list[int]) -> AlterReplicaLogDirsRequest:
    return AlterReplicaLogDirsRequest(
        dirs=[
            AlterReplicaLogDirsRequest.AlterReplicaLogDir(
                path=path,
                topics=[
                    AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic(name=name, partitions=indexes)
                    for name, indexes in partitions.items()
                ],
            )
        ]
    )


def elect(kind: int, **partitions: list[int]) -> ElectLeadersRequest:
    return ElectLeadersRequest(
        election_type=kind,
        topic_partitions=[
            ElectLeadersRequest.TopicPartitions(topic=name, partitions=indexes) for name, indexes in partitions.items()
        ],
    )


def reassign(name: str, index: int, replicas: list[int] | None, *, keep_factor: bool = False) -> Any:
    request = AlterPartitionReassignmentsRequest(
        topics=[
            AlterPartitionReassignmentsRequest.ReassignableTopic(
                name=name,
                partitions=[
                    AlterPartitionReassignmentsRequest.ReassignablePartition(partition_index=index, replicas=replicas)
                ],
            )
        ]
    )
    request.allow_replication_factor_change = not keep_factor
    return request


Entity = Sequence[tuple[str, "str | None"]]


def quota(*entries: tuple[Entity, Iterable[tuple[str, float | None]]], validate_only: bool = False) -> Any:
    return AlterClientQuotasRequest(
        entries=[
            AlterClientQuotasRequest.EntryData(
                entity=[
                    AlterClientQuotasRequest.EntityData(entity_type=kind, entity_name=name) for kind, name in entity
                ],
                ops=[
                    AlterClientQuotasRequest.OpData(key=key, value=value or 0.0, remove=value is None)
                    for key, value in operations
                ],
            )
            for entity, operations in entries
        ],
        validate_only=validate_only,
    )


def find_quotas(*components: tuple[str, int, str | None], strict: bool = False) -> DescribeClientQuotasRequest:
    return DescribeClientQuotasRequest(
        components=[
            DescribeClientQuotasRequest.ComponentData(entity_type=kind, match_type=match_type, match=match)
            for kind, match_type, match in components
        ],
        strict=strict,
    )


def scram(
    *upsertions: tuple[str, int, int], delete: Iterable[tuple[str, int]] = ()
) -> AlterUserScramCredentialsRequest:
    return AlterUserScramCredentialsRequest(
        deletions=[
            AlterUserScramCredentialsRequest.ScramCredentialDeletion(name=name, mechanism=mechanism)
            for name, mechanism in delete
        ],
        upsertions=[
            AlterUserScramCredentialsRequest.ScramCredentialUpsertion(
                name=name, mechanism=mechanism, iterations=iterations, salt=b"salt", salted_password=b"x" * 32
            )
            for name, mechanism, iterations in upsertions
        ],
    )


def scram_users(*names: str) -> DescribeUserScramCredentialsRequest:
    return DescribeUserScramCredentialsRequest(
        users=[DescribeUserScramCredentialsRequest.UserName(name=name) for name in names]
    )


def features(*updates: tuple[str, int, int], validate_only: bool = False) -> UpdateFeaturesRequest:
    return UpdateFeaturesRequest(
        feature_updates=[
            UpdateFeaturesRequest.FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=kind)
            for name, level, kind in updates
        ],
        validate_only=validate_only,
    )


def quorum(topic_name: str = "__cluster_metadata", index: int = 0) -> DescribeQuorumRequest:
    return DescribeQuorumRequest(
        topics=[
            DescribeQuorumRequest.TopicData(
                topic_name=topic_name, partitions=[DescribeQuorumRequest.PartitionData(partition_index=index)]
            )
        ]
    )


def log_dirs(**partitions: list[int]) -> DescribeLogDirsRequest:
    return DescribeLogDirsRequest(
        topics=[
            DescribeLogDirsRequest.DescribableLogDirTopic(topic=name, partitions=indexes)
            for name, indexes in partitions.items()
        ]
    )


def add_voter(cluster_id: str | None, voter_id: int, directory_id: bytes, *listeners: str) -> AddRaftVoterRequest:
    return AddRaftVoterRequest(
        cluster_id=cluster_id,
        timeout_ms=1000,
        voter_id=voter_id,
        voter_directory_id=directory_id,
        listeners=[AddRaftVoterRequest.Listener(name=name, host="localhost", port=1) for name in listeners],
    )


def remove_voter(cluster_id: str | None, voter_id: int, directory_id: bytes) -> RemoveRaftVoterRequest:
    return RemoveRaftVoterRequest(cluster_id=cluster_id, voter_id=voter_id, voter_directory_id=directory_id)


SOME_ID = bytes(range(16))
SELECTED = ["cleanup.policy", "retention.ms", "segment.bytes", "no.such.key"]
BROKER_KEYS = [
    "log.retention.ms",
    "log.retention.minutes",
    "log.retention.hours",
    "log.cleaner.threads",
    "log.segment.bytes",
    "log.flush.interval.ms",
    "log.cleanup.policy",
    "max.connections",
    "max.connections.per.ip.overrides",
    "min.insync.replicas",
    "num.io.threads",
    "offsets.topic.num.partitions",
    "ssl.keystore.password",
    "listeners",
]
ORDERS = (TOPIC, "orders")
COMPACTED = (TOPIC, "compacted")
THIS_BROKER = (BROKER, "1")
ALL_BROKERS = (BROKER, "")


def broker_change(name: str, key: str, value: str | None, operation: int = SET, on: str = "1") -> list[Step]:
    """Try, in the incremental and in the old way, and see what is left of it."""
    steps = [highest(f"broker: {name}", alter((BROKER, on, [(key, operation, value)])))]
    if operation == SET:
        steps.append(
            highest(f"broker, checked only: {name}", replace((BROKER, on, [(key, value)]), validate_only=True))
        )
    return steps


CONFIGS: list[Step] = [
    highest(
        "create topics", CreateTopicsRequest(topics=[topic("orders", 3), topic("compacted", cleanup_policy="compact")])
    ),
    highest("describe all of a topic", describe(ORDERS)),
    every("describe a topic", describe(ORDERS, keys=SELECTED)),
    every("describe a topic's own setting", describe(COMPACTED, keys=SELECTED)),
    highest("describe without synonyms", describe(ORDERS, keys=SELECTED, full=False)),
    highest("describe no keys", describe((GROUP, "group"), keys=[])),
    highest(
        "describe the unknown", describe((TOPIC, "nowhere"), (TOPIC, ""), (TOPIC, "bad name!"), (TOPIC, "x" * 250))
    ),
    highest("describe twice", describe(ORDERS, ORDERS, keys=SELECTED)),
    highest("describe a broker", describe(THIS_BROKER)),
    every("describe keys of a broker", describe(THIS_BROKER, keys=BROKER_KEYS)),
    every("describe broker defaults", describe(ALL_BROKERS)),
    highest("describe other brokers", describe((BROKER, "2"), (BROKER, "abc"), (BROKER, "-1"))),
    highest("describe loggers of others", describe((BROKER_LOGGER, ""), (BROKER_LOGGER, "2"), (BROKER_LOGGER, "x"))),
    every("describe the root logger", describe((BROKER_LOGGER, "1"), keys=["root"])),
    highest("describe client metrics", describe((CLIENT_METRICS, ""), (CLIENT_METRICS, "metrics"))),
    highest("describe all of a group", describe((GROUP, "group"), (GROUP, ""))),
    every("describe a group", describe((GROUP, "group"), keys=["consumer.session.timeout.ms"])),
    highest("describe an unknown type", describe(ORDERS, (UNKNOWN, "x"))),
    highest("describe an unheard-of type", describe((3, "x"))),
    highest("describe nothing", describe()),
    # Topics
    highest("set", alter((*ORDERS, [("retention.ms", SET, "1000"), ("cleanup.policy", SET, "delete")]))),
    highest("describe what was set", describe(ORDERS, keys=SELECTED)),
    highest("append", alter((*ORDERS, [("cleanup.policy", APPEND, "compact"), ("retention.ms", SET, "2000")]))),
    highest("append what is there", alter((*ORDERS, [("cleanup.policy", APPEND, "compact")]))),
    highest("describe what was appended", describe(ORDERS, keys=SELECTED)),
    highest("subtract", alter((*ORDERS, [("cleanup.policy", SUBTRACT, "delete")]))),
    highest("subtract all", alter((*ORDERS, [("cleanup.policy", SUBTRACT, "compact,delete")]))),
    highest("describe what was subtracted", describe(ORDERS, keys=SELECTED)),
    highest(
        "append to the default", alter((TOPIC, "orders", [("follower.replication.throttled.replicas", APPEND, "0:1")]))
    ),
    highest("append nonsense", alter((*ORDERS, [("follower.replication.throttled.replicas", APPEND, "nonsense")]))),
    highest("append to a number", alter((*ORDERS, [("retention.ms", APPEND, "1")]))),
    highest("subtract from the unknown", alter((*ORDERS, [("no.such.key", SUBTRACT, "1")]))),
    highest("delete", alter((*ORDERS, [("retention.ms", DELETE, None), ("cleanup.policy", DELETE, "ignored")]))),
    highest("delete what is not set", alter((*ORDERS, [("segment.bytes", DELETE, None)]))),
    highest("delete the unknown", alter((*ORDERS, [("no.such.key", DELETE, None)]))),
    highest("set the unknown", alter((*ORDERS, [("no.such.key", SET, "1")]))),
    highest("set the wrong type", alter((*ORDERS, [("retention.ms", SET, "soon")]))),
    highest("set out of range", alter((*ORDERS, [("segment.bytes", SET, "10")]))),
    highest("set a wrong choice", alter((*ORDERS, [("cleanup.policy", SET, "shred")]))),
    highest(
        "set a contradiction",
        alter((*ORDERS, [("min.compaction.lag.ms", SET, "2"), ("max.compaction.lag.ms", SET, "1")])),
    ),
    highest("set null", alter((*ORDERS, [("retention.ms", SET, None), ("segment.ms", APPEND, None)]))),
    highest("set a key twice", alter((*ORDERS, [("retention.ms", SET, "1"), ("retention.ms", SET, "2")]))),
    highest("set with an unknown operation", alter((*ORDERS, [("retention.ms", 9, "1")]))),
    highest("set remote storage", alter((*ORDERS, [("remote.storage.enable", SET, "true")]))),
    highest("set nothing", alter((*ORDERS, []))),
    highest("alter nothing", alter()),
    highest(
        "alter a resource twice", alter((*ORDERS, [("retention.ms", SET, "1")]), (*ORDERS, [("segment.ms", SET, "1")]))
    ),
    highest(
        "alter several, some wrong",
        alter((*ORDERS, [("retention.ms", SET, "77")]), (*COMPACTED, [("no", SET, "1")]), (TOPIC, "nowhere", [])),
    ),
    highest(
        "alter what there is not",
        alter(
            (TOPIC, "nowhere", [("retention.ms", SET, "1")]),
            (TOPIC, "", [("retention.ms", SET, "1")]),
            (TOPIC, "bad name!", [("retention.ms", SET, "1")]),
            (UNKNOWN, "x", [("retention.ms", SET, "1")]),
            (3, "x", [("retention.ms", SET, "1")]),
        ),
    ),
    highest("only check", alter((*ORDERS, [("retention.ms", SET, "5")]), validate_only=True)),
    highest("only check the wrong", alter((*ORDERS, [("retention.ms", SET, "x")]), validate_only=True)),
    highest("describe what several changes left", describe(ORDERS, COMPACTED, keys=SELECTED)),
    every("replace", replace((*ORDERS, [("retention.ms", "3000"), ("segment.ms", "4000")]))),
    highest("describe what replaced it", describe(ORDERS, keys=[*SELECTED, "segment.ms"])),
    highest("replace by less", replace((*ORDERS, [("segment.ms", "4000")]))),
    highest("replace by nonsense", replace((*ORDERS, [("segment.ms", "soon")]))),
    highest("replace by null", replace((*ORDERS, [("segment.ms", None)]))),
    highest("replace with a key twice", replace((*ORDERS, [("segment.ms", "1"), ("segment.ms", "2")]))),
    highest("replace by the unknown", replace((*ORDERS, [("no.such.key", "1")]))),
    highest("replace what there is not", replace((TOPIC, "nowhere", []), (TOPIC, "", []), (8, "1", []), (0, "", []))),
    highest("only check a replacement", replace((*ORDERS, []), validate_only=True)),
    highest("describe what is left", describe(ORDERS, keys=[*SELECTED, "segment.ms"])),
    # Brokers
    *broker_change("log.retention.ms", "log.retention.ms", "3600000"),
    *broker_change("max.connections", "max.connections", "1000"),
    *broker_change("a default", "log.cleaner.threads", "2", on=""),
    *broker_change("read-only", "offsets.topic.num.partitions", "7"),
    *broker_change("read-only as a default", "broker.rack", "r1", on=""),
    *broker_change("wrong type", "log.retention.ms", "soon"),
    *broker_change("out of range", "log.segment.bytes", "1"),
    *broker_change("too many threads", "num.io.threads", "100"),
    *broker_change("too few threads", "num.io.threads", "1", on=""),
    *broker_change("too many cleaners", "log.cleaner.threads", "50"),
    *broker_change("listeners as a default", "listeners", "PLAINTEXT://:1", on=""),
    *broker_change("an unheard-of listener", "listeners", "INTERNAL://127.0.0.1:0"),
    *broker_change("advertised listeners", "advertised.listeners", "PLAINTEXT://elsewhere:1"),
    *broker_change("a key store", "ssl.keystore.location", "/tmp/x"),
    *broker_change("a listener's key store", "listener.name.plaintext.ssl.keystore.location", "/tmp/x"),
    *broker_change("a listener's limit", "listener.name.plaintext.max.connections", "900"),
    *broker_change("unknown", "no.such.key", "1"),
    *broker_change("unknown as a default", "no.such.key", "1", on=""),
    *broker_change("another broker", "log.retention.ms", "1", on="2"),
    *broker_change("no number", "log.retention.ms", "1", on="abc"),
    *broker_change("overrides for addresses", "max.connections.per.ip.overrides", "127.0.0.1:500"),
    *broker_change("bad overrides for addresses", "max.connections.per.ip.overrides", "x"),
    *broker_change("append", "log.cleanup.policy", "compact", APPEND),
    *broker_change("append to the unknown", "no.such.list", "compact", APPEND),
    *broker_change("append to a number", "log.retention.ms", "1", APPEND),
    *broker_change("subtract", "log.cleanup.policy", "delete", SUBTRACT),
    *broker_change("delete", "no.such.key", None, DELETE),
    *broker_change("delete what is not set", "log.roll.ms", None, DELETE),
    *broker_change("null", "log.roll.ms", None),
    *broker_change("an unknown operation", "log.roll.ms", "1", 7),
    *broker_change("minimum in sync of a broker", "min.insync.replicas", "2"),
    *broker_change("minimum in sync of all", "min.insync.replicas", "1", on=""),
    *broker_change("delete minimum in sync of all", "min.insync.replicas", None, DELETE, on=""),
    *broker_change("remote copies", "remote.log.manager.copier.thread.pool.size", "12"),
    *broker_change("message size", "message.max.bytes", "2000000"),
    *broker_change("unclean election", "unclean.leader.election.enable", "true"),
    *broker_change("unclean election, undone", "unclean.leader.election.enable", None, DELETE),
    *broker_change("metric reporters", "metric.reporters", "com.example.Missing"),
    highest(
        "describe keys of a changed broker", describe(THIS_BROKER, ALL_BROKERS, keys=[*BROKER_KEYS, "no.such.key"])
    ),
    highest("describe changed defaults", describe(ALL_BROKERS)),
    highest("describe a topic of a changed broker", describe(COMPACTED)),
    highest("replace a broker's settings", replace((*THIS_BROKER, [("log.retention.hours", "5")]))),
    highest("describe a topic below them", describe(ORDERS, keys=[*SELECTED, "max.message.bytes"])),
    highest("replace a broker's settings by none", replace((*THIS_BROKER, []), (*ALL_BROKERS, []))),
    highest("describe what is left of a broker's", describe(THIS_BROKER, ALL_BROKERS, keys=BROKER_KEYS)),
    # Loggers
    highest("logger: set", alter((BROKER_LOGGER, "1", [("kafka.server.KafkaApis", SET, "DEBUG")]))),
    highest("logger: lower case", alter((BROKER_LOGGER, "1", [("kafka.server.KafkaApis", SET, "warn")]))),
    highest("logger: unknown level", alter((BROKER_LOGGER, "1", [("kafka.server.KafkaApis", SET, "LOUD")]))),
    highest("logger: unknown", alter((BROKER_LOGGER, "1", [("no.such.logger", SET, "INFO")]))),
    highest("logger: delete", alter((BROKER_LOGGER, "1", [("kafka.server.KafkaApis", DELETE, None)]))),
    highest("logger: delete the unknown", alter((BROKER_LOGGER, "1", [("no.such.logger", DELETE, None)]))),
    highest("logger: delete root", alter((BROKER_LOGGER, "1", [("root", DELETE, None)]))),
    highest("logger: append", alter((BROKER_LOGGER, "1", [("root", APPEND, "INFO")]))),
    highest("logger: subtract", alter((BROKER_LOGGER, "1", [("root", SUBTRACT, "INFO")]))),
    highest("logger: unknown operation", alter((BROKER_LOGGER, "1", [("root", 9, "INFO")]))),
    highest("logger: another broker", alter((BROKER_LOGGER, "2", [("root", SET, "INFO")]))),
    highest("logger: no broker", alter((BROKER_LOGGER, "", [("root", SET, "INFO")]))),
    highest("logger: no number", alter((BROKER_LOGGER, "x", [("root", SET, "INFO")]))),
    highest("logger: only check", alter((BROKER_LOGGER, "1", [("root", SET, "INFO")]), validate_only=True)),
    highest("logger: replace", replace((BROKER_LOGGER, "1", [("root", "INFO")]))),
    # Groups and client metrics
    highest("group: set", alter((GROUP, "group", [("consumer.session.timeout.ms", SET, "50000")]))),
    highest("group: out of bounds", alter((GROUP, "group", [("consumer.session.timeout.ms", SET, "1")]))),
    highest("group: heartbeats too rare", alter((GROUP, "group", [("consumer.heartbeat.interval.ms", SET, "15000")]))),
    highest("group: unknown", alter((GROUP, "group", [("no.such.key", SET, "1")]))),
    highest("group: wrong type", alter((GROUP, "group", [("consumer.session.timeout.ms", SET, "x")]))),
    highest("group: no name", alter((GROUP, "", [("consumer.session.timeout.ms", SET, "50000")]))),
    highest("group: wrong choice", alter((GROUP, "group", [("share.isolation.level", SET, "some")]))),
    highest("group: append", alter((GROUP, "group", [("consumer.session.timeout.ms", APPEND, "1")]))),
    every("group: describe", describe((GROUP, "group"), keys=["consumer.session.timeout.ms"])),
    highest("group: replace", replace((GROUP, "group2", [("share.auto.offset.reset", "earliest")]))),
    highest(
        "metrics: set",
        alter(
            (CLIENT_METRICS, "metrics", [("interval.ms", SET, "60000"), ("metrics", SET, "org.apache.kafka.producer.")])
        ),
    ),
    highest("metrics: append", alter((CLIENT_METRICS, "metrics", [("metrics", APPEND, "org.apache.kafka.consumer.")]))),
    highest("metrics: match", alter((CLIENT_METRICS, "metrics", [("match", SET, "client_software_name=ruby")]))),
    highest("metrics: wrong match", alter((CLIENT_METRICS, "metrics", [("match", SET, "colour=red")]))),
    highest("metrics: malformed match", alter((CLIENT_METRICS, "metrics", [("match", SET, "client_id")]))),
    highest("metrics: wrong expression", alter((CLIENT_METRICS, "metrics", [("match", SET, "client_id=(")]))),
    highest("metrics: too often", alter((CLIENT_METRICS, "metrics", [("interval.ms", SET, "1")]))),
    highest("metrics: too rarely", alter((CLIENT_METRICS, "metrics", [("interval.ms", SET, "3600001")]))),
    highest("metrics: no number", alter((CLIENT_METRICS, "metrics", [("interval.ms", SET, "x")]))),
    highest("metrics: unknown", alter((CLIENT_METRICS, "metrics", [("no.such.key", SET, "1")]))),
    highest("metrics: no name", alter((CLIENT_METRICS, "", [("interval.ms", SET, "60000")]))),
    highest("metrics: describe", describe((CLIENT_METRICS, "metrics"), (CLIENT_METRICS, "others"))),
    highest("metrics: describe a key", describe((CLIENT_METRICS, "metrics"), keys=["metrics"])),
    every("list config resources", ListConfigResourcesRequest()),
    *(
        highest(f"list config resources of type {kind}", ListConfigResourcesRequest(resource_types=[kind]))
        for kind in (UNKNOWN, TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, 3)
    ),
    highest("list topics and groups", ListConfigResourcesRequest(resource_types=[TOPIC, GROUP])),
    highest("metrics: forget", replace((CLIENT_METRICS, "metrics", []))),
    highest("list client metrics that are gone", ListConfigResourcesRequest(resource_types=[CLIENT_METRICS])),
]

PLACES: list[Step] = [
    highest("move: everything to the first", move(FIRST_DIRECTORY, compacted=[0], orders=[0, 1, 2])),
    every("describe all log dirs", DescribeLogDirsRequest(topics=None)),
    highest("describe no log dirs", DescribeLogDirsRequest(topics=[])),
    every("describe a topic's log dirs", log_dirs(compacted=[0], nowhere=[0])),
    highest("move: no such directory", move("/no/such/directory", compacted=[0])),
    highest("move: relative path", move("relative", compacted=[0])),
    highest("move: no such topic", move(FIRST_DIRECTORY, nowhere=[0], orders=[9])),
    highest("move: to the second", move(SECOND_DIRECTORY, compacted=[0])),
    highest("move: to where it is", move(SECOND_DIRECTORY, compacted=[0])),
    Step("move: in the first version", move(SECOND_DIRECTORY, compacted=[0]), (1,)),
    highest("move: there and back", move(FIRST_DIRECTORY, orders=[1])),
    highest("describe what has moved", DescribeLogDirsRequest(topics=None)),
    every("elect: not needed", elect(0, orders=[0, 1]), first=0)._replace(versions=(0, 1, 2)),
    highest("elect: unclean", elect(1, orders=[0], nowhere=[0])),
    highest("elect: no such partition", elect(0, orders=[9], nowhere=[0])),
    highest("elect: unknown kind", elect(2, orders=[0])),
    highest("elect: all", ElectLeadersRequest(topic_partitions=None)),
    highest("elect: none", ElectLeadersRequest(topic_partitions=[])),
    highest("reassign: to where it is", reassign("orders", 0, [1])),
    highest("reassign: elsewhere", reassign("orders", 0, [2])),
    highest("reassign: to more", reassign("orders", 0, [1, 2])),
    highest("reassign: twice the same", reassign("orders", 0, [1, 1])),
    highest("reassign: to none", reassign("orders", 0, [])),
    highest("reassign: to a negative", reassign("orders", 0, [-1])),
    highest("reassign: cancel", reassign("orders", 0, None)),
    highest("reassign: no such topic", reassign("nowhere", 0, [1])),
    highest("reassign: no such partition", reassign("orders", 9, [1])),
    highest("reassign: other factor", reassign("orders", 0, [1, 2], keep_factor=True)),
    highest("reassign: same factor", reassign("orders", 0, [1], keep_factor=True)),
    Step("reassign: in the first version", reassign("orders", 0, None), (0,)),
    highest("reassign: nothing", AlterPartitionReassignmentsRequest()),
    highest("reassignments: all", ListPartitionReassignmentsRequest(topics=None)),
    highest(
        "reassignments: one",
        ListPartitionReassignmentsRequest(
            topics=[
                ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics(name=name, partition_indexes=[0])
                for name in ("orders", "nowhere")
            ]
        ),
    ),
]

CLUSTER: list[Step] = [
    every("quorum", quorum()),
    every("quorum: no such topic", quorum("orders")),
    every("quorum: no such partition", quorum(index=1)),
    highest("quorum: nothing", DescribeQuorumRequest()),
    highest("unregister: unknown", UnregisterBrokerRequest(broker_id=99)),
    highest("unregister: negative", UnregisterBrokerRequest(broker_id=-1)),
    Step("features: same level", features(("group.version", 1, 1)), (1, 2)),
    Step(
        "features: same level, first version",
        UpdateFeaturesRequest(
            feature_updates=[UpdateFeaturesRequest.FeatureUpdateKey(feature="group.version", max_version_level=1)]
        ),
        (0,),
    ),
    Step("features: down by mistake", features(("group.version", 0, 1)), (1, 2)),
    highest("features: down, checked", features(("group.version", 0, 2), validate_only=True)),
    highest("features: down, unsafe, checked", features(("share.version", 0, 3), validate_only=True)),
    highest("features: too high", features(("group.version", 9, 1))),
    highest("features: negative", features(("group.version", -1, 2))),
    highest("features: unknown", features(("no.such.feature", 1, 1))),
    highest("features: unknown, off", features(("no.such.feature", 0, 2))),
    highest("features: unknown kind", features(("group.version", 1, 9))),
    highest("features: empty name", features(("", 1, 1))),
    highest("features: up by a downgrade", features(("metadata.version", 30, 2))),
    highest("features: metadata too low", features(("metadata.version", 3, 2))),
    highest("features: metadata down", features(("metadata.version", 25, 2), validate_only=True)),
    highest("features: metadata down, unsafe", features(("metadata.version", 25, 3), validate_only=True)),
    highest("features: metadata one down", features(("metadata.version", 28, 2), validate_only=True)),
    highest("features: metadata same", features(("metadata.version", 29, 1))),
    highest("features: kraft", features(("kraft.version", 1, 1))),
    highest("features: kraft down", features(("kraft.version", 0, 2))),
    highest("features: nothing", UpdateFeaturesRequest()),
    highest("features: several, one wrong", features(("group.version", 1, 1), ("share.version", 5, 1))),
    highest("features: twice", features(("group.version", 1, 1), ("group.version", 0, 2))),
    highest("features: up after all", features(("group.version", 1, 1))),
    highest("features: really down", features(("streams.version", 0, 2))),
    highest("features: up again", features(("streams.version", 1, 1))),
    highest("voter: no cluster", add_voter(None, 2, SOME_ID)),
    highest("voter: other cluster", add_voter("elsewhere", 2, SOME_ID, "CONTROLLER")),
    highest("voter: no directory", add_voter(None, 2, bytes(16), "CONTROLLER")),
    highest("voter: negative", add_voter(None, -1, SOME_ID, "CONTROLLER")),
    highest("voter: no listener", add_voter(CLUSTER_ID, 2, SOME_ID, "OTHER")),
    highest("voter: already", add_voter(CLUSTER_ID, 1, SOME_ID, "CONTROLLER")),
    every("voter: unreachable", add_voter(None, 2, SOME_ID, "CONTROLLER")),
    highest("remove voter: other cluster", remove_voter("elsewhere", 1, SOME_ID)),
    highest("remove voter: no directory", remove_voter(None, 1, bytes(16))),
    highest("remove voter: unknown", remove_voter(None, 7, SOME_ID)),
    highest("remove voter: other directory", remove_voter(CLUSTER_ID, 1, SOME_ID)),
]

USER_A: Entity = (("user", "alice"),)
DEFAULT_USER: Entity = (("user", None),)
QUOTAS: list[Step] = [
    every("quotas: none", find_quotas()),
    highest(
        "quotas: set",
        quota(
            (USER_A, [("producer_byte_rate", 1024.0), ("consumer_byte_rate", 2048.5)]),
            (DEFAULT_USER, [("request_percentage", 50.0)]),
            ((("user", "alice"), ("client-id", "app")), [("controller_mutation_rate", 2.5)]),
            ((("client-id", None),), [("producer_byte_rate", 99.0)]),
            ((("ip", "127.0.0.1"),), [("connection_creation_rate", 10.0)]),
            ((("ip", None),), [("connection_creation_rate", 20.0)]),
        ),
    ),
    highest("quotas: integral", quota((USER_A, [("producer_byte_rate", 1024.0), ("consumer_byte_rate", 2048.0)]))),
    highest("quotas: unknown key", quota((USER_A, [("colour", 1.0)]))),
    highest("quotas: key of another kind", quota((USER_A, [("connection_creation_rate", 1.0)]))),
    highest("quotas: zero", quota((USER_A, [("request_percentage", 0.0)]))),
    highest("quotas: negative", quota((USER_A, [("producer_byte_rate", -1.0)]))),
    highest("quotas: too large", quota(((("ip", "127.0.0.1"),), [("connection_creation_rate", 1e12)]))),
    highest("quotas: far too large", quota((USER_A, [("producer_byte_rate", 1e20)]))),
    highest("quotas: remove", quota((DEFAULT_USER, [("request_percentage", None)]))),
    highest("quotas: remove what is not set", quota((USER_A, [("request_percentage", None)]))),
    highest("quotas: remove the unknown", quota((USER_A, [("colour", None)]))),
    highest("quotas: no entity", quota(((), [("producer_byte_rate", 1.0)]))),
    highest("quotas: unknown entity", quota(((("colour", "red"),), [("producer_byte_rate", 1.0)]))),
    highest("quotas: empty name", quota(((("user", ""),), [("producer_byte_rate", 1.0)]))),
    highest("quotas: address and user", quota(((("ip", "127.0.0.1"), ("user", "a")), [("producer_byte_rate", 1.0)]))),
    highest("quotas: no address", quota(((("ip", "1.2.3.4.5"),), [("connection_creation_rate", 1.0)]))),
    highest("quotas: entity type twice", quota(((("user", "a"), ("user", "b")), [("producer_byte_rate", 1.0)]))),
    highest("quotas: key twice", quota((USER_A, [("producer_byte_rate", 1.0), ("producer_byte_rate", 2.0)]))),
    highest(
        "quotas: entity twice", quota((USER_A, [("producer_byte_rate", 7.0)]), (USER_A, [("consumer_byte_rate", 7.0)]))
    ),
    highest("quotas: only check", quota((USER_A, [("producer_byte_rate", 5.0)]), validate_only=True)),
    highest("quotas: only check the wrong", quota((USER_A, [("colour", 5.0)]), validate_only=True)),
    every("quotas: all", find_quotas()),
    highest("quotas: strictly none", find_quotas(strict=True)),
    highest("quotas: exact", find_quotas(("user", 0, "alice"))),
    highest("quotas: exact, strict", find_quotas(("user", 0, "alice"), strict=True)),
    highest("quotas: default", find_quotas(("client-id", 1, None))),
    highest("quotas: any", find_quotas(("user", 2, None), strict=True)),
    highest("quotas: both", find_quotas(("user", 2, None), ("client-id", 2, None))),
    highest("quotas: address", find_quotas(("ip", 2, None))),
    highest("quotas: unknown type", find_quotas(("colour", 2, None))),
    highest("quotas: empty type", find_quotas(("", 2, None))),
    highest("quotas: type twice", find_quotas(("user", 2, None), ("user", 0, "a"))),
    highest("quotas: exact without name", find_quotas(("user", 0, None))),
    highest("quotas: default with name", find_quotas(("user", 1, "a"))),
    highest("quotas: any with name", find_quotas(("user", 2, "a"))),
    highest("quotas: unknown match", find_quotas(("user", 7, None))),
    highest("quotas: address with user", find_quotas(("user", 2, None), ("ip", 2, None))),
]

SECURITY: list[Step] = [
    highest("scram: none", DescribeUserScramCredentialsRequest(users=None)),
    highest("scram: set", scram(("alice", 1, 8192), ("bob", 2, 4096))),
    highest("scram: set a second", scram(("alice", 2, 4096))),
    highest("scram: too few iterations", scram(("carol", 1, 100), ("dave", 2, 4095))),
    highest("scram: too many iterations", scram(("carol", 1, 16385))),
    highest("scram: unknown mechanism", scram(("carol", 0, 8192), ("dave", 3, 8192))),
    highest("scram: no name", scram(("", 1, 8192))),
    highest("scram: twice", scram(("carol", 1, 8192), ("carol", 2, 8192))),
    highest("scram: delete and set", scram(("alice", 1, 8192), delete=[("alice", 1)])),
    highest("scram: delete the unknown", scram(delete=[("carol", 1), ("bob", 1), ("", 1), ("bob2", 9)])),
    highest("scram: describe all", DescribeUserScramCredentialsRequest(users=None)),
    highest("scram: describe none", scram_users()),
    highest("scram: describe some", scram_users("alice", "carol")),
    highest("scram: describe twice", scram_users("alice", "alice", "bob")),
    highest("scram: describe no name", scram_users("")),
    highest("scram: delete", scram(delete=[("alice", 1)])),
    highest("scram: describe what is left", DescribeUserScramCredentialsRequest(users=None)),
    highest("scram: nothing", scram()),
    every(
        "acls: describe",
        DescribeAclsRequest(resource_type_filter=1, operation=1, permission_type=1),
    ),
    every(
        "acls: create",
        CreateAclsRequest(
            creations=[
                CreateAclsRequest.AclCreation(
                    resource_type=2, resource_name="t", principal="User:a", host="*", operation=3, permission_type=3
                )
            ]
        ),
    ),
    highest("acls: create nothing", CreateAclsRequest()),
    every(
        "acls: delete",
        DeleteAclsRequest(
            filters=[DeleteAclsRequest.DeleteAclsFilter(resource_type_filter=2, operation=3, permission_type=3)]
        ),
    ),
    every("token: create", CreateDelegationTokenRequest(max_lifetime_ms=1)),
    highest(
        "token: create for another",
        CreateDelegationTokenRequest(owner_principal_type="User", owner_principal_name="bob", max_lifetime_ms=1),
    ),
    every("token: renew", RenewDelegationTokenRequest(hmac=b"x", renew_period_ms=1)),
    every("token: expire", ExpireDelegationTokenRequest(hmac=b"x", expiry_time_period_ms=1)),
    every("token: describe", DescribeDelegationTokenRequest(owners=None)),
    every("sasl: handshake", SaslHandshakeRequest(mechanism="PLAIN")),
    every("sasl: authenticate", SaslAuthenticateRequest(auth_bytes=b"\0a\0b")),
]

STEPS: list[Step] = [*CONFIGS, *PLACES, *CLUSTER, *QUOTAS, *SECURITY]
