"""Listeners: the addresses a broker listens on, and those it tells clients to use.

The text form is ``NAME://host:port``, a comma between two of them; an empty host is every interface. The security
protocol of a name is looked up in ``listener.security.protocol.map``. Source: ``SocketServerConfigs``, ``EndPoint``
and the checks of ``KafkaConfig``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from minikafka.errors import ConfigError
from minikafka.named_tuple import NamedTuple

SECURITY_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


class Listener(NamedTuple):
    """One address. ``host`` is empty for every interface; ``port`` 0 asks the system for a free one."""

    name: str
    host: str
    port: int
    security_protocol: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.name}://{host}:{self.port}"

    @property
    def uses_tls(self) -> bool:
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def uses_sasl(self) -> bool:
        return self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL")


def parse_protocol_map(text: str) -> dict[str, str]:
    """``listener.security.protocol.map`` as listener name -> security protocol. Raises ConfigError."""
    protocols: dict[str, str] = {}
    for pair in filter(None, (item.strip() for item in text.split(","))):
        name, colon, protocol = (part.strip().upper() for part in pair.rpartition(":"))
        if not colon or not name:
            raise ConfigError(f"{pair!r} is not a NAME:PROTOCOL pair")
        if protocol not in SECURITY_PROTOCOLS:
            raise ConfigError(f"{protocol!r} is no security protocol; those are {', '.join(SECURITY_PROTOCOLS)}")
        protocols[name] = protocol
    return protocols


def parse_listeners(items: Sequence[str], protocols: Mapping[str, str]) -> list[Listener]:
    """The listeners the texts stand for, names in upper case. Raises ConfigError; names may not repeat."""
    listeners = [_parse_listener(item, protocols) for item in items]
    names = [listener.name for listener in listeners]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"each listener must have a name of its own, but {name} is there {names.count(name)} times"
            )
    return listeners


def ensure_distinct_ports(listeners: Sequence[Listener]) -> None:
    """Two listeners cannot share a port, unless one is on an IPv4 and the other on an IPv6 address, or it is 0."""
    for port in {listener.port for listener in listeners if listener.port}:
        sharing = [listener for listener in listeners if listener.port == port]
        if len(sharing) > 1 and {_address_family(listener.host) for listener in sharing} != {4, 6}:
            raise ConfigError(
                f"each listener must have a port of its own, but {' and '.join(map(str, sharing))} share one"
            )
        if len(sharing) > 2:
            raise ConfigError(f"at most one IPv4 and one IPv6 listener can share port {port}")


def _parse_listener(text: str, protocols: Mapping[str, str]) -> Listener:
    name, separator, address = text.partition("://")
    host, colon, port_text = address.rpartition(":")
    name = name.strip().upper()
    if not separator or not colon or not name or not port_text.isdecimal() or (":" in host and host[:1] != "["):
        raise ConfigError(f"{text!r} does not have the form NAME://host:port, e.g. PLAINTEXT://localhost:9092")
    port = int(port_text)
    if port > 65535:
        raise ConfigError(f"{text!r} has port {port}; the highest one is 65535")
    if name not in protocols:
        raise ConfigError(
            f"no security protocol is known for listener {name}; "
            f"add {name}:PLAINTEXT (or SSL, SASL_PLAINTEXT, SASL_SSL) to listener.security.protocol.map"
        )
    return Listener(name, host.strip("[]"), port, protocols[name])


def _address_family(host: str) -> int | None:
    if ":" in host:
        return 6
    parts = host.split(".")
    return 4 if len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts) else None
