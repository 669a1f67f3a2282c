"""``kafka-console-share-consumer``: print what comes, as a member of a share group (Kafka's ConsoleShareConsumer)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.console.console_share_consumer_options import TOOL, ShareConsumerOptions, read
from minikafka.cli.console.deserializers import DeserializationFailed
from minikafka.cli.console.formatters import Formatter, formatter
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.client_settings import share_fetch_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.options import Options, UsageError
from minikafka.cli.toolkit.stopping import Stopped, Stopping
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.share_consumer import ShareConsumer
from minikafka.client.share_session import REJECT
from minikafka.errors import MinikafkaError

_POLL_S = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    asked, deprecations = read(options)
    for sentence in deprecations:
        # Kafka 4.2 says so on stdout, among the records.
        print(sentence, file=sys.stderr)
    format_record = formatter(asked.formatter_class, asked.formatter_properties)
    if format_record is None:
        raise UsageError(f"{asked.formatter_class}: there is no such formatter here")
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


class _Session:
    def __init__(
        self, asked: ShareConsumerOptions, consumer: ShareConsumer, format_record: Formatter, stopping: Stopping
    ) -> None:
        self._asked = asked
        self._consumer = consumer
        self._format = format_record
        self._stopping = stopping
        self._count = 0

    def run(self) -> int:
        """Print records until there are enough, or a signal comes; returns the exit code."""
        exit_code = 0
        try:
            self._print_records()
        except Stopped:
            exit_code = self._stopping.exit_code
        except BrokenPipeError:
            print("Unable to write to standard out, closing consumer.", file=sys.stderr)
        except DeserializationFailed as error:
            stderr_log.error(f"Unknown error when running consumer: {error}")
            exit_code = 1
        except MinikafkaError as error:
            # With this Kafka's tool ends as if all were well.
            stderr_log.error(f"Error processing message, terminating consumer process: {error}")
        finally:
            self._close()
            print(f"Processed a total of {self._count} messages", file=sys.stderr)
            if self._asked.tells_systest_events:
                print("shutdown_complete")
        return exit_code

    def _print_records(self) -> None:
        out = sys.stdout.buffer
        limit = self._asked.max_messages
        while self._count < limit or limit == -1:
            with self._stopping.may_interrupt():
                has_found = self._poll()
            if not has_found:
                stderr_log.error("Error processing message, terminating consumer process: no message came in time")
                return
            while has_found and (self._count < limit or limit == -1):
                record = self._consumer.take()
                self._count += 1
                kind = self._asked.acknowledgement
                try:
                    out.write(self._format(record))
                except DeserializationFailed as error:
                    if not self._asked.rejects_on_error:
                        raise
                    stderr_log.error(f"Error processing message, rejecting this message: {error}")
                    kind = REJECT
                self._consumer.acknowledge(record, kind)
                has_found = self._consumer.has_fetched and self._stopping.signal_number is None
            out.flush()

    def _poll(self) -> bool:
        """Whether a record came in time."""
        if self._asked.timeout_ms is not None:
            return self._consumer.poll(self._asked.timeout_ms / 1000)
        while not self._consumer.poll(_POLL_S):
            pass
        return True

    def _close(self) -> None:
        try:
            self._consumer.close()
        except MinikafkaError as error:
            stderr_log.warn(f"The consumer could not be closed cleanly: {error}")


if __name__ == "__main__":
    sys.exit(main())
