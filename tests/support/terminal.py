"""A program on a terminal of its own, as a person has it: what it shows, what is typed, Ctrl-C and Ctrl-D."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.polling import wait_until

CTRL_C = "\x03"
CTRL_D = "\x04"


class Terminal:
    """Runs ``command``; ``text`` is all that was shown so far, what was typed included."""

    def __init__(self, command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> None:
        self._controller, terminal = pty.openpty()
        self._shown = bytearray()
        # The first terminal that the leader of a session opens is its own: then Ctrl-C is a signal.
        opening = ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(terminal)]
        self.process = subprocess.Popen(
            [*opening, *map(str, command)],
            cwd=cwd,
            env=dict(environment),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return bytes(self._shown).decode(errors="replace").replace("\r\n", "\n")

    def wait_for(self, text: str) -> Terminal:
        """Until ``text`` is shown. Raises AssertionError with what is shown instead."""
        try:
            wait_until(lambda: text in self.text or self.process.poll() is not None)
        except AssertionError:
            raise AssertionError(f"{text!r} is not shown, but:\n{self.text}") from None
        self._settle()
        assert text in self.text, f"{text!r} was not shown; the program ended with:\n{self.text}"
        return self

    def type(self, text: str) -> Terminal:
        os.write(self._controller, text.encode())
        return self

    def wait(self, timeout_s: float = 20.0) -> int:
        """The program's exit code, once everything is shown."""
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        os.close(self._controller)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settle(self) -> None:
        if self.process.poll() is not None:
            self._reader.join(5)

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._controller, 4096)
            except OSError:  # the program, the last on this terminal, has ended
                return
            if not chunk:
                return
            self._shown += chunk
