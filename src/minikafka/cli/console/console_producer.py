"""``kafka-console-producer``: each line of standard input becomes a record (Kafka's ConsoleProducer)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.console.console_producer_options import TOOL, ProducerOptions, read
from minikafka.cli.console.line_input import has_more, read_lines
from minikafka.cli.console.line_reader import LineReader
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.client_settings import producer_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.stopping import Stopped, Stopping
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.producing.producer import Producer
from minikafka.errors import MinikafkaError
from minikafka.records.batch import Record


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    asked, deprecations = read(options)
    for sentence in deprecations:
        print(sentence, file=sys.stderr)
    settings = producer_settings(asked.properties)
    reader = LineReader(asked.reader_properties)
    stopping = Stopping()
    with (
        stopping.signals_caught(),
        open_cluster(asked.bootstrap_servers, asked.properties, client_id="console-producer") as cluster,
    ):
        producer = Producer(
            cluster,
            settings,
            on_refused=None if asked.is_synchronous else _log_refusal,
            on_warning=lambda sentence: stderr_log.warn(f"[Producer clientId={cluster.client_id}] {sentence}"),
        )
        try:
            _write_lines(asked, reader, producer, stopping)
        except Stopped:
            return stopping.exit_code
        finally:
            producer.flush()
    return 0


def _write_lines(asked: ProducerOptions, reader: LineReader, producer: Producer, stopping: Stopping) -> None:
    descriptor = sys.stdin.fileno()
    # As Java's System.console(): a prompt is for a person who sees what is printed and types.
    has_prompt = sys.stdin.isatty() and sys.stdout.isatty()
    _prompt(has_prompt)
    number = 0
    for lines in read_lines(descriptor, stopping.may_interrupt):
        for line in lines:
            number += 1
            headers, key, value = reader.parse(line, number)
            producer.send(asked.topic, value, key, headers)
            if asked.is_synchronous:
                producer.flush()
            _prompt(has_prompt)
        # Without linger.ms, what is there goes out as soon as nothing more is.
        if not has_more(descriptor, asked.linger_ms / 1000):
            producer.flush()


def _prompt(has_prompt: bool) -> None:
    if has_prompt:
        print(">", end="", flush=True)


def _log_refusal(topic: str, record: Record, error: MinikafkaError) -> None:
    key = "null" if record.key is None else f"{len(record.key)} bytes"
    value = "null" if record.value is None else f"{len(record.value)} bytes"
    stderr_log.error(f"Error when sending message to topic {topic} with key: {key}, value: {value} with error: {error}")


if __name__ == "__main__":
    sys.exit(main())
