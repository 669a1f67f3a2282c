"""The options of ``kafka-console-consumer``, of Kafka 4.2 and of the releases before it."""

from __future__ import annotations

import os

from minikafka.cli.toolkit.connecting import ZOOKEEPER, bootstrap_of, load_properties
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, integer, key_value_pairs, long, string
from minikafka.client.errors import ClientError
from minikafka.client.offsets import EARLIEST, LATEST
from minikafka.named_tuple import NamedTuple

_DEFAULT_FORMATTER = "org.apache.kafka.tools.consumer.DefaultMessageFormatter"
_WITHOUT_EFFECT = "As in old releases; without effect."

TOOL = Tool(
    "kafka-console-consumer",
    "This tool helps to read data from Kafka topics and outputs it to standard output.",
    (
        string("bootstrap-server", "server to connect to", "REQUIRED: where a broker is: HOST:PORT.", "broker-list"),
        ZOOKEEPER,
        string("topic", "topic", "The topic to read."),
        string("include", "regular expression", "Read all topics with such names.", "whitelist"),
        integer("partition", "partition", "Read this partition alone, from its end unless --offset says otherwise."),
        string(
            "offset",
            "consume offset",
            "With --partition: where to begin: a number, earliest, or latest.",
            default="latest",
        ),
        string("consumer-property", "consumer_prop", "(DEPRECATED) The same as --command-property."),
        string("command-property", "consumer_prop", "A setting of the consumer: KEY=VALUE; any number of times."),
        string("consumer.config", "config file", "(DEPRECATED) The same as --command-config."),
        string("command-config", "config file", "Settings of the consumer, in a property file."),
        string("formatter", "class", "What prints the records.", default=_DEFAULT_FORMATTER),
        string(
            "formatter-property",
            "prop",
            "A setting of the formatter: print.timestamp, print.key, print.offset, print.epoch, print.partition, "
            "print.headers, print.value (true or false); key.separator, line.separator, headers.separator, "
            "null.literal; key.deserializer, value.deserializer, headers.deserializer. Any number of times.",
        ),
        string("property", "prop", "(DEPRECATED) The same as --formatter-property."),
        string("formatter-config", "config file", "Settings of the formatter, in a property file."),
        flag("from-beginning", "Begin with the oldest record, unless the group has read on already."),
        integer("max-messages", "num_messages", "End after this many."),
        long("timeout-ms", "timeout_ms", "End when no record came for so long."),
        flag("skip-message-on-error", "Go on when a record cannot be printed."),
        string("key-deserializer", "class", "How to read keys."),
        string("value-deserializer", "class", "How to read values."),
        flag("enable-systest-events", "Say when the consumer is closed."),
        string(
            "isolation-level",
            "level",
            "read_committed leaves out what belongs to unfinished and aborted transactions.",
            default="read_uncommitted",
        ),
        string("group", "consumer group id", "The group to be a member of."),
        flag("new-consumer", _WITHOUT_EFFECT),
        flag("delete-consumer-offsets", _WITHOUT_EFFECT),
        flag("csv-reporter-enabled", _WITHOUT_EFFECT),
        string("metrics-dir", "directory", _WITHOUT_EFFECT),
        string("blacklist", "regular expression", "Read all topics but those with such names (Kafka 0.8)."),
    ),
)


class ConsumerOptions(NamedTuple):
    """``offset`` and ``partition`` count together; ``max_messages`` -1: all; ``timeout_ms`` None: wait for ever."""

    bootstrap_servers: str
    topic: str | None
    include: str | None
    exclude: str | None
    partition: int | None
    offset: int
    group_id: str
    has_own_group: bool
    properties: dict[str, str]
    formatter_class: str
    formatter_properties: dict[str, str]
    max_messages: int
    timeout_ms: int | None
    skips_on_error: bool
    tells_systest_events: bool


def read(options: Options) -> tuple[ConsumerOptions, list[str]]:
    """What is asked for, and sentences about options that will go. Raises UsageError, ClientError, ConfigError."""
    _check(options)
    servers = bootstrap_of(options)
    if servers is None:
        raise UsageError('Missing required argument "[bootstrap-server]"')
    file = load_properties(options.value("command-config") or options.value("consumer.config"))
    extra = key_value_pairs(options.values("command-property") + options.values("consumer-property"))
    group_id = _group_id(options, file, extra)
    properties = {**file, **extra}
    _set_reset_policy(options, properties)
    if options.has("isolation-level") or "isolation.level" not in properties:
        properties["isolation.level"] = options.value("isolation-level") or ""
    properties.setdefault("client.id", "console-consumer")
    if group_id is None:
        # The group is of no use later: Kafka spares the coordinator its offsets.
        properties.setdefault("enable.auto.commit", "false")
    timeout_ms = options.number("timeout-ms")
    include = options.value("include")
    if include is not None and options.written_name("include") == "whitelist":
        include = include.replace(",", "|")
    max_messages = options.number("max-messages")
    found = ConsumerOptions(
        bootstrap_servers=servers,
        topic=options.value("topic"),
        include=include,
        exclude=options.value("blacklist"),
        partition=options.number("partition"),
        offset=_offset(options),
        group_id=group_id or f"console-consumer-{int.from_bytes(os.urandom(4), 'big') % 100_000}",
        has_own_group=group_id is not None,
        properties=properties,
        formatter_class=options.value("formatter") or _DEFAULT_FORMATTER,
        formatter_properties=_formatter_properties(options),
        max_messages=-1 if max_messages is None else max_messages,
        timeout_ms=timeout_ms if timeout_ms is not None and timeout_ms >= 0 else None,
        skips_on_error=options.has("skip-message-on-error"),
        tells_systest_events=options.has("enable-systest-events"),
    )
    return found, _deprecations(options)


_REPLACED_BY = {
    "consumer-property": "command-property",
    "consumer.config": "command-config",
    "property": "formatter-property",
}


def _deprecations(options: Options) -> list[str]:
    return [
        f"Option --{old} is deprecated and will be removed in a future version. Use --{new} instead."
        for old, new in _REPLACED_BY.items()
        if options.has(old)
    ]


def _check(options: Options) -> None:
    if sum(map(options.has, ("topic", "include", "blacklist"))) != 1:
        raise UsageError("Exactly one of the following arguments is required: [topic], [include]")
    for old, new in _REPLACED_BY.items():
        if options.has(old) and options.has(new):
            raise UsageError(f"Options --{old} and --{new} cannot be specified together.")
    if options.has("partition"):
        if not options.has("topic"):
            raise UsageError("The topic is required when partition is specified.")
        if options.has("from-beginning") and options.has("offset"):
            raise UsageError("Options from-beginning and offset cannot be specified together.")
    elif options.has("offset"):
        raise UsageError("The partition is required when offset is specified.")


def _group_id(options: Options, file: dict[str, str], extra: dict[str, str]) -> str | None:
    places = [options.value("group"), file.get("group.id"), extra.get("group.id")]
    found = sorted({place for place in places if place is not None})
    if len(found) > 1:
        raise UsageError(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via "
            "'--consumer.config') do not match. Detected group ids: " + ", ".join(f"'{group}'" for group in found)
        )
    if found and options.has("partition"):
        raise UsageError("Options group and partition cannot be specified together.")
    return found[0] if found else None


def _set_reset_policy(options: Options, properties: dict[str, str]) -> None:
    given = properties.get("auto.offset.reset")
    if given is None:
        properties["auto.offset.reset"] = "earliest" if options.has("from-beginning") else "latest"
    elif options.has("from-beginning") and given != "earliest":
        raise ClientError(
            f"Can't simultaneously specify --from-beginning and 'auto.offset.reset={given}', please remove one option"
        )


def _offset(options: Options) -> int:
    if not options.has("offset"):
        return EARLIEST if options.has("from-beginning") else LATEST
    text = options.value("offset") or ""
    named = {"earliest": EARLIEST, "latest": LATEST}.get(text.lower())
    if named is not None:
        return named
    if not text.isdecimal():
        raise UsageError(
            f"The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a "
            "non-negative long."
        )
    return int(text)


def _formatter_properties(options: Options) -> dict[str, str]:
    properties = load_properties(options.value("formatter-config"))
    for which in ("key", "value"):
        name = options.value(f"{which}-deserializer")
        if name:
            properties[f"{which}.deserializer"] = name
    return {**properties, **key_value_pairs(options.values("formatter-property") + options.values("property"))}
