"""``kafka-e2e-latency``: how long a record takes from the producer to the consumer (Kafka's EndToEndLatency)."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from random import Random
from typing import Final

from minikafka.cli.console.deserializers import java_double
from minikafka.cli.toolkit.client_settings import consumer_settings, group_settings, producer_settings
from minikafka.cli.toolkit.connecting import load_properties, open_cluster
from minikafka.cli.toolkit.java_strings import java_text
from minikafka.cli.toolkit.options import Option, Options, Tool, UsageError, string
from minikafka.cli.toolkit.progress import Progress
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import Consumer
from minikafka.client.errors import ClientError
from minikafka.client.leaders import Leaders
from minikafka.client.offsets import LATEST
from minikafka.client.producing.producer import Producer
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import Record

_POLL_TIMEOUT_MS: Final = 60_000
_MAX_BLOCK_MS: Final = 2**63 - 1
_NAMES: Final = ("bootstrap-server", "topic", "num-records", "producer-acks", "record-size", "command-config")


def _size(name: str, argument: str, text: str) -> Option:
    return Option(name, text, argument, "Integer", default="0", argument_is_optional=True)


TOOL = Tool(
    "kafka-e2e-latency",
    "This tool measures end-to-end latency in Kafka by sending messages and timing their reception.",
    (
        string("bootstrap-server", "bootstrap-server", "REQUIRED: where a broker is: HOST:PORT."),
        string("topic", "topic-name", "REQUIRED: the topic to write and read."),
        Option("num-records", "REQUIRED: how many records to send.", "count", "Integer"),
        string("producer-acks", "producer-acks", "REQUIRED: 1 or all."),
        Option("record-size", "REQUIRED: how large the values are.", "bytes", "Integer"),
        _size("record-key-size", "bytes", "How large the keys are."),
        _size("record-header-key-size", "bytes", "How long the names of headers are."),
        _size("record-header-size", "bytes", "How large the values of headers are; -1 for null."),
        _size("num-headers", "count", "How many headers each record has."),
        Option(
            "command-config",
            "Settings of the clients, in a property file.",
            "config-file",
            "String",
            argument_is_optional=True,
        ),
    ),
)


class _Asked(NamedTuple):
    bootstrap_servers: str
    topic: str
    record_count: int
    acks: str
    value_bytes: int
    key_bytes: int
    header_count: int
    header_key_bytes: int
    header_value_bytes: int
    properties: dict[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    names = {f"--{name}" for name in _NAMES[:5]}
    if given and not names.intersection(given) and given[0] not in ("--help", "--version"):
        if len(given) not in (5, 6):
            print(
                f"Invalid number of arguments. Expected 5 or 6 positional arguments, but got {len(given)}. Usage: "
                "bootstrap-server topic num-records producer-acks record-size [optional] command-config",
                file=sys.stderr,
            )
            return 1
        print(
            "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use "
            f"named arguments instead: {', '.join(f'--{name}' for name in _NAMES)}"
        )
        given = [word for name, value in zip(_NAMES, given, strict=False) for word in (f"--{name}", value)]
    return run_tool(TOOL, given, _act)


def _act(options: Options) -> int:
    asked = _read(options)
    with (
        open_cluster(asked.bootstrap_servers, asked.properties, client_id="e2e-latency") as cluster,
        Progress("Sending and receiving", asked.record_count, "records") as progress,
    ):
        if not _exists(cluster, asked.topic):
            print(
                f'Topic "{asked.topic}" does not exist. Will create topic with 1 partition(s) and replication '
                "factor = 1"
            )
            create_topic(cluster, asked.topic, partitions=1, replication_factor=1)
        latencies_ns = _measure(cluster, asked, progress)
    _print_results(latencies_ns)
    return 0


def _read(options: Options) -> _Asked:
    """Raises UsageError, ConfigError."""
    options.require(*_NAMES[:5])
    if options.value("producer-acks") not in ("1", "all"):
        raise UsageError(
            "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' "
            "or 'all'."
        )
    if (options.number("num-records") or 0) <= 0:
        raise UsageError("Value for --num-records must be a positive integer.")
    for name in ("record-size", "record-key-size", "record-header-key-size", "num-headers"):
        if _number(options, name) < 0:
            raise UsageError(f"Value for --{name} must be a non-negative integer.")
    if _number(options, "record-header-size") < -1:
        raise UsageError("Value for --record-header-size must be a non-negative integer or -1 for null header value.")
    return _Asked(
        bootstrap_servers=options.value("bootstrap-server") or "",
        topic=options.value("topic") or "",
        record_count=_number(options, "num-records"),
        acks=options.value("producer-acks") or "",
        value_bytes=_number(options, "record-size"),
        key_bytes=_number(options, "record-key-size"),
        header_count=_number(options, "num-headers"),
        header_key_bytes=_number(options, "record-header-key-size"),
        header_value_bytes=_number(options, "record-header-size"),
        properties=load_properties(options.value("command-config") or None),
    )


def _number(options: Options, name: str) -> int:
    return int(options.value(name) or 0)


def _exists(cluster: Cluster, topic: str) -> bool:
    return any(found.name == topic for found in cluster.metadata(None).topics)


def _measure(cluster: Cluster, asked: _Asked, progress: Progress) -> list[int]:
    """Nanoseconds from sending to receiving, of each record. Raises ApiError, ClientError."""
    producer = Producer(
        cluster,
        producer_settings(
            {**asked.properties, "linger.ms": "0", "max.block.ms": str(_MAX_BLOCK_MS), "acks": asked.acks}
        ),
    )
    consumer = _consumer_at_end(cluster, asked)
    random = Random(0)
    latencies_ns = []
    try:
        for number in range(asked.record_count):
            key = _letters(random, asked.key_bytes)
            value = _letters(random, asked.value_bytes)
            headers = tuple(_header(random, asked) for _ in range(asked.header_count))
            begin_ns = time.perf_counter_ns()
            producer.send(asked.topic, value, key, headers)
            producer.flush()
            has_found = consumer.poll(_POLL_TIMEOUT_MS / 1000)
            elapsed_ns = time.perf_counter_ns() - begin_ns
            if not has_found:
                raise ClientError(f"poll() timed out before finding a result (timeout:[{_POLL_TIMEOUT_MS}ms])")
            _validate([fetched.record for _, fetched in consumer.take_many(asked.record_count)], key, value, headers)
            if number % 1000 == 0:
                progress.clear()
                print(f"{number}\t{java_double(elapsed_ns / 1000 / 1000)}", flush=True)
            latencies_ns.append(elapsed_ns)
            progress.advance()
    finally:
        consumer.commit()
    return latencies_ns


def _consumer_at_end(cluster: Cluster, asked: _Asked) -> Consumer:
    properties = {
        **asked.properties,
        "enable.auto.commit": "false",
        "auto.offset.reset": "latest",
        "fetch.max.wait.ms": "500",
    }
    group = group_settings(f"test-group-{time.time_ns() // 1_000_000}", properties)
    consumer = Consumer(cluster, consumer_settings(properties), group)
    found = Leaders(cluster).topic(asked.topic)
    if found is None:
        raise ClientError(f"Topic {asked.topic} not present in metadata")
    partitions = [(asked.topic, index) for index in sorted(found.leaders)]
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, LATEST)
    consumer.poll(0)
    return consumer


def _letters(random: Random, size_bytes: int) -> bytes:
    """One letter again and again."""
    return bytes((random.randrange(26) + 65,)) * size_bytes


def _header(random: Random, asked: _Asked) -> tuple[str, bytes | None]:
    name = _letters(random, asked.header_key_bytes).decode()
    return name, None if asked.header_value_bytes < 0 else _letters(random, asked.header_value_bytes)


def _validate(records: list[Record], key: bytes, value: bytes, headers: tuple[tuple[str, bytes | None], ...]) -> None:
    """Raises ClientError when something else came than was sent."""
    record = records[0]
    for what, sent, read in (("value", value, record.value), ("key", key, record.key)):
        if read != sent:
            raise ClientError(
                f"The message {what} read [{_text(read)}] did not match the message {what} sent [{_text(sent)}]"
            )
    if headers and not record.headers:
        raise ClientError("Expected message headers but received none")
    for sent_header, read_header in zip(headers, record.headers, strict=False):
        if sent_header != read_header:
            raise ClientError(
                f"The message header read [{read_header[0]}:{_text(read_header[1])}] did not match the message header "
                f"sent [{sent_header[0]}:{_text(sent_header[1])}]"
            )
    if len(headers) != len(record.headers):
        raise ClientError("Header count mismatch between sent and received messages")
    if len(records) != 1:
        raise ClientError(f"Only one result was expected during this test. We found [{len(records)}]")


def _text(data: bytes | None) -> str:
    return "null" if data is None else java_text(data)


def _print_results(latencies_ns: list[int]) -> None:
    count = len(latencies_ns)
    print(f"Avg latency: {sum(latencies_ns) / count / 1000.0 / 1000.0:.4f} ms")
    in_ms = sorted(latency_ns // 1_000_000 for latency_ns in latencies_ns)
    fifty, ninety_nine, last = (in_ms[int(count * share)] for share in (0.5, 0.99, 0.999))
    print(f"Percentiles: 50th = {fifty}, 99th = {ninety_nine}, 99.9th = {last}")


if __name__ == "__main__":
    sys.exit(main())
