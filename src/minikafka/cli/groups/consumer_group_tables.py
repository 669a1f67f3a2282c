"""What ``kafka-consumer-groups --describe`` shows of a group: offsets, members, or state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from minikafka.cli.toolkit.tables import MISSING, Column, partitions_text, table
from minikafka.client.admin.group_descriptions import ConsumerGroupDescription, GroupMemberDescription
from minikafka.client.admin.group_offsets import CommittedOffset
from minikafka.client.leaders import TopicPartition

_GROUP = Column("GROUP", 15, grows=True)


def offset_table(
    group: ConsumerGroupDescription,
    committed: Mapping[TopicPartition, CommittedOffset],
    ends: Mapping[TopicPartition, int | None],
    *,
    is_verbose: bool,
) -> list[str]:
    """A row for each partition that a member has or an offset is committed for; without any, nothing.

    :param ends: where partitions end; None of those without a leader.
    """
    columns = [
        _GROUP,
        Column("TOPIC", 15, grows=True),
        Column("PARTITION", 10),
        *([Column("LEADER-EPOCH", 15)] if is_verbose else []),
        Column("CURRENT-OFFSET", 15),
        Column("LOG-END-OFFSET", 15),
        Column("LAG", 15),
        Column("CONSUMER-ID", 15, grows=True),
        Column("HOST", 15, grows=True),
        Column("CLIENT-ID"),
    ]
    rows = []
    for topic, index, member in _owned_partitions(group, committed):
        offset, end = committed.get((topic, index)), ends.get((topic, index))
        epoch = [offset.leader_epoch if offset else None] if is_verbose else []
        at = offset.offset if offset else None
        lag = None if at is None or end is None else end - at
        who = (member.member_id, member.host, member.client_id) if member else (None, None, None)
        rows.append([group.group_id, topic, index, *epoch, at, end, lag, *who])
    return list(table(columns, rows)) if rows else []


def _owned_partitions(
    group: ConsumerGroupDescription, committed: Iterable[TopicPartition]
) -> Iterator[tuple[str, int, GroupMemberDescription | None]]:
    """The partitions of members, those with most first, and then what is nobody's."""
    left = set(committed)
    for member in sorted(group.members, key=lambda member: -len(member.partitions)):
        for topic, index in sorted(member.partitions):
            yield topic, index, member
        left.difference_update(member.partitions)
    for topic, index in sorted(left):
        yield topic, index, None


def member_table(group: ConsumerGroupDescription, *, is_verbose: bool) -> list[str]:
    """A row for each member. Static members bring their column along, and so do those of the older protocol."""
    has_instances = any(member.instance_id for member in group.members)
    is_migrating = {True, False} <= {member.is_upgraded for member in group.members}
    columns = [
        _GROUP,
        Column("CONSUMER-ID", 15, grows=True),
        *([Column("GROUP-INSTANCE-ID", 17, grows=True)] if has_instances else []),
        Column("HOST", 15, grows=True),
        Column("CLIENT-ID", 15, grows=True),
        Column("#PARTITIONS", 15),
    ]
    if is_verbose:
        columns += [
            Column("CURRENT-EPOCH", 15),
            Column("CURRENT-ASSIGNMENT", 20, grows=True),
            Column("TARGET-EPOCH", 15),
            Column("TARGET-ASSIGNMENT", 20, grows=True),
            *([Column("UPGRADED")] if is_migrating else []),
        ]
    else:
        columns.append(Column(""))  # Kafka has a blank behind the last column
    rows = []
    for member in group.members:
        row: list[object] = [group.group_id, member.member_id]
        if has_instances:
            row.append(member.instance_id or "")
        row += [member.host, member.client_id, len(member.partitions)]
        if is_verbose:
            target = partitions_text(member.target or [])
            row += [member.member_epoch, partitions_text(member.partitions), group.target_assignment_epoch, target]
            row += [str(member.is_upgraded).lower()] if is_migrating else []
        else:
            row.append("")
        rows.append(row)
    return list(table(columns, rows))


def state_table(group: ConsumerGroupDescription, *, is_verbose: bool) -> list[str]:
    """One row."""
    coordinator = f"{group.coordinator.host}:{group.coordinator.port}  ({group.coordinator.node_id})"
    columns = [
        _GROUP,
        Column("COORDINATOR (ID)", 25, grows=True),
        Column("ASSIGNMENT-STRATEGY", 20),
        Column("STATE", 20),
    ]
    row: list[object] = [group.group_id, coordinator, group.assignor or MISSING, group.state]
    if is_verbose:
        columns += [Column("GROUP-EPOCH", 15), Column("TARGET-ASSIGNMENT-EPOCH", 25)]
        row += [group.group_epoch, group.target_assignment_epoch]
    return list(table([*columns, Column("#MEMBERS")], [[*row, len(group.members)]]))
