"""``kafka-client-metrics``: which metrics clients shall push (KIP-714; ClientMetricsCommand)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.configs import (
    CLIENT_METRICS,
    DELETE,
    SET,
    Change,
    ConfigEntry,
    Resource,
    alter_configs,
    describe_configs,
    list_resources,
)
from minikafka.client.cluster import Cluster
from minikafka.protocol.primitives import uuid_to_text

_TOOL: Final = Tool(
    "kafka-client-metrics",
    "This tool helps to manipulate and describe client metrics configurations.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        flag("alter", "Set what a subscription says."),
        flag("delete", "Delete a subscription."),
        flag("describe", "Show what subscriptions say."),
        flag("list", "List the subscriptions."),
        string("name", "name", "The subscription."),
        flag("generate-name", "With --alter: call it by a random UUID."),
        string("interval", "push interval", "How often clients push, in ms; empty for the default."),
        string(
            "match",
            "k1=v1,k2=v2",
            "Which clients: client_id, client_instance_id, client_software_name, client_software_version, "
            "client_source_address or client_source_port, each with a regular expression.",
        ),
        string("metrics", "m1,m2", "The prefixes of the metrics that are wanted."),
    ),
)
_ACTIONS: Final = ("alter", "delete", "describe", "list")
# Option -> the key that it sets.
_KEYS: Final = {"interval": "interval.ms", "metrics": "metrics", "match": "match"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act, failure_prefix="Error while executing client metrics command : ")


def _act(options: Options) -> int:
    action = _check(options)
    with cluster_of(options) as cluster:
        _DOERS[action](cluster, options)
    return 0


def _check(options: Options) -> str:
    actions = [action for action in _ACTIONS if options.has(action)]
    if len(actions) != 1:
        raise UsageError("Command must include exactly one action: --alter, --delete, --describe or --list.")
    if not options.has("bootstrap-server"):
        raise _refusal("--bootstrap-server must be specified.")
    of_alter = ("generate-name", *_KEYS)
    options.forbid_with("delete", of_alter)
    options.forbid_with("describe", of_alter)
    options.forbid_with("list", ("name", *of_alter))
    if options.has("alter"):
        if options.has("name") == options.has("generate-name"):
            raise _refusal("One of --name or --generate-name must be specified with --alter.")
        _check_interval(options.value("interval"))
    if options.has("delete") and not options.has("name"):
        raise _refusal("A client metrics resource name must be specified with --delete.")
    return actions[0]


def _check_interval(text: str | None) -> None:
    try:
        int(text or "0")
    except ValueError:
        raise _refusal("Invalid interval value. Enter an integer, or leave empty to reset.") from None


def _refusal(sentence: str) -> UsageError:
    return UsageError(sentence, shows_help=False)


def _alter(cluster: Cluster, options: Options) -> None:
    name = options.value("name")
    if name is None:
        name = uuid_to_text(os.urandom(16))
    values = {key: options.value(option) for option, key in _KEYS.items() if options.has(option)}
    changes = [Change(key, SET if value else DELETE, value or None) for key, value in values.items()]
    alter_configs(cluster, Resource(CLIENT_METRICS, name), changes)
    print(f"Altered client metrics config for {name}.")


def _delete(cluster: Cluster, options: Options) -> None:
    name = options.value("name") or ""
    changes = [Change(entry.name, DELETE, None) for entry in _entries(cluster, name)]
    alter_configs(cluster, Resource(CLIENT_METRICS, name), changes)
    print(f"Deleted client metrics config for {name}.")


def _describe(cluster: Cluster, options: Options) -> None:
    names = _names(cluster)
    wanted = options.value("name")
    if wanted is not None and wanted not in names:
        print(f"The client metric resource {wanted} doesn't exist and doesn't have dynamic config.")
        return
    for name in names if wanted is None else [wanted]:
        print(f"Client metrics configs for {name} are:")
        for entry in _entries(cluster, name):
            print(f"  {entry.name}={entry.value}")


def _list(cluster: Cluster, options: Options) -> None:
    print("\n".join(_names(cluster)))


def _names(cluster: Cluster) -> list[str]:
    return [resource.name for resource in list_resources(cluster, [CLIENT_METRICS])]


def _entries(cluster: Cluster, name: str) -> list[ConfigEntry]:
    resource = Resource(CLIENT_METRICS, name)
    return describe_configs(cluster, [resource])[resource]


_DOERS: Final[dict[str, Callable[[Cluster, Options], None]]] = {
    "alter": _alter,
    "delete": _delete,
    "describe": _describe,
    "list": _list,
}


if __name__ == "__main__":
    sys.exit(main())
