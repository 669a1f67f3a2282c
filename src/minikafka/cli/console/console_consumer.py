"""``kafka-console-consumer``: print what is in topics, and what comes (Kafka's ConsoleConsumer)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import BinaryIO

from minikafka.cli.console.console_consumer_options import TOOL, ConsumerOptions, read
from minikafka.cli.console.deserializers import DeserializationFailed
from minikafka.cli.console.formatters import Formatter
from minikafka.cli.console.session import ConsoleSession, prepare
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.client_settings import consumer_settings, group_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.stopping import Stopping
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import ConsumedRecord, Consumer
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.errors import ClientError
from minikafka.errors import MinikafkaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    asked, deprecations = read(options)
    format_record = prepare(deprecations, asked.formatter_class, asked.formatter_properties)
    stopping = Stopping()
    servers, settings = asked.bootstrap_servers, asked.properties
    with (
        stopping.signals_caught(),
        # It is ``poll`` that tries again.
        open_cluster(servers, settings, client_id="console-consumer", connect_timeout_s=0) as cluster,
    ):
        session = _Session(asked, _consumer(cluster, asked), format_record, stopping)
        return session.run()


def _consumer(cluster: Cluster, asked: ConsumerOptions) -> Consumer:
    group: GroupSettings | None = None
    if asked.partition is None:
        group = group_settings(asked.group_id, asked.properties)
    return Consumer(
        cluster,
        consumer_settings(asked.properties),
        group,
        on_warning=lambda sentence: stderr_log.warn(f"[Consumer clientId={cluster.client_id}] {sentence}"),
    )


class _Session(ConsoleSession):
    def __init__(
        self, asked: ConsumerOptions, consumer: Consumer, format_record: Formatter, stopping: Stopping
    ) -> None:
        super().__init__(
            consumer,
            stopping,
            max_messages=asked.max_messages,
            timeout_ms=asked.timeout_ms,
            tells_systest_events=asked.tells_systest_events,
        )
        self._asked = asked
        self._consumer = consumer
        self._format = format_record

    def begin(self) -> None:
        topic, index = self._asked.topic, self._asked.partition
        if topic is None:
            self._consumer.subscribe_matching(_topic_filter(self._asked))
        elif index is None:
            self._consumer.subscribe([topic])
        else:
            self._consumer.assign([(topic, index)])
            self._consumer.seek((topic, index), self._asked.offset)

    def print_record(self, record: ConsumedRecord, out: BinaryIO) -> None:
        try:
            out.write(self._format(record))
        except DeserializationFailed as error:
            if not self._asked.skips_on_error:
                raise
            stderr_log.error(f"Error processing message, skipping this message: {error}")

    def failed(self, error: MinikafkaError) -> int:
        stderr_log.error(f"Error processing message, terminating consumer process: {error}")
        return 1


def _topic_filter(asked: ConsumerOptions) -> Callable[[str], bool]:
    expression = asked.include if asked.include is not None else asked.exclude or ""
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise ClientError(f"{expression!r} is no regular expression: {error}") from error
    return partial(_matches, pattern, asked.include is not None)


def _matches(pattern: re.Pattern[str], is_wanted: bool, topic: str) -> bool:
    return (pattern.fullmatch(topic) is not None) == is_wanted


if __name__ == "__main__":
    sys.exit(main())
