"""The options of ``kafka-acls``, and which of them go together."""

from __future__ import annotations

from typing import Final

from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, broker_of_zookeeper
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, key_value_pairs, string
from minikafka.client.admin.acls import OPERATIONS, PATTERN_TYPES

OPERATION_NAMES: Final = {
    "".join(word.capitalize() for word in operation.split("_")).lower(): operation for operation in OPERATIONS[1:]
}
"""``describeconfigs`` -> DESCRIBE_CONFIGS; on the command line in any case."""

TOOL = Tool(
    "kafka-acls",
    "This tool helps to manage acls on kafka.",
    (
        string(
            "bootstrap-server", "server to connect to", "Where brokers are: HOST:PORT, with commas between several."
        ),
        string("bootstrap-controller", "controller to connect to", "Where controllers are, in the same form."),
        COMMAND_CONFIG,
        string(
            "authorizer-properties",
            "authorizer-properties",
            "As in Kafka 2.x: zookeeper.connect=HOST:2181 means the broker on that host; there is no ZooKeeper.",
        ),
        string("authorizer", "authorizer", "As in Kafka 2.x; without effect."),
        string("zk-tls-config-file", "", "As in Kafka 2.5 to 3.9; without effect, as there is no ZooKeeper."),
        flag("add", "Add ACLs."),
        flag("remove", "Remove ACLs."),
        flag("list", "List ACLs, of all resources or of those that are named."),
        string("topic", "topic", "A topic, * for all."),
        flag("cluster", "The cluster."),
        string("group", "group", "A consumer group, * for all."),
        string("transactional-id", "transactional-id", "A transactional id, * for all."),
        string("delegation-token", "delegation-token", "A delegation token, * for all."),
        string("user-principal", "user-principal", "A user, as the resource of CreateTokens and DescribeTokens."),
        string(
            "resource-pattern-type",
            "ANY|MATCH|LITERAL|PREFIXED",
            "What the names of resources are: literal, prefixed, and not with --add: any (whether literal or prefixed) "
            "or match (all that affects them).",
            default="LITERAL",
        ),
        string("operation", "operation", "What is allowed or denied; any number of times.", default="All"),
        string("allow-principal", "allow-principal", "Who is allowed to: User:NAME, User:* for all."),
        string("deny-principal", "deny-principal", "Who is denied to, whatever else allows it."),
        string("principal", "principal", "With --list: only what is about this principal; any number of times."),
        string("allow-host", "allow-host", "From where it is allowed; * when it is left out."),
        string("deny-host", "deny-host", "From where it is denied; * when it is left out."),
        flag("producer", "What a producer needs: Write, Describe and Create on the topic."),
        flag("idempotent", "With --producer: IdempotentWrite on the cluster, too."),
        flag("consumer", "What a consumer needs: Read and Describe on the topic, Read on the group."),
        flag("force", "Ask nothing."),
    ),
)

_ACTIONS: Final = ("list", "add", "remove")
_GIVERS: Final = ("producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal")
_NOT_OF_ROLES: Final = ("operation", "deny-principal", "deny-host")


def check(options: Options) -> str:
    """The one action that is asked for. Raises UsageError where Kafka does, in its order."""
    pattern_type(options)
    if options.has("bootstrap-server") and options.has("bootstrap-controller"):
        raise UsageError("Only one of --bootstrap-server or --bootstrap-controller must be specified")
    if options.has("bootstrap-server") and (options.has("authorizer") or options.has("authorizer-properties")):
        raise UsageError("Only one of --bootstrap-server or --authorizer must be specified")
    if not any(map(options.has, ("bootstrap-server", "bootstrap-controller", "authorizer-properties"))):
        raise UsageError("One of --bootstrap-server or --bootstrap-controller must be specified")
    actions = [action for action in _ACTIONS if options.has(action)]
    if len(actions) != 1:
        raise UsageError("Command must include exactly one action: --list, --add, --remove. ")
    options.forbid_with("list", _GIVERS)
    for role in ("producer", "consumer"):
        options.forbid_with(role, _NOT_OF_ROLES)
    if options.has("principal") and not options.has("list"):
        raise UsageError("The --principal option is only available if --list is set")
    if options.has("producer") and not options.has("topic"):
        raise UsageError("With --producer you must specify a --topic")
    if options.has("idempotent") and not options.has("producer"):
        raise UsageError("The --idempotent option is only available if --producer is set")
    if options.has("consumer") and not _is_about_consumer(options):
        raise UsageError(
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option "
            "should be specified."
        )
    return actions[0]


def bootstrap_of_authorizer(options: Options) -> str | None:
    """The broker that --authorizer-properties stands for. Raises UsageError, ClientError."""
    pairs = options.values("authorizer-properties")
    if not pairs:
        return None
    connect_string = key_value_pairs(pairs).get("zookeeper.connect")
    if not connect_string:
        raise UsageError("--authorizer-properties takes zookeeper.connect=HOST:2181", shows_help=False)
    return broker_of_zookeeper(connect_string, f"zookeeper.connect={connect_string}")


def pattern_type(options: Options) -> str:
    """What --resource-pattern-type says. Raises UsageError."""
    text = options.value("resource-pattern-type") or ""
    if text.upper() not in PATTERN_TYPES[1:]:
        raise UsageError(f"Cannot parse argument '{text}' of option resource-pattern-type")
    return text.upper()


def _is_about_consumer(options: Options) -> bool:
    if not options.has("topic") or not options.has("group"):
        return False
    return options.has("producer") or not (options.has("cluster") or options.has("transactional-id"))
