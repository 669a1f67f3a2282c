"""The options of ``kafka-share-groups``, and which of them go together."""

from __future__ import annotations

from typing import Final

from minikafka.cli.groups.consumer_group_options import (
    TIMEOUT,
    check_available,
    check_views,
    forbid_mixed,
    optional_string,
    require_one,
)
from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, string

TOOL = Tool(
    "kafka-share-groups",
    "This tool helps to list, describe, reset and delete share groups.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        TIMEOUT,
        flag("list", "List all share groups."),
        flag("describe", "Show from where groups read, and how much is left for them."),
        flag("delete", "Delete groups; several --group are several groups."),
        flag("reset-offsets", "Let a group without members go on from elsewhere."),
        flag("delete-offsets", "Delete the offsets of one group for topics."),
        string("group", "share group", "The group; with --describe and --delete also several."),
        flag("all-groups", "With --describe and --delete: all share groups."),
        string(
            "topic",
            "topic",
            "A topic; with --reset-offsets also partitions of it as topic1:0,1,2. There may be several.",
        ),
        flag("all-topics", "With --reset-offsets: all topics the group has offsets for."),
        string(
            "to-datetime", "datetime", "With --reset-offsets: to the first message since 'YYYY-MM-DDTHH:mm:SS.sss'."
        ),
        flag("to-earliest", "With --reset-offsets: to where the partitions begin."),
        flag("to-latest", "With --reset-offsets: to where they end."),
        flag("dry-run", "With --reset-offsets: only show what the offsets would be."),
        flag("execute", "With --reset-offsets: set them."),
        flag("offsets", "With --describe: the offsets; as without it."),
        flag("members", "With --describe: the members of the groups."),
        optional_string(
            "state",
            "With --describe: the state of the groups. With --list: their states too, or only these: stable,empty.",
        ),
        flag("verbose", "With --describe: all that is known."),
    ),
)

_ACTIONS: Final = ("list", "describe", "delete", "reset-offsets", "delete-offsets")
_SCENARIOS: Final = ("to-datetime", "to-earliest", "to-latest")
_AVAILABLE_WITH: Final = {
    "members": ("describe",),
    "offsets": ("describe",),
    "state": ("describe", "list"),
    "verbose": ("describe",),
}


def check(options: Options) -> str:
    """The one action that is asked for. Raises UsageError where Kafka does, in its order."""
    check_available(options, _AVAILABLE_WITH)
    options.require("bootstrap-server")
    if options.has("describe"):
        require_one(options, "describe", ("all-groups", "group"))
        check_views(options)
    if options.has("delete"):
        _check_delete(options)
    if options.has("delete-offsets") and not (options.has("group") and options.has("topic")):
        raise UsageError("Option [delete-offsets] takes the following options: [group], [topic]")
    if options.has("reset-offsets"):
        _check_reset(options)
    forbid_mixed(options)
    actions = [action for action in _ACTIONS if options.has(action)]
    if len(actions) != 1:
        listed = ", ".join(f"--{action}" for action in _ACTIONS)
        raise UsageError(f"Command must include exactly one action: {listed}.")
    return actions[0]


def _check_delete(options: Options) -> None:
    has_group, has_all = options.has("group"), options.has("all-groups")
    if not has_group and not has_all:
        raise UsageError("Option [delete] takes the options [group] or [all-groups]")
    if has_group and has_all:
        raise UsageError("Option [delete] takes either [group] or [all-groups], not both.")
    if options.has("topic"):
        raise UsageError("Option [delete] does not take the option: [topic]")


def _check_reset(options: Options) -> None:
    has_plan, has_execute = options.has("dry-run"), options.has("execute")
    if has_plan and has_execute:
        raise UsageError("Option [reset-offsets] only accepts one of [execute] and [dry-run]")
    if not has_plan and not has_execute:
        raise UsageError("Option [reset-offsets] takes the option: [execute] or [dry-run]")
    if not options.has("group"):
        raise UsageError("Option [reset-offsets] takes the option: [group]")
    require_one(options, "reset-offsets", ("all-topics", "topic"))
    require_one(options, "reset-offsets", _SCENARIOS)
    for name in _SCENARIOS:
        options.forbid_with(name, [other for other in _SCENARIOS if other != name])
