"""What a consumer group remembers of the topics that it reads: one number, for their ids, names, sizes and racks.

When it changes, the group assigns anew (KIP-1101). Source: ``computeTopicHash`` and ``computeGroupHash`` of Kafka's
group coordinator; strings are their UTF-16 code units and then how many those are, as in hash4j.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import Any, Final

from minikafka.coordinator.xxh3 import xxh3_64

_FORMAT_VERSION: Final = b"\0"
_INT32: Final = Struct("<i")
_INT64: Final = Struct("<q")
_SIGN_BIT: Final = 1 << 63


class TopicHashes:
    """The hashes of topics, each computed once for as long as the topic stays as it is.

    :param rack: where this broker, and with it every partition, is.
    """

    __slots__ = ("_known", "_rack")

    def __init__(self, rack: str | None) -> None:
        self._rack = rack
        self._known: dict[bytes, tuple[int, int]] = {}

    def of_topics(self, names: Iterable[str], topics_by_name: Mapping[str, Any]) -> int:
        """One signed 64-bit number for the topics among ``names`` that there are; 0 when there is none."""
        found = [topics_by_name[name] for name in sorted(names) if name in topics_by_name]
        if not found:
            return 0
        return _signed(xxh3_64(b"".join(_INT64.pack(self._of_topic(topic)) for topic in found)))

    def _of_topic(self, topic: Any) -> int:
        count = len(topic.partitions)
        known = self._known.get(topic.topic_id)
        if known is None or known[0] != count:
            value = topic_hash(topic.name, topic.topic_id, count, self._rack)
            known = self._known[topic.topic_id] = (count, value)
        return known[1]


def topic_hash(name: str, topic_id: bytes, partition_count: int, rack: str | None) -> int:
    """A signed 64-bit number. ``topic_id``: 16 bytes."""
    rack_data = b"" if rack is None else _INT32.pack(_length(rack)) + _string(rack)
    return _signed(
        xxh3_64(
            b"".join(
                [
                    _FORMAT_VERSION,
                    topic_id[7::-1],
                    topic_id[:7:-1],
                    _string(name),
                    _INT32.pack(partition_count),
                    *[_INT32.pack(partition) + rack_data for partition in range(partition_count)],
                ]
            )
        )
    )


def _string(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass") + _INT32.pack(_length(text))


def _length(text: str) -> int:
    """In UTF-16 code units, as Java counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _signed(value: int) -> int:
    return value - (value & _SIGN_BIT) * 2
