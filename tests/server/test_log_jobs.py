"""What a broker process does by itself for its logs, at the intervals it is given."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from tests.support.brokers import MinikafkaProcess
from tests.support.polling import wait_until
from tests.support.wire import EARLIEST_TIMESTAMP, Connection, produce_request, record_batch

OLD_MS = 1_000_000_000_000
SETTINGS = {
    "log.initial.task.delay.ms": "20",
    "log.retention.check.interval.ms": "50",
    "log.flush.scheduler.interval.ms": "20",
    "log.flush.offset.checkpoint.interval.ms": "20",
    "log.segment.delete.delay.ms": "1000",
}
CONFIGS = {
    "by-time": {"retention.ms": "60000"},
    "by-size": {"retention.ms": "-1", "retention.bytes": "3000000", "segment.bytes": "1048576", "flush.ms": "10"},
    "kept": {"retention.ms": "-1"},
}


def test_old_segments_go_and_so_do_deleted_topics(tmp_path: Path) -> None:
    with MinikafkaProcess(tmp_path, SETTINGS) as broker, closing(Connection(broker.host, broker.port)) as connection:
        for topic, configs in CONFIGS.items():
            connection.create_topic(topic, 1, configs)
            for _ in range(50):
                connection.call(produce_request(topic, 0, record_batch([bytes(100_000)], OLD_MS)))

        def start_offset(topic: str) -> int:
            return connection.end_offset(topic, 0, EARLIEST_TIMESTAMP)

        def files_of(topic: str) -> list[str]:
            return sorted(name for name in os.listdir(broker.data_directory / f"{topic}-0") if ".log" in name)

        wait_until(lambda: start_offset("by-time") == 50, what="retention by time")
        # 5 MB in segments of 10 records: as long as 3 MB are left, the oldest goes.
        wait_until(lambda: start_offset("by-size") == 20, what="retention by size")
        assert start_offset("kept") == 0
        left = [f"{offset:020}.log" for offset in (20, 30, 40)]
        wait_until(lambda: files_of("by-size") == left, what="the deletion of the files after file.delete.delay.ms")
        connection.delete_topic("kept")
        folders = [name for name in os.listdir(broker.data_directory) if name.startswith("kept-0")]
        assert [name.endswith("-delete") for name in folders] == [True]
        wait_until(lambda: not (broker.data_directory / folders[0]).exists(), what="the deletion of the topic's folder")
        checkpoint = broker.data_directory / "recovery-point-offset-checkpoint"
        wait_until(lambda: "by-size 0 50" in checkpoint.read_text(), what="flush.ms, and its checkpoint")
        assert broker.stop() == 0
