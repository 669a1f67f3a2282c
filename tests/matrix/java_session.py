"""A Java program that obeys: it takes a line of words, and answers with an exit code and what was printed."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tests.matrix.workplace import CommandFailed, executable

HEAP_OPTIONS = ("-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
PATIENCE_S = 90.0


class Answer(NamedTuple):
    exit_code: int
    printed: str


class JavaSession:
    """Runs the Java source file ``source`` on ``jars``; what it prints beside its answers is in ``log_path``.

    A command is one line of words with tabs between them; see java/tools/Tools.java for the answer.
    """

    def __init__(self, source: Path, jars: Path, log_path: Path, arguments: Iterable[str] = ()) -> None:
        self.command = [executable("java"), *HEAP_OPTIONS, "-cp", f"{jars}/*", str(source), *arguments]
        self.log_path = log_path

    def __enter__(self) -> JavaSession:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0
            )
        assert self.process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)
        self._unread = b""
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def ask(self, *words: str, patience_s: float = PATIENCE_S) -> Answer:
        """Raises CommandFailed when there is no answer in ``patience_s`` seconds."""
        assert self.process.stdin is not None
        self.process.stdin.write(("\t".join(words) + "\n").encode())
        deadline = time.monotonic() + patience_s
        head, _, rest = self._until(lambda unread: b"\n" in unread, words, deadline).partition(b"\n")
        exit_code, size_bytes = map(int, head.split())
        self._unread = rest
        whole = self._until(lambda unread: len(unread) >= size_bytes, words, deadline)
        self._unread = whole[size_bytes:]
        return Answer(exit_code, whole[:size_bytes].decode())

    def kill(self) -> None:
        """SIGKILL, as the machine's failure would end it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self._selector.close()
        self.process.stdin.close()
        self.process.stdout.close()

    def _until(self, is_enough: Callable[[bytes], bool], words: tuple[str, ...], deadline: float) -> bytes:
        assert self.process.stdout is not None
        while not is_enough(self._unread):
            if not self._selector.select(max(0, deadline - time.monotonic())):
                raise CommandFailed(f"{' '.join(words)}: no answer in time\n{self._log_end()}")
            chunk = os.read(self.process.stdout.fileno(), 65_536)
            if not chunk:
                raise CommandFailed(f"{' '.join(words)}: Java ended with {self.process.wait()}\n{self._log_end()}")
            self._unread += chunk
        return self._unread

    def _log_end(self) -> str:
        return self.log_path.read_text(errors="replace")[-4000:]
