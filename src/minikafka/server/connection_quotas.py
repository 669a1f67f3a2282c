"""How many connections there may be, in all and from one address, and how fast new ones may come.

Kafka's ``ConnectionQuotas``: over max.connections, or over max.connection.creation.rate, new connections wait in the
listen backlog; over max.connections.per.ip they are closed at once. An inter-broker listener is not exempt here: on
one node no broker comes by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from socket import gaierror, getaddrinfo

from minikafka.errors import ConfigError

UNLIMITED = 2**31 - 1
_RATE_WINDOW_MS = 11_000
"""quota.num (11) samples of quota.window.size.seconds (1): the time over which Kafka takes the average."""


class TooManyConnections(Exception):
    """An address has as many connections as it may have; the text says which and how many."""


class ConnectionQuotas:
    """Counts the connections of one broker.

    :param per_ip_overrides: max.connections.per.ip.overrides: address or host name -> number.
    :param monotonic_ms: the clock.
    """

    def __init__(
        self,
        monotonic_ms: Callable[[], int],
        *,
        max_connections: int = UNLIMITED,
        max_per_ip: int = UNLIMITED,
        per_ip_overrides: Mapping[str, int] | None = None,
        max_creation_rate: int = UNLIMITED,
    ) -> None:
        self._monotonic_ms = monotonic_ms
        self._max_connections = max_connections
        self._max_per_ip = max_per_ip
        self._overrides = _resolve(per_ip_overrides or {})
        self._max_creation_rate = max_creation_rate
        self._counts: dict[str, int] = {}
        self._total = 0
        self._created_ms: list[int] = []

    @property
    def total(self) -> int:
        """How many connections there are."""
        return self._total

    def has_slot(self) -> bool:
        """Whether max.connections leaves room for one more."""
        return self._total < self._max_connections

    def creation_delay_ms(self) -> int:
        """How long the next connection has to wait for max.connection.creation.rate; mostly 0."""
        if self._max_creation_rate >= UNLIMITED:
            return 0
        now_ms = self._monotonic_ms()
        created_ms = self._created_ms
        while created_ms and created_ms[0] <= now_ms - _RATE_WINDOW_MS:
            created_ms.pop(0)
        allowed = max(1, self._max_creation_rate * _RATE_WINDOW_MS // 1000)
        if len(created_ms) < allowed:
            return 0
        return created_ms[-allowed] + _RATE_WINDOW_MS - now_ms

    def add(self, host: str) -> None:
        """Count a connection from ``host``.

        :raises TooManyConnections: ``host`` has as many as it may have; it was not counted.
        """
        count = self._counts.get(host, 0)
        allowed = self._overrides.get(host, self._max_per_ip)
        if count >= allowed:
            raise TooManyConnections(
                f"{host} already has {count} connections, the most that max.connections.per.ip allows it ({allowed})"
            )
        self._counts[host] = count + 1
        self._total += 1
        if self._max_creation_rate < UNLIMITED:
            self._created_ms.append(self._monotonic_ms())

    def remove(self, host: str) -> None:
        """A connection from ``host`` that was counted has ended."""
        count = self._counts[host] - 1
        if count:
            self._counts[host] = count
        else:
            del self._counts[host]
        self._total -= 1


def _resolve(overrides: Mapping[str, int]) -> dict[str, int]:
    """The overrides by address: a host name counts for each of its addresses."""
    by_address: dict[str, int] = {}
    for host, number in overrides.items():
        try:
            found = getaddrinfo(host, None)
        except gaierror as error:
            raise ConfigError(
                f"max.connections.per.ip.overrides names {host!r}, which has no address: {error.strerror}"
            ) from error
        for entry in found:
            by_address[str(entry[4][0])] = number
    return by_address
