"""Printing records until there are enough, none comes any more, or a signal does: what both console consumers do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import BinaryIO, Protocol

from minikafka.cli.console.formatters import Formatter, formatter
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.options import UsageError
from minikafka.cli.toolkit.stopping import Stopped, Stopping
from minikafka.client.consuming.consumer import ConsumedRecord
from minikafka.errors import MinikafkaError

_POLL_S = 60.0


def prepare(deprecations: Iterable[str], formatter_class: str, formatter_properties: Mapping[str, str]) -> Formatter:
    """Say which options are deprecated; what prints the records. Raises UsageError."""
    for sentence in deprecations:
        # Kafka 4.2 says so on stdout, among the records.
        print(sentence, file=sys.stderr)
    format_record = formatter(formatter_class, formatter_properties)
    if format_record is None:
        raise UsageError(f"{formatter_class}: there is no such formatter here")
    return format_record


class Source(Protocol):
    """A consumer, of a group or of a share group."""

    @property
    def has_fetched(self) -> bool: ...

    def poll(self, timeout_s: float) -> bool: ...

    def take(self) -> ConsumedRecord: ...

    def close(self) -> None: ...


class ConsoleSession:
    """One run of a console consumer.

    :param max_messages: -1: all.
    :param timeout_ms: how long to wait for a record; None: for ever.
    """

    def __init__(
        self,
        consumer: Source,
        stopping: Stopping,
        *,
        max_messages: int,
        timeout_ms: int | None,
        tells_systest_events: bool,
    ) -> None:
        self._stopping = stopping
        self._source = consumer
        self._max_messages = max_messages
        self._timeout_ms = timeout_ms
        self._tells_systest_events = tells_systest_events
        self._count = 0

    def run(self) -> int:
        """Returns the exit code."""
        exit_code = 0
        try:
            with self._stopping.may_interrupt():
                self.begin()
            self._print_records()
        except Stopped:
            exit_code = self._stopping.exit_code
        except BrokenPipeError:
            print("Unable to write to standard out, closing consumer.", file=sys.stderr)
        except MinikafkaError as error:
            exit_code = self.failed(error)
        finally:
            self._close()
            print(f"Processed a total of {self._count} messages", file=sys.stderr)
            if self._tells_systest_events:
                print("shutdown_complete")
        return exit_code

    def begin(self) -> None:
        """Choose what is read."""

    def print_record(self, record: ConsumedRecord, out: BinaryIO) -> None:
        """Print one record. Raises MinikafkaError."""
        raise NotImplementedError

    def failed(self, error: MinikafkaError) -> int:
        """Say what has ended the session; the exit code."""
        raise NotImplementedError

    def nothing_came(self) -> None:
        """Say that the time was over."""

    def _print_records(self) -> None:
        out = sys.stdout.buffer
        while self._wants_more():
            with self._stopping.may_interrupt():
                has_found = self._poll()
            if not has_found:
                self.nothing_came()
                return
            while has_found and self._wants_more():
                record = self._source.take()
                self._count += 1
                self.print_record(record, out)
                has_found = self._source.has_fetched and self._stopping.signal_number is None
            out.flush()

    def _wants_more(self) -> bool:
        return self._count < self._max_messages or self._max_messages == -1

    def _poll(self) -> bool:
        """Whether a record came in time."""
        if self._timeout_ms is not None:
            return self._source.poll(self._timeout_ms / 1000)
        while not self._source.poll(_POLL_S):
            pass
        return True

    def _close(self) -> None:
        try:
            self._source.close()
        except MinikafkaError as error:
            stderr_log.warn(f"The consumer could not be closed cleanly: {error}")
