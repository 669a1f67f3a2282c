"""A broker in a process of its own, which ends with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from minikafka import errors
from minikafka.client.cluster import Cluster
from minikafka.client.errors import BrokerUnreachable
from minikafka.config import Listener
from minikafka.embedded.watch_server import RemoteWatch

if TYPE_CHECKING:
    from minikafka.client.connection import Connection
    from minikafka.config import BrokerConfig
    from minikafka.embedded.watches import Watch
    from minikafka.protocol.messages import Message

_STOP_TIMEOUT_S = 60.0
_PACKAGE_PARENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class ChildHost:
    """A ``Host`` that is another process; ``child`` is its other end.

    :raises ConfigError, StorageError: why it cannot start.
    """

    def __init__(self, config: BrokerConfig, *, is_durable: bool, ports: Sequence[Listener]) -> None:
        # A file, not a pipe: nobody has to read along.
        self._log = TemporaryFile()  # noqa: SIM115
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._client: Cluster | None = None
        self._is_over = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "minikafka.embedded.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
        try:
            answer = self._ask(
                {
                    "settings": config.originals,
                    "is_durable": is_durable,
                    "ports": [list(listener) for listener in ports],
                }
            )
        except BaseException:
            self._end()
            raise
        self.listeners = [Listener(*each) for each in answer["listeners"]]
        self.cluster_id: str = answer["cluster_id"]
        self._watch_port: int = answer["watch_port"]

    @property
    def may_wait(self) -> bool:
        return True

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log_text(self) -> str:
        """All that the broker has logged."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        try:
            self._ask({"command": "stop"})
            self._process.wait(_STOP_TIMEOUT_S)
        finally:
            self._end()

    def kill(self) -> None:
        self._end()

    def reset(self) -> None:
        self._exchange({"command": "reset"})

    def snapshot(self, targets: Sequence[str]) -> None:
        self._exchange({"command": "snapshot", "paths": list(targets)})

    def restore(self, sources: Sequence[str]) -> None:
        self._exchange({"command": "restore", "paths": list(sources)})

    def call(self, request: Message, version: int, timeout_s: float) -> Any:
        """Over a connection of its own, one call at a time."""
        with self._lock:
            try:
                return self._connected(timeout_s).call(request, version)
            except BrokerUnreachable as error:
                if self._process.poll() is None and not self._is_over:
                    raise
                raise self._gone() from error

    def own_port(self) -> int:
        """Where its calls come from, until all connections are cut."""
        with self._lock:
            connection = self._connected(_STOP_TIMEOUT_S)
            connection.api_versions()  # So that the broker has accepted it.
            return connection.local_port

    def control(self, part: str, method: str, **arguments: Any) -> Any:
        """What a method of a part of the process ("faults", "requests") returns. Raises what it raises."""
        return self._ask({"command": "call", "on": part, "method": method, "arguments": arguments})["value"]

    def leave_to_parent(self) -> None:
        # The broker ends when nobody holds the other end of its input any more.
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                _close(pipe)
        self._disconnect()
        self._process.returncode = 0  # It is no child of this process, which cannot wait for it.

    def watch(self, topics: Collection[str] | None) -> Watch:
        try:
            return RemoteWatch(self._watch_port, topics)
        except ConnectionError as error:
            raise self._gone() from error

    def _exchange(self, command: dict[str, Any]) -> None:
        """A command that cuts all connections."""
        with self._lock:
            self._disconnect()
            self._ask(command)

    def _connected(self, timeout_s: float) -> Connection:
        if self._client is None:
            address = self.listeners[0]
            host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)
            bracketed = f"[{host}]" if ":" in host else host
            self._client = Cluster(f"{bracketed}:{address.port}", client_id="minikafka-embedded")
        self._client.timeout_s = timeout_s
        connection = self._client.any_broker()
        if connection.has_ended():  # It was idle for too long.
            connection.close()
            connection = self._client.any_broker()
        return connection

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        line = b""
        with self._asking, suppress(OSError, ValueError):  # ValueError: the pipes are closed
            stdin.write(json.dumps(command).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
        if not line:
            raise self._gone()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _failure(answer)
        return answer

    def _gone(self) -> Exception:
        if self._is_over:
            return RuntimeError("the broker is not running: another thread has stopped it")
        return errors.StorageError(
            f"the broker's process {self.pid} ended by itself; the end of its log is:\n{self.log_text[-2000:]}"
        )

    def _end(self) -> None:
        """Leave nothing of it, in whatever state it is."""
        self._is_over = True
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                _close(pipe)
        self._disconnect()


def _failure(answer: dict[str, Any]) -> Exception:
    kind, text = answer["error"], answer["text"]
    if answer["code"] is not None:
        return errors.ApiError(answer["code"], text)
    for known in (errors.ConfigError, errors.StorageError, ValueError, TypeError, RuntimeError, TimeoutError):
        if known.__name__ == kind:
            return known(text)
    return RuntimeError(f"{kind}: {text}")


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # What could not be written to a process that has ended is of no use any more.


def _python_path() -> str:
    """So that the child finds this very package, however the parent did."""
    given = os.environ.get("PYTHONPATH")
    return _PACKAGE_PARENT + (os.pathsep + given if given else "")
