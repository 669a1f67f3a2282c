"""The options of ``kafka-consumer-groups``, and which of them go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, ZOOKEEPER
from minikafka.cli.toolkit.options import Option, Options, Tool, UsageError, flag, long, string

TIMEOUT: Final = long(
    "timeout", "timeout (ms)", "How long a broker may take, also to be found and to load groups.", default=30_000
)


def optional_string(name: str, text: str) -> Option:
    return Option(name, text, "", "String", argument_is_optional=True)


RESET_SCENARIOS: Final = (
    string(
        "to-datetime", "datetime", "With --reset-offsets: to the first message at or after 'YYYY-MM-DDTHH:mm:SS.sss'."
    ),
    string("by-duration", "duration", "With --reset-offsets: to the first message since 'PnDTnHnMnS' ago."),
    flag("to-earliest", "With --reset-offsets: to where the partitions begin."),
    flag("to-latest", "With --reset-offsets: to where they end."),
    long("shift-by", "number-of-offsets", "With --reset-offsets: this far forward, or back where it is negative."),
    string("from-file", "path to CSV file", "With --reset-offsets: to the offsets in a file, as --export prints them."),
    flag("to-current", "With --reset-offsets: to the committed offsets."),
    long("to-offset", "offset", "With --reset-offsets: to this offset."),
)

TOOL = Tool(
    "kafka-consumer-groups",
    "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset "
    "consumer group offsets.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        ZOOKEEPER,
        TIMEOUT,
        flag("list", "List all consumer groups."),
        flag("describe", "Show how far groups have read, and how much is left for them."),
        flag("delete", "Delete groups with their offsets; several --group are several groups."),
        flag("reset-offsets", "Set the offsets of groups without members; what it does without --execute is a plan."),
        flag("delete-offsets", "Delete the offsets of one group for topics."),
        string("validate-regex", "regex", "Say whether this is a regular expression as RE2 has them."),
        string("group", "consumer group", "The group; with --describe, --delete and --reset-offsets also several."),
        flag("all-groups", "All consumer groups."),
        string(
            "topic",
            "topic",
            "With --reset-offsets and --delete-offsets: a topic, or partitions of it as topic1:0,1,2; several too.",
        ),
        flag("all-topics", "With --reset-offsets: all topics the group has offsets for."),
        *RESET_SCENARIOS,
        flag("dry-run", "With --reset-offsets: only show what the offsets would be."),
        flag("execute", "With --reset-offsets: set them."),
        flag("export", "With --reset-offsets: print the offsets as a CSV file, for --from-file."),
        flag("offsets", "With --describe: the offsets; as without it."),
        flag("members", "With --describe: the members of the groups."),
        optional_string(
            "state",
            "With --describe: the state of the groups. With --list: their states too, or only these: stable,empty.",
        ),
        flag("verbose", "With --describe: all that is known."),
        optional_string("type", "With --list: the types of groups too, or only these: classic,consumer."),
        flag("new-consumer", "As in Kafka 1.x; all groups are of the new consumer."),
    ),
)

_ACTIONS: Final = ("list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex")
_VIEWS: Final = ("members", "offsets", "state")
# Option -> actions, where jopt-simple itself knows that it needs one of them.
_AVAILABLE_WITH: Final = {
    "members": ("describe",),
    "verbose": ("describe",),
    "offsets": ("describe",),
    "state": ("describe", "list"),
    "type": ("list",),
}
WITHOUT_EXECUTE: Final = (
    "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require "
    "either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are "
    "scripting this command and want to keep the current default behavior without prompting."
)
"""What is said where neither --dry-run nor --execute is given."""


def check(options: Options) -> str:
    """The one action that is asked for. Raises UsageError where Kafka does, in its order."""
    check_available(options, _AVAILABLE_WITH)
    if not options.has("validate-regex") and not options.has("zookeeper"):
        options.require("bootstrap-server")
    if options.has("describe"):
        _check_describe(options)
    if options.has("delete"):
        _require_groups(options, "delete")
        if options.has("topic"):
            raise UsageError("The consumer does not support topic-specific offset deletion from a consumer group.")
    if options.has("delete-offsets") and not (options.has("group") and options.has("topic")):
        raise UsageError("Option [delete-offsets] takes the following options: [group], [topic]")
    if options.has("reset-offsets"):
        _check_reset(options)
    forbid_mixed(options)
    actions = [action for action in _ACTIONS if options.has(action)]
    if len(actions) != 1:
        raise UsageError("Command must include exactly one action: " + ", ".join(f"--{action}" for action in _ACTIONS))
    return actions[0]


def _check_reset(options: Options) -> None:
    """--dry-run or --execute, groups, and one scenario at most. Raises UsageError."""
    if options.has("dry-run") and options.has("execute"):
        raise UsageError("Option [reset-offsets] only accepts one of [execute] and [dry-run]")
    _require_groups(options, "reset-offsets")
    names = [option.name for option in RESET_SCENARIOS]
    for name in names:
        options.forbid_with(name, [other for other in names if other != name])


def check_available(options: Options, available_with: Mapping[str, Sequence[str]]) -> None:
    """``available_with``: option -> actions it needs one of, in the words of jopt-simple. Raises UsageError."""
    for name, actions in available_with.items():
        if options.has(name) and not any(map(options.has, actions)):
            raise UsageError(
                f"Option(s) [{name}] are unavailable given other options on the command line", shows_help=False
            )


def _check_describe(options: Options) -> None:
    _require_groups(options, "describe")
    check_views(options)


def check_views(options: Options) -> None:
    """One of the ways to describe groups at most. Raises UsageError."""
    if sum(map(options.has, _VIEWS)) > 1:
        raise UsageError(f"Option [describe] takes at most one of these options: {_listed(_VIEWS)}")
    if options.value("state"):
        raise UsageError("Option [describe] does not take a value for [state]")


def forbid_mixed(options: Options) -> None:
    """What no action takes together, for groups of all kinds. Raises UsageError."""
    options.forbid_with("group", ["all-groups"])
    options.forbid_with("group", ["list"])
    options.forbid_with("topic", ["list", "describe"])


def require_one(options: Options, action: str, names: Sequence[str]) -> None:
    """Raises UsageError where none of ``names`` is given, which ``action`` takes one of."""
    if not any(map(options.has, names)):
        raise UsageError(f"Option [{action}] takes one of these options: {_listed(names)}")


def _require_groups(options: Options, action: str) -> None:
    require_one(options, action, ("group", "all-groups"))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"[{name}]" for name in names)
