"""ZooKeeper's four-letter words: who looks whether it is there, and how it is, gets what ZooKeeper 3.5 prints.

``echo ruok | nc localhost 2181`` prints ``imok``. What only a ZooKeeper has is 0.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping

from minikafka import __version__
from minikafka.named_tuple import NamedTuple
from minikafka.zookeeper.sessions import Session

VERSION = f"none, this is minikafka {__version__}"


class Connection(NamedTuple):
    """A client; ``session`` is None before there is one, and for who sent a word."""

    host: str
    port: int
    received: int
    sent: int
    session: Session | None
    watched_paths: list[str]


class Statistics(NamedTuple):
    """What the words tell of; ``configuration`` in its order."""

    received: int
    sent: int
    zxid: int
    node_count: int
    data_bytes: int
    connections: list[Connection]
    sessions: list[Session]
    ephemeral_nodes: Mapping[int, list[str]]
    configuration: Mapping[str, object]


def _ruok(statistics: Statistics) -> str:
    return "imok"


def _isro(statistics: Statistics) -> str:
    return "rw"


def _srvr(statistics: Statistics) -> str:
    return f"Zookeeper version: {VERSION}\n{_counts(statistics)}"


def _counts(statistics: Statistics) -> str:
    return (
        "Latency min/avg/max: 0/0/0\n"
        f"Received: {statistics.received}\n"
        f"Sent: {statistics.sent}\n"
        f"Connections: {len(statistics.connections)}\n"
        "Outstanding: 0\n"
        f"Zxid: {statistics.zxid:#x}\n"
        "Mode: standalone\n"
        f"Node count: {statistics.node_count}\n"
    )


def _stat(statistics: Statistics) -> str:
    clients = "".join(f"{_brief(each)})\n" for each in statistics.connections)
    return f"Zookeeper version: {VERSION}\nClients:\n{clients}\n{_counts(statistics)}"


def _cons(statistics: Statistics) -> str:
    lines = []
    for each in statistics.connections:
        session = each.session
        details = "" if session is None else f",sid={session.session_id:#x},to={session.timeout_ms}"
        lines.append(f"{_brief(each)}{details})\n")
    return "".join(lines) + "\n"


def _brief(connection: Connection) -> str:
    has_session = 1 if connection.session is not None else 0
    address = f"/{connection.host}:{connection.port}"
    return f" {address}[{has_session}](queued=0,recved={connection.received},sent={connection.sent}"


def _mntr(statistics: Statistics) -> str:
    values = {
        "zk_version": VERSION,
        "zk_avg_latency": 0,
        "zk_max_latency": 0,
        "zk_min_latency": 0,
        "zk_packets_received": statistics.received,
        "zk_packets_sent": statistics.sent,
        "zk_num_alive_connections": len(statistics.connections),
        "zk_outstanding_requests": 0,
        "zk_server_state": "standalone",
        "zk_znode_count": statistics.node_count,
        "zk_watch_count": _watch_count(statistics),
        "zk_ephemerals_count": sum(map(len, statistics.ephemeral_nodes.values())),
        "zk_approximate_data_size": statistics.data_bytes,
    }
    return "".join(f"{name}\t{value}\n" for name, value in values.items())


def _conf(statistics: Statistics) -> str:
    return "".join(f"{name}={value}\n" for name, value in statistics.configuration.items())


def _envi(statistics: Statistics) -> str:
    values = {
        "zookeeper.version": VERSION,
        "host.name": platform.node(),
        "python.version": platform.python_version(),
        "python.home": sys.prefix,
        "os.name": platform.system(),
        "os.arch": platform.machine(),
        "os.version": platform.release(),
        "user.dir": os.getcwd(),
    }
    return "Environment:\n" + "".join(f"{name}={value}\n" for name, value in values.items())


def _wchs(statistics: Statistics) -> str:
    watching = [each for each in statistics.connections if each.watched_paths]
    paths = {path for each in watching for path in each.watched_paths}
    return f"{len(watching)} connections watching {len(paths)} paths\nTotal watches:{_watch_count(statistics)}\n"


def _watch_count(statistics: Statistics) -> int:
    return sum(len(each.watched_paths) for each in statistics.connections)


def _wchc(statistics: Statistics) -> str:
    lines = []
    for each in statistics.connections:
        if each.session is not None and each.watched_paths:
            lines += [f"{each.session.session_id:#x}\n", *(f"\t{path}\n" for path in each.watched_paths)]
    return "".join(lines) + "\n"


def _wchp(statistics: Statistics) -> str:
    sessions: dict[str, list[int]] = {}
    for each in statistics.connections:
        for path in each.watched_paths:
            if each.session is not None:
                sessions.setdefault(path, []).append(each.session.session_id)
    lines = (f"{path}\n" + "".join(f"\t{session:#x}\n" for session in ids) for path, ids in sorted(sessions.items()))
    return "".join(lines) + "\n"


def _dump(statistics: Statistics) -> str:
    lines = [f"SessionTracker dump:\nSession Sets (1)/({len(statistics.sessions)}):\n"]
    lines += [f"\t{session.session_id:#x}\n" for session in statistics.sessions]
    owners = statistics.ephemeral_nodes
    lines.append(f"ephemeral nodes dump:\nSessions with Ephemerals ({len(owners)}):\n")
    for owner, paths in owners.items():
        lines += [f"{owner:#x}:\n", *(f"\t{path}\n" for path in paths)]
    return "".join(lines)


def _dirs(statistics: Statistics) -> str:
    return "datadir_size: 0\nlogdir_size: 0\n"


ANSWERS: dict[bytes, Callable[[Statistics], str]] = {
    b"ruok": _ruok,
    b"isro": _isro,
    b"srvr": _srvr,
    b"stat": _stat,
    b"mntr": _mntr,
    b"conf": _conf,
    b"cons": _cons,
    b"envi": _envi,
    b"wchs": _wchs,
    b"wchc": _wchc,
    b"wchp": _wchp,
    b"dump": _dump,
    b"dirs": _dirs,
}
