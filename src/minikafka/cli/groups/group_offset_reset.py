"""``kafka-consumer-groups --reset-offsets``: which partitions, and where to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minikafka.cli.groups.consumer_group_options import RESET_SCENARIOS
from minikafka.cli.groups.partition_offsets import Offsets, PartitionOffsets
from minikafka.cli.groups.reset_plan import read_plan
from minikafka.cli.toolkit.iso_times import datetime_ms, duration_ms
from minikafka.cli.toolkit.options import Options, UsageError
from minikafka.cli.topics.partition_choice import check_partitions, chosen_partitions
from minikafka.client.admin.group_descriptions import ConsumerGroupDescription, describe_consumer_group
from minikafka.client.admin.group_offsets import fetch_offsets, set_offsets
from minikafka.client.cluster import Cluster
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import GROUP_ID_NOT_FOUND, ApiError

_WITHOUT_MEMBERS = ("Empty", "Dead")


@contextmanager
def _only_the_sentence() -> Iterator[None]:
    """What a broker refuses here is printed without the name of an exception."""
    try:
        yield
    except ApiError as error:
        raise ClientError(str(error)) from error


class OffsetReset:
    """One command line's way of resetting, for each of its groups."""

    def __init__(self, cluster: Cluster, options: Options, group_ids: Sequence[str], *, timeout_s: float) -> None:
        self._cluster = cluster
        self._options = options
        self._group_ids = group_ids
        self._timeout_s = timeout_s
        self._offsets = PartitionOffsets(cluster)

    def reset(self, group_id: str) -> Offsets:
        """The new offsets, which with --execute are set. Raises UsageError, ApiError, ClientError."""
        state = self._state(group_id)
        if state not in _WITHOUT_MEMBERS:
            print(
                f"\nError: Assignments can only be reset if the group '{group_id}' is inactive, but the current state "
                f"is {state}."
            )
            return {}
        coordinator = GroupCoordinator(self._cluster, group_id, timeout_s=self._timeout_s)
        partitions = self._partitions(coordinator)
        check_partitions(self._cluster, partitions)
        offsets = self._new_offsets(coordinator, partitions)
        if self._options.has("execute"):
            with _only_the_sentence():
                set_offsets(coordinator, offsets)
        return offsets

    def _state(self, group_id: str) -> str:
        try:
            group: ConsumerGroupDescription = describe_consumer_group(
                self._cluster, group_id, timeout_s=self._timeout_s
            )
        except ApiError as error:
            if error.code != GROUP_ID_NOT_FOUND:
                raise
            return "Dead"
        return group.state

    def _partitions(self, coordinator: GroupCoordinator) -> list[TopicPartition]:
        if self._options.has("all-topics"):
            return list(fetch_offsets(coordinator, None))
        if self._options.has("topic"):
            with _only_the_sentence():
                return chosen_partitions(self._cluster, self._options.values("topic"))
        if not self._options.has("from-file"):
            raise UsageError("One of the reset scopes should be defined: --all-topics, --topic.")
        return []

    def _new_offsets(self, coordinator: GroupCoordinator, partitions: list[TopicPartition]) -> Offsets:
        options = self._options
        if options.has("to-offset"):
            return self._offsets.in_range(dict.fromkeys(partitions, options.number("to-offset") or 0))
        if options.has("to-earliest"):
            return self._offsets.begin(partitions)
        if options.has("to-latest"):
            return self._offsets.end(partitions)
        if options.has("shift-by"):
            return self._shifted(coordinator, partitions, options.number("shift-by") or 0)
        if options.has("to-datetime"):
            return self._offsets.at(partitions, datetime_ms(options.value("to-datetime") or ""))
        if options.has("by-duration"):
            now_ms = int(time.time() * 1000)
            return self._offsets.at(partitions, now_ms - duration_ms(options.value("by-duration") or ""))
        if options.has("from-file"):
            return self._planned(coordinator.group_id)
        if options.has("to-current"):
            return self._current(coordinator, partitions)
        scenarios = ", ".join(f"[{option.name}]" for option in RESET_SCENARIOS)
        raise UsageError(f"Option '[reset-offsets]' requires one of the following scenarios: [{scenarios}]")

    def _shifted(self, coordinator: GroupCoordinator, partitions: list[TopicPartition], by: int) -> Offsets:
        committed = fetch_offsets(coordinator, None)
        for topic, index in partitions:
            if (topic, index) not in committed:
                raise UsageError(
                    f"Cannot shift offset for partition {topic}-{index} since there is no current committed offset"
                )
        return self._offsets.in_range({where: committed[where].offset + by for where in partitions})

    def _planned(self, group_id: str) -> Offsets:
        plan = read_plan(self._options.values("from-file")[0], self._group_ids)
        if group_id not in plan:
            print(f"\nError: No reset plan for group {group_id} found")
            return {}
        return self._offsets.in_range(plan[group_id])

    def _current(self, coordinator: GroupCoordinator, partitions: list[TopicPartition]) -> Offsets:
        committed = fetch_offsets(coordinator, None)
        current = {where: committed[where].offset for where in partitions if where in committed}
        return {**current, **self._offsets.end([where for where in partitions if where not in committed])}
