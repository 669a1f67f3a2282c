"""What clients are told to connect to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.config import Listener

_WILDCARDS = frozenset(("", "0.0.0.0", "::", "::0", "0:0:0:0:0:0:0:0"))
_LOOPBACKS = r"localhost|127(\.\d+){3}|::1|::ffff:127(\.\d+){3}"


class AdvertisedEndpoint(NamedTuple):
    """An address that clients are told, for the listener of that name."""

    listener_name: str
    host: str
    port: int


def join_host_port(host: str, port: int) -> str:
    """``host:port``, with IPv6 addresses in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_wildcard(host: str) -> bool:
    """Whether ``host`` means "all interfaces", which is no address that a client could connect to."""
    return host in _WILDCARDS


def is_loopback(host: str) -> bool:
    """Whether ``host`` is reachable from its own machine only."""
    return re.fullmatch(_LOOPBACKS, host, re.IGNORECASE) is not None


def advertised_endpoint(bound: Listener, advertised: Iterable[Listener], local_host: str) -> AdvertisedEndpoint:
    """What a client that came by the listener ``bound`` is told to connect to.

    That is what is advertised under the listener's name, or else where it listens; and where that is no address (all
    interfaces), ``local_host``, the address that the client itself connected to. Kafka puts its host's own name there,
    which a client often cannot resolve.

    :param bound: with the port it is really bound to.
    """
    chosen = next((listener for listener in advertised if listener.name == bound.name), bound)
    host = local_host if is_wildcard(chosen.host) else chosen.host
    return AdvertisedEndpoint(bound.name, host, chosen.port or bound.port)
