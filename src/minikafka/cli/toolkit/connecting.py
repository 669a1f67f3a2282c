"""From a tool's options to its cluster: which brokers, and the settings of its property file."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.client_security import client_security
from minikafka.cli.toolkit.options import Options, UsageError, string
from minikafka.client.cluster import Cluster
from minikafka.client.connection import addresses, resolvable
from minikafka.client.errors import ClientError
from minikafka.config.properties import parse_properties
from minikafka.config.settings import PlacedText, at
from minikafka.errors import ConfigError

CONNECT_TIMEOUT_S = 60.0
"""How long Kafka's tools try to reach a broker (default.api.timeout.ms, max.block.ms)."""

BOOTSTRAP_SERVER = string("bootstrap-server", "server to connect to", "REQUIRED: where a broker is: HOST:PORT.")
COMMAND_CONFIG = string("command-config", "property file", "Settings of the client, in a property file.")
ZOOKEEPER = string(
    "zookeeper", "host:port", "As in Kafka 2.x; there is no ZooKeeper, and the broker on that host is asked instead."
)

DEFAULT_PORT = 9092


def load_properties(path: str | None) -> dict[str, str]:
    """The settings of a property file; none when there is no file. Raises ConfigError."""
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError as error:
        raise ConfigError(f"the property file {path} cannot be read: {error.strerror}") from error
    return {key: PlacedText(value, f"{path}, line {line}") for key, value, line in parse_properties(text, path)}


def cluster_of(
    options: Options,
    *,
    client_id: str = "adminclient-1",
    bootstrap_servers: str | None = None,
    connect_timeout_s: float | None = None,
) -> Cluster:
    """The cluster that the options name, with the settings of --command-config.

    Raises UsageError, ConfigError, ClientError; for ``connect_timeout_s`` see ``open_cluster``.
    """
    settings = load_properties(options.value("command-config"))
    servers = bootstrap_servers or bootstrap_of(options)
    if servers is None:
        raise UsageError("--bootstrap-server must be specified", shows_help=False)
    return open_cluster(servers, settings, client_id=client_id, connect_timeout_s=connect_timeout_s)


def open_cluster(
    bootstrap_servers: str, settings: Mapping[str, str], *, client_id: str, connect_timeout_s: float | None = None
) -> Cluster:
    """A cluster with the settings of a client; a broker that cannot be reached is tried again for
    ``connect_timeout_s``, or as default.api.timeout.ms says. Raises ConfigError, ClientError.
    """
    _check_names(bootstrap_servers)
    return cluster_to_come(bootstrap_servers, settings, client_id=client_id, connect_timeout_s=connect_timeout_s)


def cluster_to_come(
    bootstrap_servers: str, settings: Mapping[str, str], *, client_id: str, connect_timeout_s: float | None = None
) -> Cluster:
    """As ``open_cluster``, for who may be there before the brokers and their names are. Raises ConfigError."""
    if connect_timeout_s is None:
        connect_timeout_s = _milliseconds(settings, "default.api.timeout.ms", int(CONNECT_TIMEOUT_S * 1000)) / 1000
    return Cluster(
        bootstrap_servers,
        client_id=settings.get("client.id", client_id),
        timeout_s=_milliseconds(settings, "request.timeout.ms", 30_000) / 1000,
        connect_timeout_s=connect_timeout_s,
        security=client_security(settings),
        on_warning=stderr_log.warn,
    )


def _check_names(bootstrap_servers: str) -> None:
    """As Kafka's clients do at the beginning, in ClientUtils. Raises ClientError: none of the hosts has an address."""
    failures = []
    for host, port in addresses(bootstrap_servers):
        try:
            socket.getaddrinfo(resolvable(host), port, type=socket.SOCK_STREAM)
        except OSError as error:
            failures.append(f"{host}: {error.strerror or error}")
        else:
            return
    raise ClientError(f"No resolvable bootstrap urls given in bootstrap.servers: {'; '.join(failures)}")


def bootstrap_of(options: Options) -> str | None:
    """The address --bootstrap-server gives, or --zookeeper stands for; None without either. Raises UsageError."""
    server = options.value("bootstrap-server")
    zookeeper = options.value("zookeeper") if ZOOKEEPER in options.tool.options else None
    if zookeeper is None:
        return server
    if server is not None:
        raise UsageError("Only one of --bootstrap-server or --zookeeper must be specified", shows_help=False)
    return broker_of_zookeeper(zookeeper, f"--zookeeper {zookeeper}")


def broker_of_zookeeper(connect_string: str, written: str) -> str:
    """The brokers on the hosts of a ZooKeeper connection string (``HOST:2181,HOST:2181/chroot``), which is told on
    stderr of what is ``written`` on the command line.

    Their port is 9092, or for this machine the one that its config/server.properties says. Raises ClientError.
    """
    hosts = [part.rpartition(":")[0] or part for part in connect_string.partition("/")[0].split(",") if part.strip()]
    if not hosts:
        raise ClientError(f"{written} names no host; it has the form HOST:2181")
    port = _local_port()
    address = ",".join(f"{host}:{port if _is_local(host) else DEFAULT_PORT}" for host in hosts)
    print(f"minikafka needs no ZooKeeper: {written} means the broker at {address}", file=sys.stderr)
    return address


def _is_local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "[::1]", "::1") or host == socket.gethostname()


def _local_port() -> int:
    path = os.path.join(os.environ.get("MINIKAFKA_HOME", ""), "config", "server.properties")
    return (port_in(load_properties(path)) if os.path.isfile(path) else None) or DEFAULT_PORT


def port_in(settings: Mapping[str, str]) -> int | None:
    """The port of a broker's first listener, as its server.properties says; None where it says none."""
    listener = settings.get("listeners", "").partition(",")[0]
    port = listener.rpartition(":")[2] if listener else settings.get("port", "")
    return int(port) if port.isdecimal() and int(port) else None


def _milliseconds(settings: Mapping[str, str], name: str, default: int) -> int:
    value = settings.get(name, str(default))
    if not value.strip().isdecimal():
        place = at(getattr(value, "place", ""))
        raise ConfigError(f"{name}={value}{place}: milliseconds are a number of 0 or more")
    return int(value)
