"""The options of ``kafka-consumer-perf-test``, of Kafka 4.2 and of the releases before it."""

from __future__ import annotations

import os

from minikafka.cli.toolkit.connecting import ZOOKEEPER, bootstrap_of, load_properties
from minikafka.cli.toolkit.options import (
    Option,
    Options,
    Tool,
    UsageError,
    flag,
    integer,
    key_value_pairs,
    long,
    string,
)
from minikafka.named_tuple import NamedTuple

_WITHOUT_EFFECT = "As in old releases; without effect."
_DATE_FORMAT = "yyyy-MM-dd HH:mm:ss:SSS"

TOOL = Tool(
    "kafka-consumer-perf-test",
    "This tool is used to verify the consumer performance.",
    (
        string("bootstrap-server", "server to connect to", "REQUIRED: where a broker is: HOST:PORT.", "broker-list"),
        string("topic", "topic", "The topic to read."),
        string("include", "Java regex (String)", "Read all topics with such names."),
        string("group", "gid", "The group to be a member of; one of its own, when left out."),
        integer("fetch-size", "size", "How much of a partition to fetch at once.", default=1024 * 1024),
        string("command-property", "prop1=val1", "A setting of the consumer: KEY=VALUE; any number of times."),
        flag("from-latest", "Begin with what comes, where the group has not read yet."),
        integer("socket-buffer-size", "size", "As in Kafka; the operating system decides.", default=2 * 1024 * 1024),
        string("consumer.config", "config file", "(DEPRECATED) The same as --command-config."),
        string("command-config", "config file", "Settings of the consumer, in a property file."),
        flag("print-metrics", "Print what the consumer counted, at the end."),
        flag("show-detailed-stats", "Print how it goes at every reporting interval."),
        Option(
            "timeout",
            "End when no record came for so long.",
            "milliseconds",
            "Long",
            default="10000",
            argument_is_optional=True,
        ),
        long("messages", "count", "(DEPRECATED) The same as --num-records."),
        long("num-records", "count", "REQUIRED: how many records to read."),
        long("reporting-interval", "interval_ms", "How often to print how it goes.", default=5000),
        string("date-format", "date format", "How to write times (java.text.SimpleDateFormat).", default=_DATE_FORMAT),
        flag("hide-header", "Leave out the names of the columns."),
        integer("threads", "count", _WITHOUT_EFFECT),
        integer("num-fetch-threads", "count", _WITHOUT_EFFECT),
        flag("new-consumer", _WITHOUT_EFFECT),
        ZOOKEEPER,
    ),
)


class PerfOptions(NamedTuple):
    """``timeout_ms``: how long to wait for a record; ``interval_ms``: between two lines of details."""

    bootstrap_servers: str
    topic: str | None
    include: str | None
    group_id: str
    record_count: int
    properties: dict[str, str]
    timeout_ms: int
    interval_ms: int
    date_format: str
    has_header: bool
    shows_details: bool
    prints_metrics: bool


def read(options: Options) -> PerfOptions:
    """Prints what will go. Raises UsageError, ConfigError."""
    _check(options)
    if options.has("messages"):
        print("Warning: --messages is deprecated. Use --num-records instead.")
    if options.has("consumer.config"):
        print("Warning: --consumer.config is deprecated. Use --command-config instead.")
    properties = {
        **load_properties(options.value("consumer.config") or options.value("command-config")),
        **key_value_pairs(options.values("command-property")),
        "max.partition.fetch.bytes": options.value("fetch-size") or "",
        "auto.offset.reset": "latest" if options.has("from-latest") else "earliest",
        "check.crcs": "false",
    }
    properties.setdefault("client.id", "perf-consumer-client")
    record_count = options.number("messages") if options.has("messages") else options.number("num-records")
    timeout_ms = options.value("timeout") or "10000"
    return PerfOptions(
        bootstrap_servers=bootstrap_of(options) or "",
        topic=options.value("topic"),
        include=options.value("include"),
        group_id=options.value("group") or f"perf-consumer-{int.from_bytes(os.urandom(4), 'big') % 100_000}",
        record_count=record_count or 0,
        properties=properties,
        timeout_ms=int(timeout_ms),
        interval_ms=options.number("reporting-interval") or 0,
        date_format=options.value("date-format") or _DATE_FORMAT,
        has_header=not options.has("hide-header"),
        shows_details=options.has("show-detailed-stats"),
        prints_metrics=options.has("print-metrics"),
    )


def _check(options: Options) -> None:
    if not options.has("zookeeper"):
        options.require("bootstrap-server")
    for names in (("topic", "include"), ("messages", "num-records")):
        if sum(map(options.has, names)) != 1:
            listed = ", ".join(f"[{name}]" for name in names)
            raise UsageError(f"Exactly one of the following arguments is required: {listed}")
    options.forbid_with("consumer.config", ["command-config"])
    if (options.number("reporting-interval") or 0) < 0:
        raise UsageError(f"Value [{options.value('reporting-interval')}] did not match regex [^\\d+$]")
