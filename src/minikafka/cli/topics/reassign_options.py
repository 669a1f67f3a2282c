"""The options of ``kafka-reassign-partitions``, and which of them go together."""

from __future__ import annotations

from typing import Final

from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, ZOOKEEPER, broker_of_zookeeper
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, long, string

TOOL = Tool(
    "kafka-reassign-partitions",
    "This tool helps to move topic partitions between replicas.",
    (
        string("bootstrap-server", "Server(s) to use for bootstrapping", "Where brokers are: HOST:PORT."),
        string(
            "bootstrap-controller",
            "bootstrap controller to connect to",
            "With --cancel and --list: where controllers are.",
        ),
        COMMAND_CONFIG,
        ZOOKEEPER,
        flag("verify", "See whether what the file says is done, and if so, take the throttles away."),
        flag("generate", "Propose a new assignment for --topics-to-move-json-file."),
        flag("execute", "Do what the file says."),
        flag("cancel", "Undo what the file says, as far as it is not done yet."),
        flag("list", "List what is being moved."),
        string(
            "reassignment-json-file",
            "manual assignment json file path",
            '{"partitions": [{"topic": "foo", "partition": 1, "replicas": [1, 2], "log_dirs": ["any", "/data"]}], '
            '"version": 1}; log_dirs may be left out.',
        ),
        string(
            "topics-to-move-json-file",
            "topics to reassign json file path",
            'With --generate: {"topics": [{"topic": "foo"}, {"topic": "bar"}], "version": 1}.',
        ),
        string("broker-list", "brokerlist", "With --generate: the brokers to move to, as 0,1,2."),
        flag("disable-rack-aware", "With --generate: do not look at racks."),
        long("throttle", "throttle", "With --execute: bytes a second between brokers.", default=-1),
        long(
            "replica-alter-log-dirs-throttle",
            "replicaAlterLogDirsThrottle",
            "With --execute: bytes a second between the directories of one broker.",
            default=-1,
        ),
        long("timeout", "timeout", "How long it may take until moves between directories begin (ms).", default=10_000),
        flag("additional", "With --execute: besides what is being moved."),
        flag("preserve-throttles", "With --verify and --cancel: leave the throttles as they are."),
        flag("disallow-replication-factor-change", "With --execute: a partition must keep its number of replicas."),
    ),
)

_ACTIONS: Final = ("generate", "execute", "verify", "cancel", "list")
_REQUIRED: Final = {
    "verify": ("reassignment-json-file",),
    "generate": ("topics-to-move-json-file", "broker-list"),
    "execute": ("reassignment-json-file",),
    "cancel": ("reassignment-json-file",),
    "list": (),
}
_PERMITTED: Final = {
    "verify": ("bootstrap-server", "command-config", "preserve-throttles"),
    "generate": ("bootstrap-server", "command-config", "disable-rack-aware"),
    "execute": (
        *("additional", "bootstrap-server", "command-config", "throttle", "replica-alter-log-dirs-throttle"),
        *("timeout", "disallow-replication-factor-change"),
    ),
    "cancel": ("bootstrap-server", "bootstrap-controller", "command-config", "preserve-throttles", "timeout"),
    "list": ("bootstrap-server", "bootstrap-controller", "command-config"),
}


def check(options: Options) -> str:
    """The one action that is asked for. Raises UsageError where Kafka does, in its order."""
    actions = [action for action in _ACTIONS if options.has(action)]
    if len(actions) != 1:
        listed = ", ".join(f"--{action}" for action in _ACTIONS)
        raise UsageError(f"Command must include exactly one action: {listed}")
    action = actions[0]
    if options.has("bootstrap-server") and options.has("bootstrap-controller"):
        raise UsageError("Please don't specify both --bootstrap-server and --bootstrap-controller")
    if not any(map(options.has, ("bootstrap-server", "bootstrap-controller", "zookeeper"))):
        raise UsageError("Please specify either --bootstrap-server or --bootstrap-controller")
    options.require(*_REQUIRED[action])
    for name, _ in options.in_order:
        if name not in (action, "zookeeper", *_REQUIRED[action], *_PERMITTED[action]):
            raise UsageError(f'Option "[{name}]" can\'t be used with action "[{action}]"')
    return action


def bootstrap_of_zookeeper(options: Options) -> str | None:
    """The broker that --zookeeper stands for, which Kafka 2.x wants besides --bootstrap-server. Raises ClientError."""
    connect_string = options.value("zookeeper")
    if connect_string is None or options.has("bootstrap-server") or options.has("bootstrap-controller"):
        return None
    return broker_of_zookeeper(connect_string, f"--zookeeper {connect_string}")
