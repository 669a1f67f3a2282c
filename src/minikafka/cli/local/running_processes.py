"""Which servers run, for the commands that stop them: a small file for each, by its process id.

The files are in ``logs`` of the folder that the scripts are in, or where ``LOG_DIR`` says, as the output of daemons is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from minikafka.named_tuple import NamedTuple

_START_TIMEOUT_S = 30.0
_POLL_INTERVAL_S = 0.02
_PROC = Path("/proc")


class RunningProcess(NamedTuple):
    """``command`` is the one it was started by; ``node_id`` "" where it has none."""

    pid: int
    command: str
    node_id: str
    file: Path


def log_directory() -> Path:
    """Where daemons print to, and where it says what runs."""
    given = os.environ.get("LOG_DIR")
    if given:
        return Path(given)
    home = os.environ.get("MINIKAFKA_HOME")
    if home:
        return Path(home, "logs")
    from tempfile import gettempdir

    return Path(gettempdir(), f"minikafka-{os.getuid() if hasattr(os, 'getuid') else 'logs'}")


@contextmanager
def registered(command: str, node_id: str = "") -> Iterator[None]:
    """Within, this process is found by ``running``."""
    directory = log_directory()
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{command}-{os.getpid()}.pid"
    file.write_text(f"{os.getpid()}\n{node_id}\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running(command: str) -> list[RunningProcess]:
    """The processes that ``command`` started and that are still there; what others left behind is cleared away."""
    found = []
    for file in sorted(log_directory().glob(f"{command}-*.pid")):
        pid_text, _, rest = file.read_text().partition("\n")
        process = RunningProcess(int(pid_text), command, rest.strip(), file)
        if command in _command_line(process.pid):
            found.append(process)
        else:
            file.unlink(missing_ok=True)
    return found


def start_daemon(command: str, arguments: Sequence[str], output_name: str, ready_word: str) -> int:
    """Run ``minikafka COMMAND ARGUMENT...`` in the background, and wait until it prints ``ready_word``.

    Returns the exit code: 0 when it runs.
    """
    directory = log_directory()
    directory.mkdir(parents=True, exist_ok=True)
    output = directory / output_name
    with output.open("ab") as out:
        start = out.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "minikafka", command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        code = process.poll()
        printed = output.read_bytes()[start:].decode(errors="replace")
        if code is not None:
            print(f"{command} did not start; it printed to {output}:\n{printed.rstrip()}", file=sys.stderr)
            return code or 1
        if ready_word in printed:
            return 0
        time.sleep(_POLL_INTERVAL_S)
    print(f"{command} runs, and is not ready after {_START_TIMEOUT_S:g} s; it prints to {output}", file=sys.stderr)
    return 1


def stop(processes: Sequence[RunningProcess], otherwise: str) -> int:
    """Send them the signal that the environment variable SIGNAL names (TERM), as Kafka's scripts do.

    Returns the exit code: 1, with the sentence ``otherwise``, when there are none.
    """
    if not processes:
        print(otherwise)
        return 1
    name = os.environ.get("SIGNAL", "TERM")
    number = getattr(signal, f"SIG{name.removeprefix('SIG')}", None)
    if number is None:
        print(f"SIGNAL={name}: there is no such signal", file=sys.stderr)
        return 1
    for process in processes:
        with suppress(ProcessLookupError):  # it ended in between
            os.kill(process.pid, number)
    return 0


def _command_line(pid: int) -> str:
    """What a process was started with; "" when there is none."""
    if (_PROC / "self" / "cmdline").exists():  # where ps often is not installed
        try:
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    done = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return done.stdout
