"""Started, stopped, killed, often, everywhere; and nothing left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minikafka import Broker, ConfigError, StorageError
from minikafka.clock import ManualClock
from minikafka.embedded import directories
from minikafka.server.node import Node
from minikafka.storage.log_manager import LogManager
from tests.support.brokers import answers_api_versions
from tests.support.polling import wait_until

CYCLES = 500


@pytest.mark.usefixtures("nothing_is_left")
def test_five_hundred_brokers_one_after_the_other() -> None:
    with Broker():
        pass  # what is loaded once
    fastest_s = 60.0
    for _ in range(CYCLES):
        started_s = time.process_time()
        Broker().start().stop()
        fastest_s = min(fastest_s, time.process_time() - started_s)
    assert fastest_s < 0.05, f"{1000 * fastest_s:.1f} ms of processor time at best; measured: 4 to 8"


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("end", [Broker.stop, Broker.kill])
def test_a_client_that_comes_while_the_broker_goes(end: Callable[[Broker], None]) -> None:
    for _ in range(50):
        with Broker() as broker, socket.create_connection(("127.0.0.1", broker.port)):
            end(broker)


@pytest.mark.usefixtures("nothing_is_left")
def test_a_kill_keeps_what_was_acknowledged_and_cuts_connections() -> None:
    broker = Broker().start()
    try:
        broker.seed({"t": {"partitions": 3, "records": [(str(n), str(n)) for n in range(100)]}})
        records = broker.records("t")
        address = (broker.bootstrap_servers, broker.cluster_id)
        with socket.create_connection(("127.0.0.1", broker.port), timeout=10) as connection:
            broker.kill()
            assert not broker.is_running
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        assert not answers_api_versions("127.0.0.1", int(address[0].rpartition(":")[2]))
        broker.kill()
        broker.start()
        assert (broker.bootstrap_servers, broker.cluster_id) == address
        assert broker.records("t") == records
        assert not broker._running_node()._logs.was_clean
    finally:
        broker.stop()


@pytest.mark.usefixtures("nothing_is_left")
def test_a_killed_broker_that_is_not_started_again_leaves_nothing() -> None:
    with Broker() as broker:
        broker.produce("t", "v")
        broker.kill()


def test_a_kill_leaves_a_real_directory_unclean(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        broker.produce("t", "v")
        broker.kill()
        assert not (tmp_path / ".kafka_cleanshutdown").exists()
    with Broker(tmp_path) as broker:
        assert [record.text for record in broker.records("t")] == ["v"]
    assert (tmp_path / ".kafka_cleanshutdown").exists()


def test_a_restart_keeps_address_and_data() -> None:
    with Broker() as broker:
        broker.produce("t", "v")
        address = broker.bootstrap_servers
        broker.restart()
        assert broker.bootstrap_servers == address
        assert [record.text for record in broker.records("t")] == ["v"]
        assert broker._running_node()._logs.was_clean


# Kinds of programs.


@pytest.mark.usefixtures("nothing_is_left")
def test_in_asyncio() -> None:
    async def main() -> None:
        async with Broker() as broker:
            broker.create_topic("t")
            broker.produce("t", "v")
            assert len(broker.wait_for("t")) == 1

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_is_left")
def test_in_a_program_without_asyncio_underneath() -> None:
    async def main() -> int:
        async with Broker() as broker:
            return broker.produce("t", "v").offset

    with pytest.raises(StopIteration) as ended:  # driven by hand: it awaits nothing that an event loop would give
        main().send(None)
    assert ended.value.value == 0


@pytest.mark.usefixtures("nothing_is_left")
def test_while_a_loop_runs_in_the_thread_as_in_a_notebook() -> None:
    async def cell() -> None:
        broker = Broker()
        broker.start()
        assert broker.produce("t", "v").offset == 0
        broker.reset()
        broker.stop()

    asyncio.run(cell())


@pytest.mark.usefixtures("nothing_is_left")
def test_on_the_loop_of_the_program() -> None:
    threads_before = threading.active_count()

    async def main() -> None:
        broker = Broker()
        await broker.start_async()
        await asyncio.to_thread(broker.create_topic, "t")
        assert threading.active_count() <= threads_before + 1 + 4  # asyncio's own, and the broker's pool
        assert broker.produce("t", "v").offset == 0
        assert [record.text for record in broker.records("t")] == ["v"]
        with pytest.raises(RuntimeError, match=r"asyncio\.to_thread"):
            broker.wait_for("t", 2)
        for refused in (broker.reset, broker.restart, broker.kill, broker.stop):
            with pytest.raises(RuntimeError, match="stop_async"):
                refused()
        await asyncio.to_thread(broker.reset)
        assert broker.topics() == {}
        await broker.stop_async()
        assert not broker.is_running

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.usefixtures("nothing_is_left")
def test_two_tasks_start_and_stop_it() -> None:
    async def program() -> None:
        broker = Broker()
        started = await asyncio.gather(broker.start_async(), broker.start_async(), return_exceptions=True)
        assert started[0] is broker
        assert str(started[1]) == "the broker is running"
        await asyncio.gather(broker.stop_async(), broker.stop_async())
        assert not broker.is_running

    asyncio.run(program())


def test_a_restart_takes_a_broker_from_the_loop_of_the_program() -> None:
    async def main() -> None:
        broker = Broker()
        await broker.start_async()
        await asyncio.to_thread(broker.restart)
        broker.create_topic("t")  # This thread may wait for it now.
        await broker.stop_async()
        assert not broker.is_running

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_is_left")
def test_a_program_that_forgets_to_stop(nothing_is_left: Path) -> None:
    script = "from minikafka import Broker\nb = Broker(process={}).start(); b.produce('t', 'v'); print(b.log_dirs[0])"
    for process in (False, True):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script.format(process)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert Path(done.stdout.strip()).parent == nothing_is_left


def test_an_interrupted_call_does_not_end_the_broker() -> None:
    with Broker() as broker:
        with pytest.raises(TimeoutError):
            broker.wait_for("t", timeout_s=0)
        assert broker.topics() == {}


# A process of its own.


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("step", ["start", "stop"])
def test_an_interrupt_while_it_starts_or_stops_leaves_nothing(
    step: str, nothing_is_left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = getattr(Node, step)
    main_thread = threading.main_thread().ident
    assert main_thread is not None

    async def interrupted(node: Node) -> None:
        signal.pthread_kill(main_thread, signal.SIGINT)
        await asyncio.sleep(0.01)  # there is more to do, when the program already knows
        await done(node)

    broker = Broker()
    with monkeypatch.context() as patch:
        patch.setattr(Node, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            broker.start().stop()
    assert not broker.is_running
    assert list(nothing_is_left.iterdir()) == []
    with broker:
        assert broker.topics() == {}


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("go_on", [Broker.restart, lambda broker: (broker.kill(), broker.start())])
def test_a_reset_that_fails_is_got_over(go_on: Callable[[Broker], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(logs: LogManager) -> None:
        raise StorageError("the disk is gone")

    with Broker() as broker:
        address = broker.bootstrap_servers
        with monkeypatch.context() as patch:
            patch.setattr(LogManager, "open_directories", fail)
            with pytest.raises(StorageError, match="the disk is gone"):
                broker.reset()
        go_on(broker)
        assert broker.bootstrap_servers == address
        assert broker.topics() == {}


def test_only_one_thread_starts_it(nothing_is_left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Node.start
    broker = Broker()
    refusals: list[str] = []

    def start_too() -> None:
        try:
            broker.start()
        except RuntimeError as error:
            refusals.append(str(error))

    async def start_both(node: Node) -> None:
        await asyncio.to_thread(start_too)
        await begin(node)

    monkeypatch.setattr(Node, "start", start_both)
    with broker:
        assert refusals == ["the broker is being started or stopped by another thread"]
        assert broker.topics() == {}


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"directory": "a,b"}, ConfigError, "the directory 'a,b' has a comma in its path"),
        ({"directory": 5}, TypeError, "not int"),
        ({"config": "server.properties"}, TypeError, r"BrokerConfig\.load\(PATH\), not 'server\.properties'"),
        ({"config": {5: 6}}, TypeError, "Kafka's names of settings as its keys, not 5"),
        ({"clock": 5}, TypeError, r"such as ManualClock\(\), not 5"),
        ({"requests_kept": -1}, ValueError, "a number of 0 or more, not -1"),
    ],
)
def test_what_a_broker_cannot_be_made_of(arguments: dict[str, Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        Broker(**arguments)


def test_a_program_may_change_to_another_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("home", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "home")
    with Broker("data") as broker, Broker(config={"log.dirs": "one, two"}) as other:
        monkeypatch.chdir(tmp_path / "elsewhere")
        broker.produce("t", "v")
        broker.restart()
        assert len(broker.records("t")) == 1
        assert broker.log_dirs == [str(tmp_path / "home" / "data")]
        assert other.log_dirs == [str(tmp_path / "home" / name) for name in ("one", "two")]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_directory_named_by_bytes(tmp_path: Path) -> None:
    assert Broker(bytes(tmp_path)).config.log_dirs == [str(tmp_path)]


def test_a_version_that_is_not_served() -> None:
    from minikafka.protocol.messages import MetadataRequest

    with Broker() as broker, pytest.raises(ValueError, match="Metadata is served in the versions 0 to 13, not 99"):
        broker.call(MetadataRequest(), 99)


def test_a_process_of_its_own() -> None:
    with Broker(process=True, num_partitions=2) as broker:
        assert answers_api_versions("127.0.0.1", broker.port)
        broker.produce("t", "v", key="k")
        assert broker.topics() == {"t": 2}
        assert [record.text for record in broker.wait_for("t")] == ["v"]
        address = (broker.bootstrap_servers, broker.cluster_id)
        broker.restart()
        assert [record.text for record in broker.records("t")] == ["v"]
        broker.kill()
        broker.start()
        assert (broker.bootstrap_servers, broker.cluster_id) == address
        assert [record.text for record in broker.records("t")] == ["v"]
        assert "listening on PLAINTEXT" in broker.process_log
    assert not broker.is_running


@pytest.mark.usefixtures("nothing_is_left")
def test_a_process_that_cannot_start(tmp_path: Path) -> None:
    with Broker(process=True) as first, pytest.raises(ConfigError, match=rf"port {first.port} is in use"):
        Broker(process=True, listeners=f"PLAINTEXT://127.0.0.1:{first.port}").start()
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(StorageError, match="none of the log directories can be used"):
        Broker(path, process=True).start()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.usefixtures("nothing_is_left")
def test_a_process_that_ended_by_itself() -> None:
    broker = Broker(process=True).start()
    host: Any = broker._host
    os.kill(host.pid, signal.SIGKILL)
    host._process.wait(10)
    for asked in (broker.topics, lambda: broker.wait_for("t"), broker.reset, broker.stop):
        with pytest.raises(StorageError, match="ended by itself; the end of its log is:"):
            asked()
    assert not broker.is_running


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_process_ends_with_the_program(tmp_path: Path) -> None:
    script = (
        "import os, signal\nfrom minikafka import Broker\n"
        f"b = Broker({str(tmp_path / 'data')!r}, process=True).start(); print(b.port, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    port = int(done.stdout)
    wait_until(lambda: not answers_api_versions("127.0.0.1", port), what="the broker has ended")
    wait_until((tmp_path / "data" / ".kafka_cleanshutdown").exists, what="it has stopped cleanly")


def test_what_a_process_cannot_have() -> None:
    with pytest.raises(TypeError, match="process of its own"):
        Broker(process=True, clock=ManualClock())
    with pytest.raises(TypeError, match="process of its own"):
        asyncio.run(Broker(process=True).start_async())


# Forks.


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.parametrize("process", [False, True], ids=["thread", "process"])
def test_a_forked_process_leaves_the_broker_to_its_parent(process: bool, tmp_path: Path) -> None:
    script = f"""
import os, sys
from minikafka import Broker

broker = Broker(process={process}).start()
broker.produce("t", "v")
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.close(writing)
    assert not broker.is_running
    try:
        broker.topics()
    except RuntimeError as error:
        assert "not running" in str(error), error
    broker.stop()
    with Broker() as own:
        own.produce("other", "v")
        assert own.topics() == {{"other": 1}}
    os.read(reading, 1)  # ends after the parent has tried the port
    sys.exit(0)
broker.restart()
assert [record.text for record in broker.records("t")] == ["v"]
assert os.path.isdir(broker.log_dirs[0])
os.write(writing, b".")
_, status = os.waitpid(child, 0)
assert broker.topics() == {{"t": 1}}
broker.stop()
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


# Where it lives.


def test_memory_is_preferred_when_it_is_roomy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir()
    disk.mkdir()
    monkeypatch.setattr(directories, "_MEMORY_DIRECTORY", str(memory))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(directories, "_ROOMY_BYTES", 1)
    assert Path(directories.temporary_path()).parent == memory
    monkeypatch.setattr(directories, "_ROOMY_BYTES", 1 << 80)
    assert Path(directories.temporary_path()).parent != memory
    monkeypatch.setattr(directories, "_ROOMY_BYTES", 1)
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    assert Path(directories.temporary_path()).parent == memory
    monkeypatch.setenv("TMPDIR", str(disk))
    assert Path(directories.temporary_path()).parent == disk
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(directories, "_MEMORY_DIRECTORY", str(tmp_path / "none"))
    assert Path(directories.temporary_path()).parent == disk


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no SIGKILL")
def test_what_a_killed_program_leaves_in_memory_is_freed_by_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(directories, "_MEMORY_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(directories, "_ROOMY_BYTES", 1)
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    script = (
        "import os, signal, sys\nfrom minikafka import Broker\nfrom minikafka.embedded import directories\n"
        "directories._MEMORY_DIRECTORY, directories._ROOMY_BYTES = sys.argv[1], 1\n"
        "broker = Broker().start(); kept = broker.snapshot(); other = Broker().start(); other.kill()\n"
        "print(os.getpid(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60)
    killed = done.stdout.strip()
    assert len([path for path in tmp_path.iterdir() if f"-{killed}-" in path.name]) == 3, done.stderr
    with Broker() as mine:
        mine.produce("t", "v")
        assert [path for path in tmp_path.iterdir() if f"-{killed}-" in path.name] == []
        script = script.replace("os.kill(os.getpid(), signal.SIGKILL)", "broker.stop()")
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, timeout=60)
        assert mine.reset() is None
        assert mine.produce("t", "v").offset == 0
    assert list(tmp_path.iterdir()) == []


# The last requests.


def test_the_last_requests() -> None:
    from kafka import KafkaProducer

    with Broker(requests_kept=30) as broker:
        producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, client_id="shop")
        producer.send("orders", b"v").get(10)
        producer.close()
        produced = [line for line in broker.requests.lines() if " Produce v" in line]
        assert len(produced) == 1
        assert "shop" in produced[0]
        assert "orders" in produced[0]
        assert produced[0].endswith("-> ok")
        broker.forget_requests()
        broker.topics()
        assert broker.requests.lines() == []
