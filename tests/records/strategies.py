"""Hypothesis strategies for records and batches."""

from __future__ import annotations

from hypothesis import strategies as st

from minikafka.records.batch import Record
from minikafka.records.compression import NAMES

NOW_MS = 1_700_000_000_000

nullable_bytes = st.none() | st.binary(max_size=100)
timestamps = st.just(-1) | st.integers(0, 300) | st.integers(NOW_MS, NOW_MS + 100_000)
headers = st.lists(st.tuples(st.text(max_size=10), nullable_bytes), max_size=4).map(tuple)
codecs_by_magic = st.sampled_from(
    [(magic, codec) for magic in (0, 1, 2) for codec in NAMES if magic == 2 or codec != "zstd"]
)


@st.composite
def record_lists(
    draw: st.DrawFn, *, magic: int = 2, min_size: int = 1, max_size: int = 10, gaps: bool = True
) -> list[Record]:
    """Records with ascending offsets from 0 on, without the headers and timestamps that the magic does not have."""
    count = draw(st.integers(min_size, max_size))
    offset = 0
    records = []
    for _ in range(count):
        records.append(
            Record(
                offset,
                -1 if magic == 0 else draw(timestamps),
                draw(nullable_bytes),
                draw(nullable_bytes),
                draw(headers) if magic == 2 else (),
            )
        )
        offset += draw(st.sampled_from([1, 1, 1, 2, 70, 10_000])) if gaps else 1
    return records
