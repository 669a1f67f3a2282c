"""``kafka-get-offsets``: where partitions begin and end, and which offset a time has (GetOffsetShell)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence

from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options, Tool, flag, integer, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.topics import TopicDescription, list_topics
from minikafka.client.errors import ClientError
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import (
    EARLIEST,
    EARLIEST_LOCAL,
    EARLIEST_PENDING_UPLOAD,
    LATEST,
    LATEST_TIERED,
    MAX_TIMESTAMP,
    list_offsets,
)
from minikafka.errors import NONE, ApiError

_TOOL = Tool(
    "kafka-get-offsets",
    "An interactive shell for getting topic-partition offsets.",
    (
        string("bootstrap-server", "HOST1:PORT1,...,HOST3:PORT3", "REQUIRED. Where brokers are.", "broker-list"),
        COMMAND_CONFIG,
        string(
            "topic-partitions",
            "topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
            "Partitions: a regular expression for topics, and behind a colon a number, or a range without its end.",
        ),
        string("topic", "topic", "A topic, or a regular expression for topics; without it all."),
        string("partitions", "partition ids", "Partitions: 0,1,2; without it all."),
        string(
            "time",
            "<timestamp> or name",
            "The first offset at this time (ms), or: -1 or latest, -2 or earliest, -3 or max-timestamp, -4 or "
            "earliest-local, -5 or latest-tiered, -6 or earliest-pending-upload.",
            default="latest",
        ),
        flag("exclude-internal-topics", "Leave out Kafka's own topics."),
        integer("offsets", "count", "As in Kafka 2.x; without effect."),
        integer("max-wait-ms", "ms", "As in Kafka 2.x; without effect."),
    ),
)

_TIMES = {
    "latest": LATEST,
    "earliest": EARLIEST,
    "max-timestamp": MAX_TIMESTAMP,
    "earliest-local": EARLIEST_LOCAL,
    "latest-tiered": LATEST_TIERED,
    "earliest-pending-upload": EARLIEST_PENDING_UPLOAD,
}
_PATTERN = re.compile(r"([^:,]*)(?::(?:(\d*)|(\d*)-(\d*)))?")

Filter = Callable[[str, int], bool]


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act)


def _act(options: Options) -> int:
    options.require("bootstrap-server")
    try:
        _print_offsets(options)
    except (ApiError, ClientError) as error:
        raise ClientError(f"Error occurred: {error}") from error
    return 0


def _print_offsets(options: Options) -> None:
    if options.has("topic-partitions") and (options.has("topic") or options.has("partitions")):
        raise ClientError("--topic-partitions cannot be used with --topic or --partitions")
    timestamp = _timestamp(options.value("time") or "")
    is_wanted = _filter(options)
    with cluster_of(options, client_id="GetOffsetShell") as cluster:
        topics = list_topics(cluster)
        if options.has("exclude-internal-topics"):
            topics = [topic for topic in topics if not topic.is_internal]
        wanted = [where for topic in topics for where in _partitions(topic) if is_wanted(*where)]
        if not wanted:
            raise ClientError("Could not match any topic-partitions with the specified filters")
        found = list_offsets(cluster, Leaders(cluster), dict.fromkeys(wanted, timestamp))
        for topic_name, index in sorted(wanted, key=lambda where: f"{where[0]}-{where[1]}"):
            offset, _, code = found[topic_name, index]
            if code != NONE:
                reason = as_thrown(ApiError(code))
                print(
                    f"Skip getting offsets for topic-partition {topic_name}-{index} due to error: {reason}",
                    file=sys.stderr,
                )
            elif offset >= 0:
                print(f"{topic_name}:{index}:{offset}")


def _partitions(topic: TopicDescription) -> list[TopicPartition]:
    return [(topic.name, partition.partition) for partition in topic.partitions]


def _timestamp(text: str) -> int:
    if text in _TIMES:
        return _TIMES[text]
    try:
        return int(text)
    except ValueError:
        raise ClientError(
            f"Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or "
            "earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp"
        ) from None


def _filter(options: Options) -> Filter:
    patterns = options.value("topic-partitions")
    if patterns is not None:
        filters = [_pattern_filter(text) for text in patterns.split(",")]
        return lambda topic, index: any(matches(topic, index) for matches in filters)
    is_topic = _topic_filter(options.value("topic") or ".*")
    text = options.value("partitions")
    if not text:
        return lambda topic, index: is_topic(topic)
    try:
        indexes = {int(part) for part in text.split(",")}
    except ValueError:
        raise ClientError(
            f"--partitions expects a comma separated list of numeric partition ids, but received: {text}"
        ) from None
    return lambda topic, index: is_topic(topic) and index in indexes


def _pattern_filter(text: str) -> Filter:
    """NUMBER, NUMBER-NUMBER (without the second), NUMBER- or -NUMBER behind the colon."""
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise ClientError(f"Invalid rule specification: {text}")
    is_topic = _topic_filter(found[1] or ".*")
    if found[2]:
        only = int(found[2])
        return lambda topic, index: is_topic(topic) and index == only
    low = int(found[3] or 0)
    high = int(found[4]) if found[4] else None
    return lambda topic, index: is_topic(topic) and low <= index and (high is None or index < high)


def _topic_filter(expression: str) -> Callable[[str], bool]:
    """As Kafka's IncludeList: a comma means "or"."""
    try:
        pattern = re.compile(expression.replace(",", "|"))
    except re.error as error:
        raise ClientError(f"{expression} is an invalid regex: {error}") from error
    return lambda topic: pattern.fullmatch(topic) is not None


if __name__ == "__main__":
    sys.exit(main())
