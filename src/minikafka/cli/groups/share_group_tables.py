"""What ``kafka-share-groups --describe`` shows of a group: offsets, members, or state."""

from __future__ import annotations

from collections.abc import Mapping

from minikafka.cli.toolkit.tables import Column, partitions_text, table
from minikafka.client.admin.share_groups import ShareGroupDescription, SharePartition
from minikafka.client.leaders import TopicPartition


def offset_lines(group_id: str, offsets: Mapping[TopicPartition, SharePartition], *, is_verbose: bool) -> list[str]:
    """A row for each partition, or a sentence where there are none."""
    if not offsets:
        return [f"Share group '{group_id}' has no offset information."]
    columns = [
        Column("GROUP", 15, grows=True),
        Column("TOPIC", 15, grows=True),
        Column("PARTITION", 10),
        *([Column("LEADER-EPOCH", 13)] if is_verbose else []),
        Column("START-OFFSET", 13),
        Column("LAG"),
    ]
    rows = [
        [group_id, topic, index, *([each.leader_epoch] if is_verbose else []), each.start_offset, each.lag]
        for (topic, index), each in sorted(offsets.items())
    ]
    return list(table(columns, rows))


def state_table(group: ShareGroupDescription, *, is_verbose: bool) -> list[str]:
    """One row."""
    coordinator = f"{group.coordinator.host}:{group.coordinator.port}  ({group.coordinator.node_id})"
    columns = [Column("GROUP", 15, grows=True), Column("COORDINATOR (ID)", 25, grows=True), Column("STATE", 15)]
    row: list[object] = [group.group_id, coordinator, group.state]
    if is_verbose:
        columns += [Column("GROUP-EPOCH", 12), Column("ASSIGNMENT-EPOCH", 17)]
        row += [group.group_epoch, group.assignment_epoch]
    return list(table([*columns, Column("#MEMBERS")], [[*row, len(group.members)]]))


def member_table(group: ShareGroupDescription, *, is_verbose: bool) -> list[str]:
    """A row for each member."""
    columns = [
        Column("GROUP", 15, grows=True),
        Column("CONSUMER-ID", 15, grows=True),
        Column("HOST", 15, grows=True),
        Column("CLIENT-ID", 15, grows=True),
        Column("#PARTITIONS", 12),
        *([Column("MEMBER-EPOCH", 13)] if is_verbose else []),
        Column("ASSIGNMENT"),
    ]
    rows = []
    for member in sorted(group.members):
        epoch = [member.member_epoch] if is_verbose else []
        assignment = partitions_text(member.partitions) if member.partitions else ""
        who = (group.group_id, member.member_id, member.host, member.client_id)
        rows.append([*who, len(member.partitions), *epoch, assignment])
    return list(table(columns, rows))
