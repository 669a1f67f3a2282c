"""The offsets that committed ones can be set to: where partitions begin, end, and stand at a time (OffsetsUtils)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.progress import Progress
from minikafka.cli.toolkit.tables import Column, table
from minikafka.client.cluster import Cluster, check
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import EARLIEST, LATEST, list_offsets

Offsets = dict[TopicPartition, int]

_PARTITIONS_A_REQUEST = 1000


class PartitionOffsets:
    """Asks the leaders. Every method raises ApiError when one partition's offset cannot be had, and ClientError."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._leaders = Leaders(cluster)

    def begin(self, partitions: Collection[TopicPartition]) -> Offsets:
        """Where they begin."""
        return self._found(partitions, EARLIEST)

    def end(self, partitions: Collection[TopicPartition]) -> Offsets:
        """Where they end."""
        return self._found(partitions, LATEST)

    def at(self, partitions: Collection[TopicPartition], timestamp_ms: int) -> Offsets:
        """The first message at that time or later, else the end, which is said."""
        found = self._found(partitions, timestamp_ms)
        late = sorted(where for where, offset in found.items() if offset < 0)
        for topic, index in late:
            print(f"\nWarn: Partition {index} from topic {topic} is empty. Falling back to latest known offset.")
        return {**found, **self.end(late)}

    def in_range(self, wanted: Mapping[TopicPartition, int]) -> Offsets:
        """``wanted``, or the end of the partition that it is beyond, which is logged."""
        begin, end = self.begin(wanted.keys()), self.end(wanted.keys())
        return {where: _within(where, offset, begin[where], end[where]) for where, offset in wanted.items()}

    def _found(self, partitions: Collection[TopicPartition], timestamp: int) -> Offsets:
        found: Offsets = {}
        left = list(partitions)
        with Progress("Looking up offsets", len(left), "partitions") as progress:
            while left:
                some, left = left[:_PARTITIONS_A_REQUEST], left[_PARTITIONS_A_REQUEST:]
                for where, each in list_offsets(self._cluster, self._leaders, dict.fromkeys(some, timestamp)).items():
                    check(each.error_code)
                    found[where] = each.offset
                progress.advance(len(some))
        return found


def _within(where: TopicPartition, offset: int, begin: int, end: int) -> int:
    name = f"{where[0]}-{where[1]}"
    if offset > end:
        stderr_log.warn(
            f"New offset ({offset}) is higher than latest offset for topic partition {name}. Value will be set to {end}"
        )
        return end
    if offset < begin:
        stderr_log.warn(
            f"New offset ({offset}) is lower than earliest offset for topic partition {name}. "
            f"Value will be set to {begin}"
        )
        return begin
    return offset


def print_new_offsets(groups: Mapping[str, Offsets]) -> None:
    """The offsets that groups have been given, or would be."""
    columns = (
        Column("GROUP", max([15, *map(len, groups)])),
        Column("TOPIC", 15, grows=True),
        Column("PARTITION", 10),
        Column("NEW-OFFSET"),
    )
    rows = [
        (group, topic, index, offset)
        for group, offsets in groups.items()
        for (topic, index), offset in sorted(offsets.items())
    ]
    if groups:
        print()
        print(*table(columns, rows), sep="\n")
    else:
        print()
