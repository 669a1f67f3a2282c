"""Tables as Kafka's tools print them: columns of a least width, with a blank between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.named_tuple import NamedTuple

MISSING: Final = "-"
"""What stands where there is no value."""


class Column(NamedTuple):
    """``width`` is that of its cells, which the last column does not need; ``grows``: more where a cell is longer."""

    title: str
    width: int = 0
    grows: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table with its titles. A cell that is None is MISSING."""
    cells = [[MISSING if cell is None else str(cell) for cell in row] for row in rows]
    widths = [
        max(column.width, *(len(row[index]) for row in cells)) if column.grows and cells else column.width
        for index, column in enumerate(columns)
    ]
    for row in ([column.title for column in columns], *cells):
        yield " ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))


def tabbed_table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table whose columns are as wide as they have to be, each with a tab behind it
    (``ToolsUtils.prettyPrintTable``).
    """
    cells = [list(titles), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "".join(f"{cell:<{width}}\t" for cell, width in zip(row, widths, strict=True))


def partitions_text(partitions: Iterable[TopicPartition]) -> str:
    """``orders:0,1;payments:0``, or MISSING."""
    topics = {topic: sorted(indexes) for topic, indexes in by_topic(partitions).items()}
    return ";".join(sorted(f"{topic}:{','.join(map(str, indexes))}" for topic, indexes in topics.items())) or MISSING
