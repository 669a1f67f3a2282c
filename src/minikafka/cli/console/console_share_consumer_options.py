"""The options of ``kafka-console-share-consumer``, of Kafka 4.2."""

from __future__ import annotations

from minikafka.cli.toolkit.connecting import load_properties
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, integer, key_value_pairs, string
from minikafka.client.sharing.share_session import ACCEPT, REJECT, RELEASE
from minikafka.named_tuple import NamedTuple

_DEFAULT_FORMATTER = "org.apache.kafka.tools.consumer.DefaultMessageFormatter"
_DEFAULT_GROUP = "console-share-consumer"
_REPLACED_BY = {
    "consumer-property": "command-property",
    "consumer-config": "command-config",
    "property": "formatter-property",
}

TOOL = Tool(
    "kafka-console-share-consumer",
    "This tool helps to read data from Kafka topics using share groups and outputs it to standard output.",
    (
        string("bootstrap-server", "server to connect to", "REQUIRED: where a broker is: HOST:PORT."),
        string("topic", "topic", "REQUIRED: the topic to read."),
        string("consumer-property", "consumer_prop", "(DEPRECATED) The same as --command-property."),
        string("command-property", "consumer_prop", "A setting of the consumer: KEY=VALUE; any number of times."),
        string("consumer-config", "config file", "(DEPRECATED) The same as --command-config."),
        string("command-config", "config file", "Settings of the consumer, in a property file."),
        string("formatter", "class", "What prints the records.", default=_DEFAULT_FORMATTER),
        string(
            "formatter-property",
            "prop",
            "A setting of the formatter: print.timestamp, print.key, print.offset, print.delivery, print.epoch, "
            "print.partition, print.headers, print.value (true or false); key.separator, line.separator, "
            "headers.separator, null.literal; key.deserializer, value.deserializer, headers.deserializer. Any number "
            "of times.",
        ),
        string("property", "prop", "(DEPRECATED) The same as --formatter-property."),
        string("formatter-config", "config file", "Settings of the formatter, in a property file."),
        integer("max-messages", "num_messages", "End after this many."),
        integer("timeout-ms", "timeout_ms", "End when no record came for so long."),
        flag("reject", "Reject the records: nobody of the group gets them again."),
        flag("release", "Release the records: they come again, to this or another member."),
        flag("reject-message-on-error", "Reject a record that cannot be printed, and go on."),
        string("key-deserializer", "deserializer for keys", "How to read keys."),
        string("value-deserializer", "deserializer for values", "How to read values."),
        string("group", "share group id", "The share group to be a member of."),
        flag("enable-systest-events", "Say when the consumer is closed."),
    ),
)


class ShareConsumerOptions(NamedTuple):
    """``max_messages`` -1: all; ``timeout_ms`` None: wait for ever; ``acknowledgement``: ACCEPT, RELEASE or REJECT."""

    bootstrap_servers: str
    topic: str
    group_id: str
    properties: dict[str, str]
    formatter_class: str
    formatter_properties: dict[str, str]
    max_messages: int
    timeout_ms: int | None
    acknowledgement: int
    rejects_on_error: bool
    tells_systest_events: bool


def read(options: Options) -> tuple[ShareConsumerOptions, list[str]]:
    """What is asked for, and sentences about options that will go. Raises UsageError, ConfigError."""
    if not options.has("topic"):
        raise UsageError("--topic is a required argument")
    options.require("bootstrap-server")
    if options.has("reject") and options.has("release"):
        raise UsageError("At most one of --reject and --release may be specified.")
    for old, new in _REPLACED_BY.items():
        if options.has(old) and options.has(new):
            raise UsageError(f"Options --{old} and --{new} cannot be specified together.")
    file = load_properties(options.value("command-config") or options.value("consumer-config"))
    extra = key_value_pairs(options.values("command-property") + options.values("consumer-property"))
    max_messages, timeout_ms = options.number("max-messages"), options.number("timeout-ms")
    found = ShareConsumerOptions(
        bootstrap_servers=options.value("bootstrap-server") or "",
        topic=options.value("topic") or "",
        group_id=_group_id(options, file, extra),
        properties={"client.id": "console-share-consumer", **file, **extra},
        formatter_class=options.value("formatter") or _DEFAULT_FORMATTER,
        formatter_properties=_formatter_properties(options),
        max_messages=-1 if max_messages is None else max_messages,
        timeout_ms=timeout_ms if timeout_ms is not None and timeout_ms >= 0 else None,
        acknowledgement=REJECT if options.has("reject") else RELEASE if options.has("release") else ACCEPT,
        rejects_on_error=options.has("reject-message-on-error"),
        tells_systest_events=options.has("enable-systest-events"),
    )
    deprecations = [
        f"Option --{old} is deprecated and will be removed in a future version. Use --{new} instead."
        for old, new in _REPLACED_BY.items()
        if options.has(old)
    ]
    return found, deprecations


def _group_id(options: Options, file: dict[str, str], extra: dict[str, str]) -> str:
    places = (options.value("group"), file.get("group.id"), extra.get("group.id"))
    found = sorted({place for place in places if place is not None})
    if len(found) > 1:
        raise UsageError(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via "
            "'--consumer-config') do not match. Detected group ids: " + ", ".join(f"'{group}'" for group in found)
        )
    return found[0] if found else _DEFAULT_GROUP


def _formatter_properties(options: Options) -> dict[str, str]:
    properties = load_properties(options.value("formatter-config"))
    for which in ("key", "value"):
        name = options.value(f"{which}-deserializer")
        if name:
            properties[f"{which}.deserializer"] = name
    return {**properties, **key_value_pairs(options.values("formatter-property") + options.values("property"))}
