"""``kafka-share-groups``: list, describe and delete share groups, and move their offsets (ShareGroupCommand)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from minikafka.cli.groups.group_filters import chosen_states
from minikafka.cli.groups.partition_offsets import Offsets, PartitionOffsets, print_new_offsets
from minikafka.cli.groups.share_group_options import TOOL, check
from minikafka.cli.groups.share_group_tables import member_table, offset_lines, state_table
from minikafka.cli.toolkit.connecting import load_properties, open_cluster
from minikafka.cli.toolkit.iso_times import datetime_ms
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.tables import Column, table
from minikafka.cli.toolkit.tool import run_tool
from minikafka.cli.topics.partition_choice import check_partitions, chosen_partitions
from minikafka.client.admin.groups import SHARE, delete_groups, list_groups
from minikafka.client.admin.share_groups import (
    ShareGroupDescription,
    delete_share_group_offsets,
    describe_share_group,
    set_share_group_offsets,
    share_group_offsets,
)
from minikafka.client.cluster import Cluster
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import (
    GROUP_AUTHORIZATION_FAILED,
    GROUP_ID_NOT_FOUND,
    INVALID_GROUP_ID,
    NON_EMPTY_GROUP,
    TOPIC_AUTHORIZATION_FAILED,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
)

_STATES: Final = ("Stable", "Dead", "Empty")
_OF_GROUP: Final = (INVALID_GROUP_ID, GROUP_ID_NOT_FOUND, GROUP_AUTHORIZATION_FAILED, NON_EMPTY_GROUP)
_OF_TOPICS: Final = (TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION)


class _Ended(ClientError):
    """The tool ends with 1, and with this sentence alone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    action = check(options)
    timeout_s = (options.number("timeout") or 0) / 1000
    settings = load_properties(options.value("command-config"))
    servers = options.value("bootstrap-server") or ""
    try:
        with open_cluster(servers, settings, client_id="adminclient-1", connect_timeout_s=timeout_s) as cluster:
            _ACTIONS[action](_ShareGroups(cluster, options, timeout_s))
    except _Ended:
        raise
    except (ApiError, ClientError) as error:
        # Kafka's tool, too, ends with 0 then.
        print(f"\nError: Executing share group command failed due to {as_thrown(error)}")
    return 0


class _ShareGroups:
    """One command line's work. Every action raises UsageError, ApiError, ClientError."""

    def __init__(self, cluster: Cluster, options: Options, timeout_s: float) -> None:
        self._cluster = cluster
        self._options = options
        self._timeout_s = timeout_s

    def list(self) -> None:
        states = chosen_states(self._options.value("state"), _STATES)
        groups = list_groups(self._cluster, states=states, types=[SHARE])
        if not self._options.has("state"):
            for group in groups:
                print(group.group_id)
            return
        columns = (Column("GROUP", 15, grows=True), Column("STATE"))
        rows = [(group.group_id, group.state or "Unknown") for group in groups]
        print(*table(columns, rows), sep="\n")

    def describe(self) -> None:
        groups = [describe_share_group(self._coordinator(group_id)) for group_id in sorted(set(self._group_ids()))]
        is_verbose = self._options.has("verbose")
        for group in groups:
            if self._options.has("members"):
                if _say_state(group) and group.members:
                    print("", *member_table(group, is_verbose=is_verbose), sep="\n")
            elif self._options.has("state"):
                _say_state(group)
                print("", *state_table(group, is_verbose=is_verbose), sep="\n")
            else:
                offsets = share_group_offsets(self._coordinator(group.group_id))
                print("", *offset_lines(group.group_id, offsets, is_verbose=is_verbose), sep="\n")

    def delete(self) -> None:
        states = {group.group_id: group.state for group in list_groups(self._cluster, types=[SHARE])}
        wanted = sorted(states) if self._options.has("all-groups") else self._group_ids()
        failed = {group_id: reason for group_id in wanted for reason in _why_not_to_delete(group_id, states)}
        deletable = [group_id for group_id in wanted if group_id not in failed]
        outcomes = delete_groups(self._cluster, deletable, timeout_s=self._timeout_s)
        failed.update({group_id: as_thrown(error) for group_id, error in outcomes.items() if error is not None})
        deleted = ", ".join(f"'{group_id}'" for group_id in deletable if group_id not in failed)
        if not failed:
            print(f"Deletion of requested share groups ({deleted}) was successful.")
            return
        print("\nError: Deletion of some share groups failed:")
        for group_id, reason in failed.items():
            print(f"* Group '{group_id}' could not be deleted due to: {reason}")
        if deleted:
            print(f"\nThese share groups were deleted successfully: {deleted}")

    def delete_offsets(self) -> None:
        coordinator = self._coordinator(self._options.value("group") or "")
        topics = list(dict.fromkeys(self._options.values("topic")))
        try:
            outcomes = delete_share_group_offsets(coordinator, topics)
            failure = next(filter(None, outcomes.values()), None)
        except ApiError as error:
            outcomes, failure = dict.fromkeys(topics, error), error
        if failure is not None and failure.code in _OF_GROUP:
            print(f"\nError: {failure}")
        elif failure is not None and failure.code not in _OF_TOPICS:
            print(f"\nError: Encounter some unknown error: {as_thrown(failure)}")
        columns = (Column("TOPIC", 15, grows=True), Column("STATUS"))
        rows = [(topic, f"Error: {error}" if error else "Successful") for topic, error in sorted(outcomes.items())]
        print("", *table(columns, rows), sep="\n")

    def reset_offsets(self) -> None:
        group_id = self._options.value("group") or ""
        coordinator = self._coordinator(group_id)
        try:
            group = describe_share_group(coordinator)
        except ApiError as error:
            if error.code != GROUP_ID_NOT_FOUND:
                raise _Ended(str(error)) from error
        else:
            if group.state not in ("Empty", "Dead"):
                raise _Ended(f"Share group '{group_id}' is not empty.")
        if self._options.has("topic"):
            partitions = chosen_partitions(self._cluster, self._options.values("topic"))
        else:
            partitions = list(share_group_offsets(coordinator))
        check_partitions(self._cluster, partitions)
        offsets = self._new_offsets(partitions)
        if self._options.has("execute"):
            set_share_group_offsets(coordinator, offsets)
        print_new_offsets({group_id: offsets})

    def _new_offsets(self, partitions: Sequence[TopicPartition]) -> Offsets:
        offsets = PartitionOffsets(self._cluster)
        if self._options.has("to-earliest"):
            return offsets.begin(partitions)
        if self._options.has("to-latest"):
            return offsets.end(partitions)
        return offsets.at(partitions, datetime_ms(self._options.value("to-datetime") or ""))

    def _coordinator(self, group_id: str) -> GroupCoordinator:
        return GroupCoordinator(self._cluster, group_id, timeout_s=self._timeout_s)

    def _group_ids(self) -> Sequence[str]:
        if self._options.has("all-groups"):
            return [group.group_id for group in list_groups(self._cluster, types=[SHARE])]
        return list(dict.fromkeys(self._options.values("group")))


def _why_not_to_delete(group_id: str, states: dict[str, str]) -> Iterator[str]:
    if group_id not in states:
        yield f"java.lang.IllegalArgumentException: Group '{group_id}' is not a share group."
    elif states[group_id] == "Dead":
        yield f"java.lang.IllegalStateException: Share group '{group_id}' group state is DEAD."
    elif states[group_id] != "Empty":
        yield as_thrown(ApiError(NON_EMPTY_GROUP, f"Share group '{group_id}' is not EMPTY."))


def _say_state(group: ShareGroupDescription) -> bool:
    """Say that a group is not there, or has no members; whether it is there."""
    if group.state == "Dead":
        print(f"\nError: Share group '{group.group_id}' does not exist.")
    elif group.state == "Empty":
        sys.stdout.flush()
        print(f"\nShare group '{group.group_id}' has no active members.", file=sys.stderr)
    return group.state != "Dead"


_ACTIONS: Final[dict[str, Callable[[_ShareGroups], None]]] = {
    "list": _ShareGroups.list,
    "describe": _ShareGroups.describe,
    "delete": _ShareGroups.delete,
    "reset-offsets": _ShareGroups.reset_offsets,
    "delete-offsets": _ShareGroups.delete_offsets,
}


if __name__ == "__main__":
    sys.exit(main())
