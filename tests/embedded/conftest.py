"""A broker for each test, and what must not be left of it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka import Broker
from minikafka.embedded import directories


@pytest.fixture(scope="package")
def process_broker() -> Iterator[Broker]:
    with Broker(process=True) as running:
        yield running


@pytest.fixture(params=["thread", "process"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """An empty one: what can be asked of a broker can be asked of one in a process of its own, too."""
    if request.param == "process":
        running = request.getfixturevalue("process_broker")
        running.reset()
        yield running
        return
    with Broker() as running:
        yield running


@pytest.fixture
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No thread, no open file or socket, nothing in the temporary directory, which the test is given. It is in memory
    where brokers would have it there."""
    temporary = Path(directories.temporary_path("minikafka-tests"))
    temporary.mkdir()
    gc.collect()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    threads = set(threading.enumerate())
    descriptors = _open_descriptors()
    yield temporary
    gc.collect()
    # Threads of a test before may have ended meanwhile; none may have come.
    assert set(threading.enumerate()) <= threads
    assert _open_descriptors() == descriptors
    assert list(temporary.iterdir()) == []
    temporary.rmdir()


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
