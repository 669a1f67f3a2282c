"""``kafka-verifiable-producer``: writes increasing numbers, and tells which were acknowledged (VerifiableProducer)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from minikafka.cli.measuring.producer_perf_stats import now_ms
from minikafka.cli.measuring.throttle import Throttle
from minikafka.cli.measuring.verifiable_events import print_event, text_of
from minikafka.cli.measuring.verifiable_properties import properties_of
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.argparse_tool import Rules, run
from minikafka.cli.toolkit.client_settings import producer_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options, Tool, integer, long, string
from minikafka.cli.toolkit.stopping import Stopped, Stopping
from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer
from minikafka.errors import ApiError, MinikafkaError
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import Record

_FLUSH_INTERVAL_MS = 5

TOOL = Tool(
    "verifiable-producer",
    'This tool produces increasing integers to the specified topic and prints JSON metadata to stdout on each "send" '
    "request, making externally visible which messages have been acked and which have not.",
    (
        string("topic", "TOPIC", "The topic to write to."),
        integer("max-messages", "MAX-MESSAGES", "So many; -1: until the process is ended.", default=-1),
        integer("throughput", "THROUGHPUT", "About so many a second at most; -1: all that can.", default=-1),
        integer("acks", "ACKS", "0, 1 or -1 (all).", default=-1),
        string("producer.config", "CONFIG-FILE", "(DEPRECATED) The same as --command-config."),
        long("message-create-time", "CREATE-TIME", "The time of the first record, in ms since 1970.", default=-1),
        integer("value-prefix", "VALUE-PREFIX", "A number in front of each value, with a dot in between."),
        integer("repeating-keys", "REPEATING-KEYS", "Keys from 0 up to so many, again and again."),
        string("command-config", "CONFIG-FILE", "Settings of the producer, in a property file."),
        string("bootstrap-server", "HOST1:PORT1[,HOST2:PORT2[...]]", "Where a broker is.", "broker-list"),
    ),
)
RULES = Rules(required=("topic",), one_of=("bootstrap-server",), choices={"acks": ("0", "1", "-1")})


class _Asked(NamedTuple):
    """``create_time_ms`` -1: now. ``max_count`` below 0: no end."""

    bootstrap_servers: str
    topic: str
    max_count: int
    per_second: int
    create_time_ms: int
    value_prefix: int | None
    repeating_keys: int | None
    properties: dict[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run(TOOL, RULES, arguments, _act)


def _act(options: Options) -> int:
    asked = _read(options)
    stopping = Stopping()
    with (
        stopping.signals_caught(),
        open_cluster(asked.bootstrap_servers, asked.properties, client_id="producer-1") as cluster,
    ):
        _Session(asked, cluster, stopping).run()
    return stopping.exit_code


def _read(options: Options) -> _Asked:
    """Raises WrongArguments, ConfigError."""
    file = properties_of(options, "producer.config")
    create_time_ms = options.number("message-create-time")
    return _Asked(
        bootstrap_servers=options.value("bootstrap-server") or "",
        topic=options.value("topic") or "",
        max_count=_number(options, "max-messages"),
        per_second=_number(options, "throughput"),
        create_time_ms=-1 if create_time_ms is None else create_time_ms,
        value_prefix=options.number("value-prefix"),
        repeating_keys=options.number("repeating-keys"),
        properties={"acks": str(_number(options, "acks")), "retries": "0", **file},
    )


def _number(options: Options, name: str) -> int:
    number = options.number(name)
    return -1 if number is None else number


class _Session:
    def __init__(self, asked: _Asked, cluster: Cluster, stopping: Stopping) -> None:
        self._asked = asked
        self._stopping = stopping
        self._producer = Producer(
            cluster,
            producer_settings(asked.properties),
            on_refused=self._refused,
            on_written=self._written,
            on_warning=lambda sentence: stderr_log.warn(f"[Producer clientId={cluster.client_id}] {sentence}"),
        )
        self._start_ms = self._flushed_ms = now_ms()
        self._create_time_ms = asked.create_time_ms
        self._sent_count = self._acknowledged_count = 0

    def run(self) -> None:
        """Send until there are enough, or a signal comes."""
        print_event("startup_complete")
        with suppress(Stopped):
            self._send_all()
        self._producer.flush()
        print_event("shutdown_complete")
        elapsed_ms = max(1, now_ms() - self._start_ms)
        print_event(
            "tool_data",
            sent=self._sent_count,
            acked=self._acknowledged_count,
            target_throughput=self._asked.per_second,
            avg_throughput=1000 * (self._acknowledged_count / elapsed_ms),
        )

    def _send_all(self) -> None:
        asked = self._asked
        throttle = Throttle(asked.per_second, self._start_ms)
        while asked.max_count < 0 or self._sent_count < asked.max_count:
            if self._stopping.signal_number is not None:
                return
            now = now_ms()
            self._send(now)
            if throttle.is_ahead(self._sent_count - 1, now):
                pause_s = throttle.pause_s()
                if pause_s:
                    self._producer.flush()
                    with self._stopping.may_interrupt():
                        throttle.pause(pause_s)
            elif now - self._flushed_ms >= _FLUSH_INTERVAL_MS:
                # Who reads along wants to see it soon (Kafka's linger.ms).
                self._producer.flush()
                self._flushed_ms = now

    def _send(self, now: int) -> None:
        asked, number = self._asked, self._sent_count
        value = f"{number}" if asked.value_prefix is None else f"{asked.value_prefix}.{number}"
        key = str(number % asked.repeating_keys).encode() if asked.repeating_keys else None
        timestamp_ms = None
        if asked.create_time_ms != -1:
            timestamp_ms = self._create_time_ms
            # As Kafka's tool does it: by all the time that has passed, each time.
            self._create_time_ms += now - self._start_ms
        self._sent_count += 1
        self._producer.send(asked.topic, value.encode(), key, timestamp_ms=timestamp_ms)

    def _written(self, topic: str, partition: int, base_offset: int, records: Sequence[Record]) -> None:
        for index, record in enumerate(records):
            print_event(
                "producer_send_success",
                key=text_of(record.key),
                value=text_of(record.value),
                offset=base_offset + index if base_offset >= 0 else -1,
                topic=topic,
                partition=partition,
            )
        self._acknowledged_count += len(records)

    def _refused(self, topic: str, record: Record, error: MinikafkaError) -> None:
        print_event(
            "producer_send_error",
            topic=topic,
            key=text_of(record.key),
            value=text_of(record.value),
            exception=f"class {_thrown_class(error)}",
            message=str(error),
        )


def _thrown_class(error: MinikafkaError) -> str:
    return (
        as_thrown(error).partition(": ")[0] if isinstance(error, ApiError) else "org.apache.kafka.common.KafkaException"
    )


if __name__ == "__main__":
    sys.exit(main())
