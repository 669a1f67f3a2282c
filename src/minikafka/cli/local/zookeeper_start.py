"""``zookeeper-server-start [-daemon] FILE``: holds ZooKeeper's port, and says that minikafka needs none.

Who follows an old tutorial starts ZooKeeper first; what looks whether it is there (``echo ruok | nc localhost 2181``)
gets the answers of a ZooKeeper that stands alone, and what reads Kafka's znodes finds those of the broker as it is now.

The broker is the one that ``bootstrap.servers`` in FILE names, where ``security.protocol`` and the like may stand, too;
else that of the server.properties beside FILE; else the one on port 9092 of this machine. A chroot is taken from the
``zookeeper.connect`` of that server.properties.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minikafka.cli.local.running_processes import registered, start_daemon
from minikafka.cli.toolkit.connecting import DEFAULT_PORT, cluster_to_come, load_properties, port_in
from minikafka.errors import ConfigError, MinikafkaError

if TYPE_CHECKING:
    from minikafka.zookeeper.server import Settings

COMMAND = "zookeeper-server-start"
_USAGE = f"USAGE: {COMMAND} [-daemon] zookeeper.properties"
_DAEMON = "-daemon"
_OUTPUT_NAME = "zookeeper.out"
_DEFAULT_PORT = 2181
_DEFAULT_TICK_MS = 2000
_BROKER_TIMEOUT_MS = "5000"
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
        with registered(COMMAND):
            _run(settings_of(Path(files[0])))
    except (MinikafkaError, OSError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 1
    return 0


def settings_of(file: Path) -> Settings:
    """What a zookeeper.properties says. Raises ConfigError."""
    from minikafka.zookeeper.server import Settings

    given = load_properties(str(file))
    port = _number(given, "clientPort", _DEFAULT_PORT, 65535)
    tick_ms = _number(given, "tickTime", _DEFAULT_TICK_MS, 2**31 // 20)
    beside = file.parent / "server.properties"
    of_broker = load_properties(str(beside)) if beside.is_file() else {}
    chroot = of_broker.get("zookeeper.connect", "").partition("/")[2].strip("/")
    return Settings(
        given.get("clientPortAddress") or None,
        port,
        cluster_to_come(
            given.get("bootstrap.servers") or f"localhost:{port_in(of_broker) or DEFAULT_PORT}",
            {"request.timeout.ms": _BROKER_TIMEOUT_MS, **given},
            client_id="zookeeper",
            connect_timeout_s=0,
        ),
        f"/{chroot}" if chroot else "",
        tick_ms,
        {
            "clientPort": port,
            "dataDir": given.get("dataDir", ""),
            "tickTime": tick_ms,
            "maxClientCnxns": given.get("maxClientCnxns", 0),
            "minSessionTimeout": 2 * tick_ms,
            "maxSessionTimeout": 20 * tick_ms,
            "serverId": 0,
        },
    )


def _run(settings: Settings) -> None:
    """Serve until a signal comes. Raises OSError with the port in its text."""
    from minikafka.zookeeper.server import run_until_signalled

    def say_ready(port: int) -> None:
        _say(
            f"{_READY}: port {port} answers its four-letter words, and shows the broker at "
            f"{settings.cluster.bootstrap_servers} as znodes; nothing is kept on disk."
        )

    try:
        run_until_signalled(settings, say_ready, _say)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OSError(
                f"cannot listen on port {settings.port}: {os.strerror(error.errno)}. Is a ZooKeeper running already?"
            ) from error
        where = f"{settings.host or ''}:{settings.port}"
        raise OSError(f"cannot listen on {where}: {error.strerror or error}") from error


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _number(settings: dict[str, str], key: str, default: int, highest: int) -> int:
    text = settings.get(key, str(default))
    if not text.isdecimal() or int(text) > highest:
        raise ConfigError(f"{key}={text}: it is a number from 0 to {highest}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
