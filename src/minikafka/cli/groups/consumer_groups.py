"""``kafka-consumer-groups``: list, describe and delete groups, and move their offsets (ConsumerGroupCommand)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from minikafka.cli.groups.consumer_group_options import TOOL, WITHOUT_EXECUTE, check
from minikafka.cli.groups.consumer_group_tables import member_table, offset_table, state_table
from minikafka.cli.groups.group_filters import chosen_states, chosen_types
from minikafka.cli.groups.group_offset_deletion import delete_group_offsets
from minikafka.cli.groups.partition_offsets import PartitionOffsets, print_new_offsets
from minikafka.cli.toolkit.connecting import bootstrap_of, load_properties, open_cluster
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.tables import Column, table
from minikafka.cli.toolkit.tool import run_tool
from minikafka.cli.topics.partition_choice import without_leader
from minikafka.client.admin.group_descriptions import ConsumerGroupDescription, describe_consumer_groups
from minikafka.client.admin.group_offsets import fetch_offsets
from minikafka.client.admin.groups import ListedGroup, delete_groups, list_groups
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer_protocol import PROTOCOL_TYPE
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import ApiError

_STATES: Final = ("PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty", "Assigning", "Reconciling")
_REBALANCING: Final = ("PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling")
_TYPES: Final = ("Classic", "Consumer")
_UNKNOWN: Final = "Unknown"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    action = check(options)
    if action == "validate-regex":
        _validate_regex(options.value("validate-regex") or "")
        return 0
    if action == "reset-offsets" and not options.has("dry-run") and not options.has("execute"):
        print(WITHOUT_EXECUTE, file=sys.stderr)
    timeout_s = (options.number("timeout") or 0) / 1000
    settings = load_properties(options.value("command-config"))
    servers = bootstrap_of(options) or ""
    try:
        with open_cluster(servers, settings, client_id="adminclient-1", connect_timeout_s=timeout_s) as cluster:
            _ACTIONS[action](cluster, options, timeout_s)
    except (ApiError, ClientError) as error:
        # Kafka's tool, too, ends with 0 then.
        print(f"\nError: Executing consumer group command failed due to {as_thrown(error)}")
    return 0


def _validate_regex(regex: str) -> None:
    from minikafka.coordinator.patterns.re2_syntax import PatternError, parse

    try:
        parse(regex)
    except PatternError as error:
        print(f"The regular expression `{regex}` is invalid: {error}.")
    else:
        print(f"The regular expression `{regex}` is valid.")


# --- list


def _list(cluster: Cluster, options: Options, timeout_s: float) -> None:
    has_type, has_state = options.has("type"), options.has("state")
    types = chosen_types(options.value("type"), _TYPES)
    states = chosen_states(options.value("state"), _STATES)
    groups = consumer_groups(cluster, states=states, types=types)
    if not has_type and not has_state:
        for group in groups:
            print(group.group_id)
        return
    width = max([15, *(len(group.group_id) for group in groups)]) + 10
    columns = [Column("GROUP", width)]
    columns += [Column("TYPE", 20)] if has_type else []
    columns += [Column("STATE", 20)] if has_state else []
    rows = []
    for group in groups:
        row = [group.group_id]
        row += [group.group_type.capitalize() or _UNKNOWN] if has_type else []
        row += [group.state or _UNKNOWN] if has_state else []
        rows.append(row)
    print(*table(columns, rows), sep="\n")


def consumer_groups(
    cluster: Cluster, *, states: Collection[str] = (), types: Collection[str] = ()
) -> list[ListedGroup]:
    """Groups of consumers, also simple ones, by id. Raises ApiError, ClientError."""
    groups = list_groups(cluster, states=states, types=types)
    return [group for group in groups if group.protocol_type in ("", PROTOCOL_TYPE)]


def _group_ids(cluster: Cluster, options: Options) -> list[str]:
    if options.has("all-groups"):
        return [group.group_id for group in consumer_groups(cluster)]
    return list(dict.fromkeys(options.values("group")))


# --- describe


def _describe(cluster: Cluster, options: Options, timeout_s: float) -> None:
    groups = describe_consumer_groups(cluster, sorted(_group_ids(cluster, options)), timeout_s=timeout_s)
    is_verbose = options.has("verbose")
    for group in groups.values():
        is_there = _say_state(group)
        if options.has("members"):
            # The titles are printed in any case.
            _print_apart(member_table(group, is_verbose=is_verbose))
        elif options.has("state"):
            if is_there:
                _print_apart(state_table(group, is_verbose=is_verbose))
        elif is_there:
            committed = fetch_offsets(GroupCoordinator(cluster, group.group_id, timeout_s=timeout_s), None)
            ends = _ends(cluster, {*committed, *(where for member in group.members for where in member.partitions)})
            _print_apart(offset_table(group, committed, ends, is_verbose=is_verbose))


def _say_state(group: ConsumerGroupDescription) -> bool:
    """Say what is worth knowing about a group's state; whether the group is there at all. Raises ClientError."""
    if group.state not in _STATES:
        raise ClientError(f"Expected a valid consumer group state, but found '{_UNKNOWN}'.")
    if group.state == "Dead":
        print(f"\nError: Consumer group '{group.group_id}' does not exist.")
        return False
    sys.stdout.flush()
    if group.state == "Empty":
        print(f"\nConsumer group '{group.group_id}' has no active members.", file=sys.stderr)
    elif group.state in _REBALANCING:
        print(f"\nWarning: Consumer group '{group.group_id}' is rebalancing.", file=sys.stderr)
    return True


def _ends(cluster: Cluster, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int | None]:
    idle = without_leader(cluster, partitions)
    return {**PartitionOffsets(cluster).end([where for where in sorted(partitions) if where not in idle])}


def _print_apart(lines: Sequence[str]) -> None:
    if lines:
        print("", *lines, sep="\n")


# --- change


def _delete(cluster: Cluster, options: Options, timeout_s: float) -> None:
    outcomes = delete_groups(cluster, _group_ids(cluster, options), timeout_s=timeout_s)
    deleted = ", ".join(f"'{group}'" for group, failure in outcomes.items() if failure is None)
    failed = {group: failure for group, failure in outcomes.items() if failure is not None}
    if not failed:
        print(f"Deletion of requested consumer groups ({deleted}) was successful.")
        return
    print("\nError: Deletion of some consumer groups failed:")
    for group, failure in failed.items():
        print(f"* Group '{group}' could not be deleted due to: {as_thrown(failure)}")
    if deleted:
        print(f"\nThese consumer groups were deleted successfully: {deleted}")


def _delete_offsets(cluster: Cluster, options: Options, timeout_s: float) -> None:
    coordinator = GroupCoordinator(cluster, options.value("group") or "", timeout_s=timeout_s)
    delete_group_offsets(coordinator, options.values("topic"))


def _reset_offsets(cluster: Cluster, options: Options, timeout_s: float) -> None:
    from minikafka.cli.groups.group_offset_reset import OffsetReset
    from minikafka.cli.groups.reset_plan import exported

    group_ids = _group_ids(cluster, options)
    reset = OffsetReset(cluster, options, group_ids, timeout_s=timeout_s)
    groups = {group_id: reset.reset(group_id) for group_id in group_ids}
    if options.has("export"):
        print(exported(groups, with_groups=len(options.values("group")) != 1))
    else:
        print_new_offsets(groups)


_ACTIONS: dict[str, Callable[[Cluster, Options, float], None]] = {
    "list": _list,
    "describe": _describe,
    "delete": _delete,
    "delete-offsets": _delete_offsets,
    "reset-offsets": _reset_offsets,
}


if __name__ == "__main__":
    sys.exit(main())
