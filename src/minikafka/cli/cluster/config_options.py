"""The options of ``kafka-configs``, and whose configuration they mean."""

from __future__ import annotations

import socket

from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, ZOOKEEPER
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, string
from minikafka.client.errors import ClientError
from minikafka.named_tuple import NamedTuple

_TYPES = ("topics", "clients", "users", "brokers", "ips", "client-metrics", "groups", "broker-loggers")

TOOL = Tool(
    "kafka-configs",
    "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or "
    "group",
    (
        string("bootstrap-server", "server to connect to", "Where a broker is: HOST:PORT."),
        string("bootstrap-controller", "controller to connect to", "The same; minikafka has no other port for it."),
        COMMAND_CONFIG,
        ZOOKEEPER,
        flag("alter", "Change settings."),
        flag("describe", "Show settings."),
        flag("all", "With --describe: those that have not been changed, too."),
        string("entity-type", "", f"Whose settings: {', '.join(_TYPES)}."),
        string("entity-name", "", "Its name or id."),
        flag("entity-default", "Instead of a name: the defaults of users, clients, brokers or ips."),
        string("add-config", "", "With --alter: what is set: k1=v1,k2=[v1,v2],k3=v3; values with commas in brackets."),
        string("add-config-file", "", "With --alter: a property file with what is set."),
        string("delete-config", "", "With --alter: what goes back to its default: k1,k2."),
        flag("force", "As in old releases; without effect."),
        string("zk-tls-config-file", "", "As in Kafka 2.5 to 3.9; without effect, as there is no ZooKeeper."),
        string("topic", "", "The topic's name."),
        string("client", "", "The client's id."),
        flag("client-defaults", "The defaults of all clients."),
        string("user", "", "The user's name."),
        flag("user-defaults", "The defaults of all users."),
        string("broker", "", "The broker's id."),
        flag("broker-defaults", "The defaults of all brokers."),
        string("broker-logger", "", "The broker's id, for the levels of its loggers."),
        string("ip", "", "The IP address."),
        flag("ip-defaults", "The defaults of all IP addresses."),
        string("client-metrics", "", "The name of a subscription to clients' metrics."),
        string("group", "", "The group's id."),
    ),
)

_FLAGS = {
    "topic": "topics",
    "client": "clients",
    "user": "users",
    "broker": "brokers",
    "broker-logger": "broker-loggers",
    "ip": "ips",
    "client-metrics": "client-metrics",
    "group": "groups",
}
_DEFAULT_FLAGS = {
    "client-defaults": "clients",
    "user-defaults": "users",
    "broker-defaults": "brokers",
    "ip-defaults": "ips",
}
_WITH_DEFAULTS = frozenset({"users", "clients", "brokers", "ips"})


class Target(NamedTuple):
    """Entity types and the names given, in their order; a name "" is the default of its type."""

    types: list[str]
    names: list[str]


def check(options: Options) -> Target:
    """Raises UsageError, and ClientError with the sentence of Kafka's IllegalArgumentException, as Kafka does."""
    if options.has("alter") == options.has("describe"):
        raise UsageError("Command must include exactly one action: --describe, --alter")
    options.forbid_with("describe", ["add-config", "delete-config"])
    target = Target(
        options.values("entity-type")
        + [kind for name, kind in {**_FLAGS, **_DEFAULT_FLAGS}.items() if options.has(name)],
        [value for name, value in options.in_order if name in ("entity-name", "entity-default")]
        + [options.value(name) or "" for name in _FLAGS if options.has(name)]
        + ["" for name in _DEFAULT_FLAGS if options.has(name)],
    )
    _check_types(target, options)
    _check_connection(options)
    _check_names(target, options)
    if options.has("alter"):
        _check_alter(target, options)
    return target


def _check_types(target: Target, options: Options) -> None:
    if len(set(target.types)) != len(target.types):
        duplicates = sorted({kind for kind in target.types if target.types.count(kind) > 1})
        raise ClientError(f"Duplicate entity type(s) specified: {','.join(duplicates)}")
    for kind in target.types:
        if kind not in _TYPES:
            raise ClientError(
                f"Invalid entity type {kind}, the entity type must be one of {', '.join(_TYPES)} with a "
                "--bootstrap-server or --bootstrap-controller argument"
            )
    if not target.types:
        raise ClientError("At least one entity type must be specified")
    if len(target.types) > 1 and set(target.types) != {"users", "clients"}:
        raise ClientError("Only 'users' and 'clients' entity types may be specified together")
    has_general = any(options.has(name) for name in ("entity-name", "entity-type", "entity-default"))
    if has_general and any(options.has(name) for name in {**_FLAGS, **_DEFAULT_FLAGS}):
        raise ClientError("--entity-{type,name,default} should not be used in conjunction with specific entity flags")


def _check_connection(options: Options) -> None:
    given = sum(options.has(name) for name in ("bootstrap-server", "bootstrap-controller", "zookeeper"))
    if given == 0:
        raise ClientError(
            "One of the required --bootstrap-server or --bootstrap-controller arguments must be specified"
        )
    if given > 1:
        raise ClientError("Only one of --bootstrap-server or --bootstrap-controller can be specified")


def _check_names(target: Target, options: Options) -> None:
    kind = target.types[0]
    names = [name for name in target.names if name]
    if kind in ("brokers", "broker-loggers"):
        for name in names:
            if not name.lstrip("-").isdecimal():
                raise ClientError(f"The entity name for {kind} must be a valid integer broker id, but it is: {name}")
    if kind == "ips":
        for name in names:
            if not _is_known_host(name):
                raise ClientError(f"The entity name for ips must be a valid IP or resolvable host, but it is: {name}")
    if options.has("describe"):
        if options.has("entity-default") and _WITH_DEFAULTS.isdisjoint(target.types):
            raise ClientError(f"--entity-default must not be specified with --describe of {','.join(target.types)}")
        if kind == "broker-loggers" and not names:
            raise ClientError(f"An entity name must be specified with --describe of {','.join(target.types)}")


def _is_known_host(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except (OSError, UnicodeError):
        return False
    return True


def _check_alter(target: Target, options: Options) -> None:
    if not _WITH_DEFAULTS.isdisjoint(target.types):
        if not target.names:
            raise ClientError(
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips"
            )
    elif not any(target.names):
        raise ClientError(f"An entity name must be specified with --alter of {','.join(target.types)}")
    if options.has("add-config") and options.has("add-config-file"):
        raise ClientError("Only one of --add-config or --add-config-file must be specified")
    if not any(options.has(name) for name in ("add-config", "add-config-file", "delete-config")):
        raise ClientError(
            "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"
        )
    if len(target.types) != len(target.names):
        raise ClientError("An entity name must be specified for every entity type")
