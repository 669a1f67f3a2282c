"""The options of ``kafka-topics``, and which of them go together."""

from __future__ import annotations

import sys

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, ZOOKEEPER
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, integer, java_number, string
from minikafka.client.errors import ClientError

_SEE_CONFIGS = " (To alter topic configurations, the kafka-configs tool can be used.)"

TOOL = Tool(
    "kafka-topics",
    "This tool helps to create, delete, describe, or change a topic.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        ZOOKEEPER,
        flag("list", "List all topics."),
        flag("create", "Create a topic."),
        flag("delete", "Delete a topic."),
        flag("alter", "Give a topic more partitions." + _SEE_CONFIGS),
        flag("describe", "Show topics with their partitions."),
        string(
            "topic",
            "topic",
            "The topic. With --list, --describe, --alter and --delete also a regular expression; quote it, and put a "
            "backslash before characters that mean themselves.",
        ),
        string("topic-id", "topic-id", "With --describe: the topic with this id."),
        string(
            "config",
            "name=value",
            "With --create: a setting of the topic's own, such as retention.ms=3600000; any number of times. With "
            "--zookeeper also with --alter.",
        ),
        string("delete-config", "name", "With --alter and --zookeeper: back to the default.", "deleteConfig"),
        integer("partitions", "# of partitions", "How many partitions the topic has (with --alter: shall have)."),
        integer("replication-factor", "replication factor", "On how many brokers each partition is kept."),
        string(
            "replica-assignment",
            "broker:broker,broker:broker",
            "With --create and --alter: the brokers of each partition, instead of letting Kafka choose.",
        ),
        flag("under-replicated-partitions", "With --describe: only partitions whose followers lag behind."),
        flag("unavailable-partitions", "With --describe: only partitions without a leader."),
        flag("under-min-isr-partitions", "With --describe: only partitions below min.insync.replicas."),
        flag("at-min-isr-partitions", "With --describe: only partitions exactly at min.insync.replicas."),
        flag("topics-with-overrides", "With --describe: only topics that have settings of their own."),
        flag("if-exists", "With --alter, --delete and --describe: a missing topic is no error."),
        flag("if-not-exists", "With --create: an existing topic is no error."),
        flag("exclude-internal", "With --list and --describe: leave out Kafka's own topics."),
        integer(
            "partition-size-limit-per-response",
            "partitions",
            "With --describe: how many partitions one answer of the broker may hold.",
        ),
        flag("force", "As in Kafka 2.x; without effect."),
        flag("disable-rack-aware", "As in Kafka 2.x; without effect."),
    ),
)

_ACTIONS = ("create", "list", "alter", "describe", "delete")
_REPLICATION_REPORTS = (
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
)
# Option -> the actions it goes with.
_GOES_WITH = {
    "config": ("alter", "create"),
    "partitions": ("alter", "create"),
    "replication-factor": ("create",),
    "replica-assignment": ("alter", "create"),
    **dict.fromkeys(_REPLICATION_REPORTS, ("describe",)),
    "topics-with-overrides": ("describe",),
    "if-exists": ("alter", "delete", "describe"),
    "if-not-exists": ("create",),
    "exclude-internal": ("list", "describe"),
}


def check(options: Options) -> str:
    """The one action that is asked for. Raises UsageError where Kafka does, in its order."""
    actions = [action for action in _ACTIONS if options.has(action)]
    if len(actions) != 1:
        raise UsageError("Command must include exactly one action: --list, --describe, --create, --alter or --delete")
    action = actions[0]
    if not options.has("zookeeper"):
        _check_as_4_2(options)
    elif action == "create" and not options.has("replica-assignment"):
        options.require("topic", "partitions", "replication-factor")
    if action == "describe" and options.has("if-exists") and not (options.has("topic") or options.has("topic-id")):
        raise UsageError("--topic or --topic-id is required to describe a topic")
    if action not in ("list", "describe"):
        options.require("topic")
    for used, with_actions in _GOES_WITH.items():
        options.forbid_with(used, [other for other in _ACTIONS if other not in with_actions])
    if action == "create":
        options.forbid_with("replica-assignment", ["partitions", "replication-factor"])
    for report in _REPLICATION_REPORTS:
        options.forbid_with(report, ["topics-with-overrides"])
    return action


def _check_as_4_2(options: Options) -> None:
    if options.has("delete-config"):
        if options.written_name("delete-config") == "deleteConfig":
            raise UsageError("deleteConfig is not a recognized option", shows_help=False)
        print(
            "delete-config option is no longer supported and deprecated since version 4.0. The config will be fully "
            "removed in future releases.\nkafka-configs --alter --entity-type topics --entity-name TOPIC "
            f"--delete-config {options.values('delete-config')[0]} does it.",
            file=sys.stderr,
        )
    if not options.has("bootstrap-server"):
        raise UsageError("--bootstrap-server must be specified", shows_help=False)
    if options.has("alter"):
        options.require("topic")
        if options.has("config"):
            raise UsageError(
                'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]"'
                + _SEE_CONFIGS
            )
        options.require("partitions")


def replica_assignment(options: Options) -> dict[int, list[int]]:
    """Partition -> brokers, from ``1:2,2:3``; empty when it is not given. Raises ClientError."""
    text = options.value("replica-assignment")
    if not text:
        return {}
    assignment: dict[int, list[int]] = {}
    for index, part in enumerate(text.split(",")):
        brokers = [_broker_id(broker.strip()) for broker in part.split(":")]
        duplicates = sorted({broker for broker in brokers if brokers.count(broker) > 1})
        if duplicates:
            raise ClientError(
                "Partition replica lists may not contain duplicate entries: " + ",".join(map(str, duplicates))
            )
        assignment[index] = brokers
        if len(brokers) != len(assignment[0]):
            raise ClientError(f"Partition {index} has different replication factor: {brokers}")
    return assignment


def _broker_id(text: str) -> int:
    try:
        return java_number("Integer", text)
    except ValueError:
        raise ClientError(
            f'For input string: "{text}"; --replica-assignment is a list of brokers of each partition: 1:2,2:3'
        ) from None
