"""Broker processes whose disk is full, whose files may not grow, and who may not open any more files."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from minikafka.errors import KAFKA_STORAGE_ERROR, NONE
from tests.support.brokers import BrokerProcess, MinikafkaProcess
from tests.support.polling import wait_until
from tests.support.wire import Connection, produce_answer, produce_request, record_batch

if sys.platform != "linux":
    pytest.skip("these tests change limits of running processes, and mount: Linux only", allow_module_level=True)

import resource

MOMENT_MS = 1_700_000_000_000
VALUE_BYTES = 50_000


class Log:
    """One partition, and what was acknowledged in it."""

    def __init__(self, connection: Connection, topic: str, configs: dict[str, str] | None = None) -> None:
        self.connection = connection
        self.topic = topic
        self.acknowledged: list[bytes] = []
        self._count = 0
        connection.create_topic(topic, 1, configs)

    def produce(self) -> int:
        """One record; the error code."""
        self._count += 1
        value = f"{self.topic} {self._count} ".encode().ljust(VALUE_BYTES, b".")
        answer = self.connection.call(produce_request(self.topic, 0, record_batch([value], MOMENT_MS), acks=-1))
        error_code: int = struct.unpack_from(">h", answer, produce_answer(self.topic).error_code_at - 4)[0]
        if error_code == NONE:
            self.acknowledged.append(value)
        return error_code

    def produce_until_refused(self) -> None:
        for _ in range(1000):
            error_code = self.produce()
            if error_code != NONE:
                assert error_code == KAFKA_STORAGE_ERROR
                return
        raise AssertionError("nothing was refused")

    def verify(self, connection: Connection | None = None) -> None:
        found = (connection or self.connection).everything(self.topic, 0)
        assert [value for _, value in found] == self.acknowledged


Connect = Callable[[BrokerProcess], Connection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connections that are closed at the end of the test."""
    with ExitStack() as opened:
        yield lambda broker: opened.enter_context(closing(Connection(broker.host, broker.port)))


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    path = tmp_path / "volume"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "minikafka-test", str(path)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command, so no full disk to try: tests/storage has one in memory")
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted, so no full disk is tried: {mounted.stderr.strip()}")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.mark.parametrize("flush_messages", ["9223372036854775807", "1"])
def test_a_full_disk_refuses_and_reads_on_until_there_is_space(
    small_volume: Path, tmp_path: Path, connect: Connect, flush_messages: str
) -> None:
    ballast, more_ballast = small_volume / "ballast", small_volume / "more ballast"
    ballast.write_bytes(bytes(2_500_000))
    more_ballast.write_bytes(bytes(500_000))
    settings = {"log.dirs": str(small_volume / "data"), "log.flush.offset.checkpoint.interval.ms": "50"}
    configs = {"flush.messages": flush_messages, "segment.bytes": "1048576"}
    with MinikafkaProcess(tmp_path, settings) as broker:
        log = Log(connect(broker), "t", configs)
        log.produce_until_refused()
        assert log.acknowledged
        assert log.produce() == KAFKA_STORAGE_ERROR
        log.verify()
        ballast.unlink()
        wait_until(lambda: log.produce() == NONE, what="the first record when there is space again")
        log.produce_until_refused()
        log.verify()
        assert "offline" not in broker.log_text
        broker.kill()
        more_ballast.unlink()
        broker.start()
        log.verify(connect(broker))


def limit(pid: int, kind: int, soft: int) -> Callable[[], object]:
    """Lower a limit of a running process; gives what lifts it again."""
    before = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (soft, before[1]))
    return lambda: resource.prlimit(pid, kind, before)


def test_too_many_open_files_are_for_those_who_need_one_more(tmp_path: Path, connect: Connect) -> None:
    with MinikafkaProcess(tmp_path) as broker:
        connection = connect(broker)
        opened, closed = Log(connection, "opened"), Log(connection, "closed")
        assert opened.produce() == NONE
        opened.verify()
        lift = limit(broker.pid, resource.RLIMIT_NOFILE, len(os.listdir(f"/proc/{broker.pid}/fd")))
        assert closed.produce() == KAFKA_STORAGE_ERROR
        assert opened.produce() == NONE
        opened.verify()
        lift()
        assert closed.produce() == NONE
        for log in (opened, closed):
            log.verify()
        assert "offline" not in broker.log_text
        assert broker.stop() == 0


def test_a_directory_that_cannot_be_written_takes_only_its_partitions_offline(tmp_path: Path, connect: Connect) -> None:
    directories = [tmp_path / "data-1", tmp_path / "data-2"]
    settings = {"log.dirs": ",".join(map(str, directories))}
    with MinikafkaProcess(tmp_path, settings) as broker:
        connection = connect(broker)
        broken, healthy = Log(connection, "broken"), Log(connection, "healthy")
        broken_home, healthy_home = (
            next(home for home in directories if (home / f"{log.topic}-0").exists()) for log in (broken, healthy)
        )
        assert broken_home != healthy_home
        for _ in range(10):
            assert broken.produce() == NONE
        assert healthy.produce() == NONE
        # As EIO: the disk refuses what is not a question of space.
        lift = limit(broker.pid, resource.RLIMIT_FSIZE, 10 * VALUE_BYTES + 5_000)
        assert broken.produce() == KAFKA_STORAGE_ERROR
        assert [healthy.produce() for _ in range(3)] == [NONE] * 3
        healthy.verify()
        lift()
        assert f"{broken_home} is offline" in broker.log_text
        assert f"{healthy_home} is offline" not in broker.log_text
        assert broker.stop() == 0
        broker.start()
        again = connect(broker)
        for log in (broken, healthy):
            log.verify(again)
