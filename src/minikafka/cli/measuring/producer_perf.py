"""``kafka-producer-perf-test``: how many records a second can be written (Kafka's ProducerPerformance)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from minikafka.cli.measuring.metrics_table import print_metrics
from minikafka.cli.measuring.payloads import chosen_from, from_file, increasing_numbers, random_letters
from minikafka.cli.measuring.producer_perf_options import RULES, TOOL, PerfOptions, read
from minikafka.cli.measuring.producer_perf_stats import Stats, now_ms
from minikafka.cli.measuring.throttle import Throttle
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.argparse_tool import run
from minikafka.cli.toolkit.client_settings import producer_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.progress import Progress
from minikafka.client.producing.producer import Producer
from minikafka.errors import MinikafkaError
from minikafka.records.batch import Record


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run(TOOL, RULES, arguments, _act)


def _act(options: Options) -> int:
    asked = read(options)
    payloads = _payloads(asked)
    settings = producer_settings(asked.properties)
    servers = asked.properties["bootstrap.servers"]
    with (
        open_cluster(servers, asked.properties, client_id="perf-producer-client") as cluster,
        Progress("Producing", asked.record_count, "records") as progress,
    ):
        test = _Test(asked, progress)
        producer = Producer(
            cluster,
            settings,
            on_refused=test.refused,
            on_written=test.written,
            on_warning=lambda sentence: stderr_log.warn(f"[Producer clientId={cluster.client_id}] {sentence}"),
        )
        if asked.is_transactional:
            producer.init_transactions()
        test.run(producer, payloads)
        progress.clear()
        test.print_totals()
        if asked.prints_metrics:
            print_metrics("producer-metrics", cluster.client_id, test.metrics())
    return 0


def _payloads(asked: PerfOptions) -> Iterator[bytes]:
    """Raises PayloadsUnusable."""
    if asked.payload_file is not None:
        return chosen_from(from_file(asked.payload_file, asked.payload_delimiter))
    if asked.record_size_bytes is not None:
        return random_letters(asked.record_size_bytes)
    return increasing_numbers()


class _Test:
    def __init__(self, asked: PerfOptions, progress: Progress) -> None:
        self._asked = asked
        self._progress = progress
        if asked.warmup_record_count:
            print(
                f"Warmup first {asked.warmup_record_count} records. Steady state results will print after the "
                "complete test summary."
            )
        self._stats = Stats(asked.record_count, asked.interval_ms, before_printing=progress.clear)
        self._steady: Stats | None = None
        self._refused_count = 0
        self._batch_count = 0
        self._bytes = 0
        self._start_ms = now_ms()
        self._is_in_transaction = False
        self._transaction_start_ms = 0

    def run(self, producer: Producer, payloads: Iterator[bytes]) -> None:
        """Raises ApiError, ClientError."""
        asked = self._asked
        warmup = asked.warmup_record_count
        if warmup:
            self._send(producer, payloads, 0, warmup)
            producer.flush()
            self._steady = Stats(
                asked.record_count - warmup, asked.interval_ms, is_steady=True, before_printing=self._progress.clear
            )
            self._stats.is_silent = True
        self._send(producer, payloads, warmup, asked.record_count)
        if asked.is_transactional and self._is_in_transaction:
            producer.commit_transaction()
        producer.flush()

    def _send(self, producer: Producer, payloads: Iterator[bytes], start: int, end: int) -> None:
        asked, topic, send = self._asked, self._asked.topic, producer.send
        throttle = Throttle(asked.records_per_second, self._start_ms)
        if not throttle.is_needed and not asked.is_transactional:
            for _, payload in zip(range(start, end), payloads, strict=False):
                send(topic, payload)
            return
        for number, payload in zip(range(start, end), payloads, strict=False):
            sent_ms = now_ms()
            if asked.is_transactional and not self._is_in_transaction:
                producer.begin_transaction()
                self._is_in_transaction, self._transaction_start_ms = True, sent_ms
            send(topic, payload, timestamp_ms=sent_ms)
            if asked.is_transactional and asked.transaction_duration_ms <= sent_ms - self._transaction_start_ms:
                producer.commit_transaction()
                self._is_in_transaction = False
            if throttle.is_ahead(number, sent_ms):
                self._pause(producer, throttle)

    def _pause(self, producer: Producer, throttle: Throttle) -> None:
        pause_s = throttle.pause_s()
        if pause_s:
            # What waits for a full batch would wait all that time.
            producer.flush()
            throttle.pause(pause_s)

    def written(self, topic: str, partition: int, base_offset: int, records: Sequence[Record]) -> None:
        now = now_ms()
        latencies = [now - record[1] for record in records]
        size_bytes = sum([len(record[3] or b"") for record in records])
        self._stats.add(latencies, size_bytes)
        if self._steady is not None:
            self._steady.add(latencies, size_bytes)
        self._batch_count += 1
        self._bytes += size_bytes
        self._progress.advance(len(records))

    def refused(self, topic: str, record: Record, error: MinikafkaError) -> None:
        self._refused_count += 1
        self._progress.clear()
        print(error, file=sys.stderr)

    def print_totals(self) -> None:
        self._stats.print_total()
        if self._steady is not None:
            self._steady.print_total()

    def metrics(self) -> dict[str, float]:
        """Those of Kafka's names that this client counts."""
        elapsed_s = max(1, now_ms() - self._start_ms) / 1000
        count = self._stats.count
        return {
            "record-send-total": count,
            "record-send-rate": count / elapsed_s,
            "record-error-total": self._refused_count,
            "record-size-avg": self._bytes / count if count else float("nan"),
            "batch-size-avg": self._bytes / self._batch_count if self._batch_count else float("nan"),
        }


if __name__ == "__main__":
    sys.exit(main())
