"""``kafka-console-share-consumer``: print what comes, as a member of a share group (Kafka's ConsoleShareConsumer)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import BinaryIO

from minikafka.cli.console.console_share_consumer_options import TOOL, ShareConsumerOptions, read
from minikafka.cli.console.deserializers import DeserializationFailed
from minikafka.cli.console.formatters import Formatter
from minikafka.cli.console.session import ConsoleSession, prepare
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.client_settings import share_fetch_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.stopping import Stopping
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.consuming.consumer import ConsumedRecord
from minikafka.client.sharing.share_consumer import ShareConsumer
from minikafka.client.sharing.share_session import REJECT
from minikafka.errors import MinikafkaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    asked, deprecations = read(options)
    format_record = prepare(deprecations, asked.formatter_class, asked.formatter_properties)
    stopping = Stopping()
    with (
        stopping.signals_caught(),
        open_cluster(asked.bootstrap_servers, asked.properties, client_id="console-share-consumer") as cluster,
    ):
        consumer = ShareConsumer(
            cluster,
            asked.group_id,
            [asked.topic],
            share_fetch_settings(asked.properties),
            on_warning=lambda sentence: stderr_log.warn(f"[ShareConsumer clientId={cluster.client_id}] {sentence}"),
        )
        return _Session(asked, consumer, format_record, stopping).run()


class _Session(ConsoleSession):
    def __init__(
        self, asked: ShareConsumerOptions, consumer: ShareConsumer, format_record: Formatter, stopping: Stopping
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

    def print_record(self, record: ConsumedRecord, out: BinaryIO) -> None:
        kind = self._asked.acknowledgement
        try:
            out.write(self._format(record))
        except DeserializationFailed as error:
            if not self._asked.rejects_on_error:
                raise
            stderr_log.error(f"Error processing message, rejecting this message: {error}")
            kind = REJECT
        self._consumer.acknowledge(record, kind)

    def nothing_came(self) -> None:
        stderr_log.error("Error processing message, terminating consumer process: no message came in time")

    def failed(self, error: MinikafkaError) -> int:
        if isinstance(error, DeserializationFailed):
            stderr_log.error(f"Unknown error when running consumer: {error}")
            return 1
        # With this Kafka's tool ends as if all were well.
        stderr_log.error(f"Error processing message, terminating consumer process: {error}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
