"""The options of ``kafka-console-producer``, of Kafka 4.2 and of the releases before it."""

from __future__ import annotations

import re

from minikafka.cli.toolkit.connecting import load_properties
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

TOOL = Tool(
    "kafka-console-producer",
    "This tool helps to read data from standard input and publish it to Kafka.",
    (
        string("topic", "topic", "REQUIRED: The topic to write to."),
        string("bootstrap-server", "server to connect to", "REQUIRED: where a broker is: HOST:PORT.", "broker-list"),
        flag("sync", "Wait for each line to be written before the next is read."),
        Option(
            "compression-codec",
            "none, gzip, snappy, lz4 or zstd; without a value gzip.",
            "compression-codec",
            "String",
            argument_is_optional=True,
            other_names=("compress",),
        ),
        integer("batch-size", "size", "How many bytes a batch may have.", default=16384),
        integer("message-send-max-retries", "retries", "How often sending is tried again (retries).", default=3),
        long("retry-backoff-ms", "ms", "The pause before that (retry.backoff.ms).", default=100),
        long("timeout", "timeout_ms", "How long lines wait for more to come in the same batch (linger.ms)."),
        string("request-required-acks", "acks", "0, 1 or all (acks).", default="-1"),
        integer("request-timeout-ms", "ms", "How long an answer may take (request.timeout.ms).", default=1500),
        long("metadata-expiry-ms", "ms", "How long topics are taken to be as they were (metadata.max.age.ms)."),
        long("max-block-ms", "ms", "How long a topic may take to come to be (max.block.ms).", default=60_000),
        long("max-memory-bytes", "bytes", "How much may wait to be sent (buffer.memory)."),
        integer("max-partition-memory-bytes", "bytes", "(DEPRECATED) The same as --batch-size."),
        string("line-reader", "class", "What makes records of lines.", default="LineMessageReader"),
        integer("socket-buffer-size", "size", "As in Kafka (send.buffer.bytes); the operating system decides."),
        string(
            "reader-property",
            "prop",
            "A setting of the line reader: parse.key, parse.headers, ignore.error (true or false); key.separator (a "
            "tab), headers.delimiter (a tab), headers.separator (,), headers.key.separator (:), null.marker. Any "
            "number of times.",
        ),
        string("property", "prop", "(DEPRECATED) The same as --reader-property."),
        string("reader-config", "config file", "Settings of the line reader, in a property file."),
        string("command-property", "producer_prop", "A setting of the producer: KEY=VALUE; any number of times."),
        string("producer-property", "producer_prop", "(DEPRECATED) The same as --command-property."),
        string("command-config", "config file", "Settings of the producer, in a property file."),
        string("producer.config", "config file", "(DEPRECATED) The same as --command-config."),
        flag("new-producer", _WITHOUT_EFFECT),
        flag("old-producer", _WITHOUT_EFFECT),
        string("key-serializer", "class", _WITHOUT_EFFECT),
        string("value-serializer", "class", _WITHOUT_EFFECT),
        string("queue-size", "queue_size", _WITHOUT_EFFECT),
        string("queue-enqueuetimeout-ms", "ms", _WITHOUT_EFFECT),
    ),
)

_SETTING_OF = {
    "timeout": "linger.ms",
    "request-required-acks": "acks",
    "request-timeout-ms": "request.timeout.ms",
    "message-send-max-retries": "retries",
    "retry-backoff-ms": "retry.backoff.ms",
    "max-memory-bytes": "buffer.memory",
    "batch-size": "batch.size",
    "max-partition-memory-bytes": "batch.size",
    "metadata-expiry-ms": "metadata.max.age.ms",
    "max-block-ms": "max.block.ms",
    "socket-buffer-size": "send.buffer.bytes",
}
_REPLACED_BY = {
    "property": ("reader-property", "in a future version"),
    "producer-property": ("command-property", "in a future version"),
    "producer.config": ("command-config", "in a future version"),
    "max-partition-memory-bytes": ("batch-size", "in Apache Kafka 5.0"),
}
_ADDRESS = re.compile(r"\[?[^\s,\]]+\]?:\d+")


class ProducerOptions(NamedTuple):
    bootstrap_servers: str
    topic: str
    is_synchronous: bool
    linger_ms: int
    properties: dict[str, str]
    reader_properties: dict[str, str]


def read(options: Options) -> tuple[ProducerOptions, list[str]]:
    """What is asked for, and sentences about options that will go. Raises UsageError, ConfigError."""
    options.require("topic")
    for old, (new, _) in _REPLACED_BY.items():
        if old != "max-partition-memory-bytes" and options.has(old) and options.has(new):
            raise UsageError(f"Options --{new} and --{old} cannot be specified together.")
    servers = options.value("bootstrap-server")
    if not servers:
        raise UsageError("Error while validating the bootstrap address\n")
    if not all(_ADDRESS.fullmatch(part.strip()) for part in servers.split(",")):
        raise UsageError("Please provide valid host:port like host1:9091,host2:9092\n")
    reader = (options.value("line-reader") or "").rpartition(".")[2].rpartition("$")[2]
    if reader != "LineMessageReader":
        raise UsageError(f"--line-reader {reader}: there is no such reader here, only LineMessageReader")
    properties = _properties(options)
    linger = properties.get("linger.ms", "0")
    found = ProducerOptions(
        servers,
        options.value("topic") or "",
        options.has("sync"),
        int(linger) if linger.isdecimal() else 0,
        properties,
        {
            **load_properties(options.value("reader-config")),
            **key_value_pairs(options.values("reader-property") + options.values("property")),
        },
    )
    deprecations = [
        f"Warning: --{old} is deprecated and will be removed {when}. Use --{new} instead."
        for old, (new, when) in _REPLACED_BY.items()
        if options.has(old)
    ]
    return found, deprecations


def _properties(options: Options) -> dict[str, str]:
    """The options, the properties given, the file, the options' defaults: whichever comes first counts."""
    properties = load_properties(options.value("command-config") or options.value("producer.config"))
    properties.update(key_value_pairs(options.values("command-property") + options.values("producer-property")))
    codec = options.value("compression-codec") if options.has("compression-codec") else None
    if codec is not None:
        properties["compression.type"] = codec or "gzip"
    properties.setdefault("client.id", "console-producer")
    for option, setting in _SETTING_OF.items():
        value = options.value(option)
        if value is not None and (options.has(option) or setting not in properties):
            properties[setting] = value
    return properties
