"""``zookeeper-server-start [-daemon] FILE``: holds ZooKeeper's port, and says that minikafka needs none.

Who follows an old tutorial starts ZooKeeper first; what looks whether it is there (``echo ruok | nc localhost 2181``)
gets the answers of a ZooKeeper that stands alone. Nothing is kept in it.
"""

from __future__ import annotations

import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from minikafka import __version__
from minikafka.cli.connecting import load_properties
from minikafka.cli.running_processes import registered, start_daemon
from minikafka.errors import ConfigError, MinikafkaError

COMMAND = "zookeeper-server-start"
_USAGE = f"USAGE: {COMMAND} [-daemon] zookeeper.properties"
_DAEMON = "-daemon"
_OUTPUT_NAME = "zookeeper.out"
_DEFAULT_PORT = "2181"
_IDLE_TIMEOUT_S = 30.0
_VERSION = f"none, this is minikafka {__version__}"
_READY = "minikafka needs no ZooKeeper"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 when a signal ended it."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_daemon = _DAEMON in given
    files = [argument for argument in given if argument != _DAEMON]
    if len(files) != 1:
        print(_USAGE)
        return 1
    if is_daemon:
        return start_daemon(COMMAND, files, _OUTPUT_NAME, _READY)
    try:
        with _listening(load_properties(files[0])) as server, registered(COMMAND):
            port = server.server_address[1]
            print(
                f"{_READY}: port {port} answers ruok, srvr, stat and mntr, and keeps nothing. Start the broker alone.",
                file=sys.stderr,
                flush=True,
            )
            _serve_until_signalled(server)
    except (MinikafkaError, OSError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 1
    return 0


class _Server(socketserver.ThreadingTCPServer):
    """``connection_count`` counts those accepted so far."""

    daemon_threads = True
    connection_count = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in between is no concern of anybody's."""


class _FourLetterWords(socketserver.BaseRequestHandler):
    request: socket.socket
    server: _Server

    def handle(self) -> None:
        self.server.connection_count += 1
        self.request.settimeout(_IDLE_TIMEOUT_S)
        word = self.request.recv(4)
        if word in _ANSWERS:
            self.request.sendall(_ANSWERS[word](self.server.connection_count).encode())
        elif word[:2] == b"\0\0":  # the length that a session's first request begins with
            host = self.client_address[0]
            print(f"A ZooKeeper client came from {host}, and was turned away: {_READY}.", file=sys.stderr, flush=True)


def _listening(settings: dict[str, str]) -> _Server:
    """Raises ConfigError, and OSError with the port in its text."""
    text = settings.get("clientPort", _DEFAULT_PORT)
    if not text.isdecimal() or int(text) > 65535:
        raise ConfigError(f"clientPort={text}: a port is a number from 0 to 65535")
    host = settings.get("clientPortAddress", "")
    has_both = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if has_both or ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, int(text)), family=family, dualstack_ipv6=has_both)
    except OSError as error:
        raise OSError(f"cannot listen on port {text}: {error.strerror}. Is a ZooKeeper running already?") from error
    server = _Server((host, 0), _FourLetterWords, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_address = listener.getsockname()
    return server


def _serve_until_signalled(server: _Server) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this thread is in.
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.serve_forever(poll_interval=0.1)


def _srvr(connections: int) -> str:
    return (
        f"Zookeeper version: {_VERSION}\n"
        "Latency min/avg/max: 0/0.0/0\n"
        f"Received: {connections}\n"
        f"Sent: {connections - 1}\n"
        "Connections: 1\n"
        "Outstanding: 0\n"
        "Zxid: 0x0\n"
        "Mode: standalone\n"
        "Node count: 0\n"
    )


def _stat(connections: int) -> str:
    version, rest = _srvr(connections).split("\n", 1)
    return f"{version}\nClients:\n\n{rest}"


def _mntr(connections: int) -> str:
    values = {
        "zk_version": _VERSION,
        "zk_server_state": "standalone",
        "zk_avg_latency": "0.0",
        "zk_max_latency": 0,
        "zk_min_latency": 0,
        "zk_packets_received": connections,
        "zk_packets_sent": connections - 1,
        "zk_num_alive_connections": 1,
        "zk_outstanding_requests": 0,
        "zk_znode_count": 0,
        "zk_watch_count": 0,
        "zk_ephemerals_count": 0,
    }
    return "".join(f"{name}\t{value}\n" for name, value in values.items())


_ANSWERS: dict[bytes, Callable[[int], str]] = {
    b"ruok": lambda connections: "imok",
    b"isro": lambda connections: "rw",
    b"srvr": _srvr,
    b"stat": _stat,
    b"mntr": _mntr,
}


if __name__ == "__main__":
    sys.exit(main())
