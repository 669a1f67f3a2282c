"""The CSV files of ``kafka-consumer-groups --reset-offsets``: what --export prints, and --from-file reads."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from minikafka.cli.groups.partition_offsets import Offsets
from minikafka.client.errors import ClientError

# What Jackson's CSV writer, which Kafka uses, puts between quotes without looking at it any closer.
_MAX_BARE_LENGTH: Final = 24
_LAST_QUOTED_CHARACTER: Final = ","


def exported(groups: Mapping[str, Offsets], *, with_groups: bool) -> str:
    """A line for each partition: group (where there can be several), topic, partition, offset."""
    lines = []
    for group, offsets in groups.items():
        for (topic, index), offset in sorted(offsets.items()):
            names = [group, topic] if with_groups else [topic]
            lines.append(",".join([*map(_quoted, names), str(index), str(offset)]) + "\n")
    return "".join(lines)


def read_plan(path: str, group_ids: Sequence[str]) -> dict[str, Offsets]:
    """The offsets of each group; lines without a group are of the only one that is given. Raises ClientError."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ClientError(f"{path} cannot be read: {reason}") from error
    plan: dict[str, Offsets] = {}
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        if not row:
            continue
        group = group_ids[0] if len(row) == 3 and len(group_ids) == 1 else row[0]
        try:
            if len(row) != 3 + (group is row[0]):
                raise ValueError
            topic, index, offset = row[-3].strip(), int(row[-2]), int(row[-1])
        except ValueError:
            form = "TOPIC,PARTITION,OFFSET" if len(group_ids) == 1 else "GROUP,TOPIC,PARTITION,OFFSET"
            raise ClientError(f"{path}, line {number}: {','.join(row)!r} is not of the form {form}") from None
        plan.setdefault(group, {})[topic, index] = offset
    return plan


def _quoted(text: str) -> str:
    if len(text) <= _MAX_BARE_LENGTH and all(character > _LAST_QUOTED_CHARACTER for character in text):
        return text
    return '"' + text.replace('"', '""') + '"'
