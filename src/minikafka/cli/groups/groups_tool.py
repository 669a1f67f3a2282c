"""``kafka-groups``: the groups of all types (GroupsCommand)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.groups import CLASSIC, CONSUMER, SHARE, STREAMS, ListedGroup, list_groups
from minikafka.client.consuming.consumer_protocol import PROTOCOL_TYPE

_TOOL = Tool(
    "kafka-groups",
    "This tool helps to list groups of all types.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        flag("list", "List the groups."),
        string("group-type", "type", "Only groups of this type: classic, consumer, share or streams."),
        string("protocol", "protocol", "Only groups of this protocol."),
        flag("consumer", "Only groups of consumers, whether of type consumer, or classic and also simple ones."),
        flag("share", "Only share groups."),
        flag("streams", "Only streams groups."),
    ),
)
_TYPES = (CLASSIC, CONSUMER, SHARE, STREAMS)
_KINDS = ("consumer", "share", "streams")
_FILTERS = ("group-type", "protocol", *_KINDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act, failure_prefix="Error while executing groups command : ")


def _act(options: Options) -> int:
    if not options.has("bootstrap-server"):
        raise UsageError("Missing required option(s) [bootstrap-server]")
    if not options.has("list"):
        raise UsageError("Command must include exactly one action: --list.")
    if options.has("group-type") and (options.value("group-type") or "").lower() not in _TYPES:
        raise UsageError("--group-type must be a valid group type.", shows_help=False)
    for kind in _KINDS:
        options.forbid_with(kind, [other for other in _FILTERS if other != kind])
    with cluster_of(options) as cluster:
        groups = [group for group in list_groups(cluster) if _is_wanted(group, options)]
    rows = [(group.group_id, group.group_type.capitalize(), group.protocol_type) for group in groups]
    width = max([20, *(len(cell) for row in rows for cell in row)])
    print(" ".join(f"{title:<{width}}" for title in ("GROUP", "TYPE", "PROTOCOL")))
    for row in rows:
        print("".join(f"{cell:<{width}} " for cell in row))
    return 0


def _is_wanted(group: ListedGroup, options: Options) -> bool:
    group_type = group.group_type.lower()
    wanted_type, protocol = (options.value("group-type") or "").lower() or None, options.value("protocol")
    if wanted_type is not None or protocol is not None:
        return wanted_type in (None, group_type) and protocol in (None, group.protocol_type)
    if options.has("consumer"):
        return group.protocol_type in ("", PROTOCOL_TYPE) or group_type == CONSUMER
    return all(group_type == kind for kind in (SHARE, STREAMS) if options.has(kind))


if __name__ == "__main__":
    sys.exit(main())
