"""The options of ``kafka-producer-perf-test``, of Kafka 4.2 and of the releases before it."""

from __future__ import annotations

from minikafka.cli.toolkit.argparse_tool import Rules, WrongArguments
from minikafka.cli.toolkit.connecting import load_properties
from minikafka.cli.toolkit.options import Option, Options, Tool, flag, integer, long, string
from minikafka.client.consuming.member_ids import random_member_id
from minikafka.errors import ConfigError
from minikafka.named_tuple import NamedTuple

_CONFIGURED_BY = ("bootstrap-server", "command-property", "producer-props", "producer.config", "command-config")
_DEFAULT_TRANSACTION_DURATION_MS = 3000
_DEFAULT_TRANSACTIONAL_ID = "performance-producer-"

TOOL = Tool(
    "kafka-producer-perf-test",
    "This tool is used to verify the producer performance. To enable transactions, you can specify a transactional id "
    "or set a transaction duration using --transaction-duration-ms. There are three ways to specify the transactional "
    "id: set transactional.id=<id> via --command-property, set transactional.id=<id> in the config file via "
    "--command-config, or use --transactional-id <id>.",
    (
        string(
            "bootstrap-server", "BOOTSTRAP-SERVER", "Where a broker is: HOST:PORT. Counts before bootstrap.servers."
        ),
        string("topic", "TOPIC", "The topic to write to."),
        long("num-records", "NUM-RECORDS", "How many records to write."),
        string(
            "payload-delimiter", "PAYLOAD-DELIMITER", "What is between two payloads of --payload-file.", default="\\n"
        ),
        Option(
            "throughput",
            "About so many records a second at most; -1 for as many as can be written.",
            "THROUGHPUT",
            "Double",
        ),
        string("producer-props", "PROP-NAME=PROP-VALUE", "(DEPRECATED) The same as --command-property."),
        string(
            "command-property",
            "PROP-NAME=PROP-VALUE",
            "Settings of the producer, such as acks=1; they count before those of --command-config.",
        ),
        string("producer.config", "CONFIG-FILE", "(DEPRECATED) The same as --command-config."),
        string("command-config", "CONFIG-FILE", "Settings of the producer, in a property file."),
        flag("print-metrics", "Print what the producer counted, at the end."),
        string("transactional-id", "TRANSACTIONAL-ID", "Write in transactions of this id."),
        long(
            "transaction-duration-ms",
            "TRANSACTION-DURATION",
            f"How long a transaction lasts before it is committed ({_DEFAULT_TRANSACTION_DURATION_MS}).",
        ),
        long(
            "warmup-records",
            "WARMUP-RECORDS",
            "So many records first that do not count for the steady state.",
            default=0,
        ),
        long("reporting-interval", "INTERVAL-MS", "How often to print how it goes.", default=5000),
        integer("record-size", "RECORD-SIZE", "How large records are, in bytes."),
        string("payload-file", "PAYLOAD-FILE", "Write what is in this text file, piece by piece in random order."),
        flag("payload-monotonic", "Write the numbers from 0 on."),
    ),
)
RULES = Rules(
    required=("topic", "num-records", "throughput"),
    one_of=("record-size", "payload-file", "payload-monotonic"),
    several=frozenset({"producer-props", "command-property"}),
)


class PerfOptions(NamedTuple):
    """``record_size_bytes`` and ``payload_file`` None: increasing numbers. ``records_per_second`` -1: all that can."""

    topic: str
    record_count: int
    warmup_record_count: int
    record_size_bytes: int | None
    payload_file: str | None
    payload_delimiter: str
    records_per_second: float
    properties: dict[str, str]
    is_transactional: bool
    transaction_duration_ms: int
    interval_ms: int
    prints_metrics: bool


def read(options: Options) -> PerfOptions:
    """Raises WrongArguments, ConfigError."""
    _check(options)
    properties = _properties(options)
    duration_ms = options.number("transaction-duration-ms")
    is_transactional = duration_ms is not None or options.has("transactional-id") or "transactional.id" in properties
    if is_transactional:
        _set_transactional_id(options, properties)
    delimiter = options.value("payload-delimiter") or "\\n"
    return PerfOptions(
        topic=options.value("topic") or "",
        record_count=options.number("num-records") or 0,
        warmup_record_count=max(0, options.number("warmup-records") or 0),
        record_size_bytes=options.number("record-size"),
        payload_file=options.value("payload-file"),
        payload_delimiter="\n" if delimiter == "\\n" else delimiter,
        records_per_second=float(options.value("throughput") or -1),
        properties=properties,
        is_transactional=is_transactional,
        transaction_duration_ms=_DEFAULT_TRANSACTION_DURATION_MS if duration_ms is None else duration_ms,
        interval_ms=options.number("reporting-interval") or 0,
        prints_metrics=options.has("print-metrics"),
    )


def _check(options: Options) -> None:
    record_count = options.number("num-records") or 0
    duration_ms = options.number("transaction-duration-ms")
    size = options.number("record-size")
    if record_count <= 0:
        raise WrongArguments("--num-records should be greater than zero.")
    if (options.number("warmup-records") or 0) >= record_count:
        raise WrongArguments(
            "The value for --warmup-records must be strictly fewer than the number of records in the test, "
            "--num-records."
        )
    if size is not None and size <= 0:
        raise WrongArguments("--record-size should be greater than zero.")
    if not any(map(options.has, _CONFIGURED_BY)):
        raise WrongArguments(
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or "
            "--command-config must be specified."
        )
    if options.has("command-property") and options.has("producer-props"):
        raise WrongArguments("--command-property and --producer-props cannot be specified together.")
    if options.has("command-config") and options.has("producer.config"):
        raise WrongArguments("--command-config and --producer.config cannot be specified together.")
    if duration_ms is not None and duration_ms <= 0:
        raise WrongArguments("--transaction-duration-ms should be greater than zero.")
    if (options.number("reporting-interval") or 0) <= 0:
        raise WrongArguments("--reporting-interval should be greater than zero.")


def _properties(options: Options) -> dict[str, str]:
    for old, new in (("producer-props", "command-property"), ("producer.config", "command-config")):
        if options.has(old):
            print(f"Option --{old} has been deprecated and will be removed in a future version. Use --{new} instead.")
    properties = load_properties(options.value("command-config") or options.value("producer.config"))
    for pair in options.values("command-property") or options.values("producer-props"):
        name, _, value = pair.partition("=")
        if not value or "=" in value:
            raise ConfigError(f"Invalid property: {pair}")
        properties[name] = value
    properties.setdefault("client.id", "perf-producer-client")
    servers = options.value("bootstrap-server")
    if servers is not None:
        properties["bootstrap.servers"] = servers
    if not properties.get("bootstrap.servers"):
        raise ConfigError("No resolvable bootstrap urls given in bootstrap.servers")
    return properties


def _set_transactional_id(options: Options, properties: dict[str, str]) -> None:
    given = options.value("transactional-id")
    if given is not None:
        properties["transactional.id"] = given
    elif "transactional.id" not in properties:
        properties["transactional.id"] = _DEFAULT_TRANSACTIONAL_ID + random_member_id()
