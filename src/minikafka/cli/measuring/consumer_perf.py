"""``kafka-consumer-perf-test``: how many records a second can be read (Kafka's ConsumerPerformance)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

from minikafka.cli.measuring.consumer_perf_options import TOOL, PerfOptions, read
from minikafka.cli.measuring.metrics_table import print_metrics
from minikafka.cli.measuring.producer_perf_stats import now_ms
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.client_settings import consumer_settings, group_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.java_dates import DateFormat
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.progress import Progress
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.consuming.consumer import Consumer
from minikafka.client.errors import ClientError

_POLL_S: Final = 0.1
_MIB: Final = 1024.0 * 1024.0
_COLUMNS: Final = (
    "data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, "
    "rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    asked = read(options)
    if asked.has_header:
        print(f"{'time, threadId' if asked.shows_details else 'start.time, end.time'}, {_COLUMNS}")
    with (
        open_cluster(
            asked.bootstrap_servers, asked.properties, client_id="perf-consumer-client", connect_timeout_s=0
        ) as cluster,
        Progress("Consuming", asked.record_count, "records") as progress,
    ):
        test = _Test(asked, progress)
        consumer = Consumer(
            cluster,
            consumer_settings(asked.properties),
            group_settings(asked.group_id, asked.properties),
            on_warning=lambda sentence: stderr_log.warn(f"[Consumer clientId={cluster.client_id}] {sentence}"),
            on_assigned=lambda partitions: test.joining.end(),
            on_revoked=lambda partitions: test.joining.begin(),
        )
        _subscribe(consumer, asked)
        try:
            test.run(consumer)
        finally:
            consumer.close()
        if asked.prints_metrics:
            print_metrics("consumer-fetch-manager-metrics", cluster.client_id, test.metrics())
    return 0


def _subscribe(consumer: Consumer, asked: PerfOptions) -> None:
    """Raises ClientError."""
    if asked.topic is not None:
        consumer.subscribe([asked.topic])
        return
    try:
        pattern = re.compile(asked.include or "")
    except re.error as error:
        raise ClientError(f"{asked.include!r} is no regular expression: {error}") from error
    consumer.subscribe_matching(lambda topic: pattern.fullmatch(topic) is not None)


class _Joining:
    """How long there were no partitions: in all, and since the last line was printed."""

    def __init__(self) -> None:
        self._began_ms = now_ms()
        self.total_ms = self.recent_ms = 0

    def begin(self) -> None:
        self._began_ms = now_ms()

    def end(self) -> None:
        elapsed_ms = now_ms() - self._began_ms
        self.total_ms += elapsed_ms
        self.recent_ms += elapsed_ms


class _Test:
    def __init__(self, asked: PerfOptions, progress: Progress) -> None:
        self._asked = asked
        self._progress = progress
        self._dates = DateFormat(asked.date_format)
        self._count = self._bytes = 0
        self._last_count = self._last_bytes = 0
        self._start_ms = self._reported_ms = now_ms()
        self.joining = _Joining()

    def run(self, consumer: Consumer) -> None:
        """Raises ApiError, ClientError."""
        asked = self._asked
        consumed_ms = now = now_ms()
        while self._count < asked.record_count and now - consumed_ms <= asked.timeout_ms:
            has_found = consumer.poll(_POLL_S)
            now = now_ms()
            if has_found:
                consumed_ms = now
                self._take(consumer, now)
        self._progress.clear()
        if self._count < asked.record_count:
            print(
                "WARNING: Exiting before consuming the expected number of records: timeout "
                f"({asked.timeout_ms} ms) exceeded. You can use the --timeout option to increase the timeout."
            )
        if not asked.shows_details:
            self._print_total()

    def _take(self, consumer: Consumer, now: int) -> None:
        taken = consumer.take_many(self._asked.record_count - self._count)
        # Positions, not names: key and value of the record that was fetched.
        self._bytes += sum([len(found[0][2] or b"") + len(found[0][3] or b"") for _, found in taken])
        self._count += len(taken)
        self._progress.reach(self._count)
        if now - self._reported_ms >= self._asked.interval_ms:
            if self._asked.shows_details:
                self._progress.clear()
                self._print_details(now)
            self.joining.recent_ms = 0
            self._reported_ms, self._last_count, self._last_bytes = now, self._count, self._bytes

    def _print_total(self) -> None:
        end_ms = now_ms()
        elapsed_ms = end_ms - self._start_ms
        fetch_ms = elapsed_ms - self.joining.total_ms
        start, end = self._dates.text(self._start_ms), self._dates.text(end_ms)
        print(f"{start}, {end}, {self._columns(self._bytes, self._count, elapsed_ms, self.joining.total_ms, fetch_ms)}")

    def _print_details(self, now: int) -> None:
        recent_bytes, recent_count = self._bytes - self._last_bytes, self._count - self._last_count
        elapsed_ms = now - self._reported_ms
        fetch_ms = elapsed_ms - self.joining.recent_ms
        columns = self._columns(recent_bytes, recent_count, elapsed_ms, self.joining.recent_ms, fetch_ms)
        print(f"{self._dates.text(now)}, 0, {columns}", flush=True)

    def _columns(self, size_bytes: int, count: int, elapsed_ms: int, joining_ms: int, fetch_ms: int) -> str:
        """What was read altogether, and how fast these last ones were."""
        mib = size_bytes / _MIB
        return (
            f"{self._bytes / _MIB:.4f}, {_per_second(mib, elapsed_ms)}, {self._count}, "
            f"{_per_second(count, elapsed_ms)}, {joining_ms}, {fetch_ms}, {_per_second(mib, fetch_ms)}, "
            f"{_per_second(count, fetch_ms)}"
        )

    def metrics(self) -> dict[str, float]:
        """Those of Kafka's names that this client counts."""
        elapsed_s = max(1, now_ms() - self._start_ms) / 1000
        return {
            "records-consumed-total": self._count,
            "records-consumed-rate": self._count / elapsed_s,
            "bytes-consumed-total": self._bytes,
            "bytes-consumed-rate": self._bytes / elapsed_s,
        }


def _per_second(amount: float, elapsed_ms: int) -> str:
    return f"{1000.0 * amount / elapsed_ms:.4f}" if elapsed_ms > 0 else "0.0000"


if __name__ == "__main__":
    sys.exit(main())
