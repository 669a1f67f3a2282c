"""How many connections there may be, in all and from one address, and how fast new ones may come.

Kafka's ``ConnectionQuotas``: over max.connections, or over max.connection.creation.rate, new connections wait in the
listen backlog; over max.connections.per.ip they are closed at once. Kafka's exception for the inter-broker listener is
left out: on one node no broker comes by it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from socket import gaierror, getaddrinfo
from typing import TYPE_CHECKING

from minikafka.errors import ConfigError

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig

UNLIMITED = 2**31 - 1
_RATE_WINDOW_MS = 11_000
"""quota.num (11) samples of quota.window.size.seconds (1): the time over which Kafka takes the average."""


class TooManyConnections(Exception):
    """An address has as many connections as it may have; the text says which and how many."""


class ConnectionLimits:
    """The settings.

    :param per_ip_overrides: max.connections.per.ip.overrides: address or host name -> number.
    :param listeners: listener name -> its own (max.connections, max.connection.creation.rate).
    :raises ConfigError: an override names a host that has no address.
    """

    def __init__(
        self,
        *,
        max_connections: int = UNLIMITED,
        max_per_ip: int = UNLIMITED,
        per_ip_overrides: Mapping[str, int] | None = None,
        max_creation_rate: int = UNLIMITED,
        listeners: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self.max_connections = max_connections
        self.max_per_ip = max_per_ip
        self.per_ip_overrides = _resolve(per_ip_overrides or {})
        self.max_creation_rate = max_creation_rate
        self.listeners = listeners or {}

    @classmethod
    def from_config(cls, config: BrokerConfig) -> ConnectionLimits:
        """What ``config`` says, for all and for each listener. Raises as the constructor."""
        keys = ("max.connections", "max.connection.creation.rate")
        return cls(
            max_connections=config["max.connections"],
            max_per_ip=config["max.connections.per.ip"],
            per_ip_overrides=config.max_connections_per_ip_overrides,
            max_creation_rate=config["max.connection.creation.rate"],
            listeners={
                listener.name: (
                    config.for_listener(listener.name, keys[0]),
                    config.for_listener(listener.name, keys[1]),
                )
                for listener in config.listeners
            },
        )

    def of_listener(self, name: str) -> tuple[int, int]:
        """(max.connections, max.connection.creation.rate) of one listener."""
        return self.listeners.get(name, (UNLIMITED, UNLIMITED))


class ConnectionQuotas:
    """Counts the connections of one broker. ``limits`` may be replaced at any time.

    :param monotonic_ms: the clock.
    """

    def __init__(self, monotonic_ms: Callable[[], int], limits: ConnectionLimits) -> None:
        self.limits = limits
        self._monotonic_ms = monotonic_ms
        self._by_host: dict[str, int] = {}
        self._by_listener: dict[str, int] = {}
        self._total = 0
        self._created = _Rate()
        self._created_by_listener: dict[str, _Rate] = {}

    @property
    def total(self) -> int:
        """How many connections there are."""
        return self._total

    def has_slot(self, listener_name: str) -> bool:
        """Whether max.connections, of the broker and of the listener, leaves room for one more."""
        own_max = self.limits.of_listener(listener_name)[0]
        return self._total < self.limits.max_connections and self._by_listener.get(listener_name, 0) < own_max

    def creation_delay_ms(self, listener_name: str) -> int:
        """How long the next connection has to wait for max.connection.creation.rate; mostly 0."""
        now_ms = self._monotonic_ms()
        own_rate = self.limits.of_listener(listener_name)[1]
        return max(
            self._created.delay_ms(self.limits.max_creation_rate, now_ms),
            self._rate_of(listener_name).delay_ms(own_rate, now_ms),
        )

    def add(self, listener_name: str, host: str) -> None:
        """Count a connection from ``host``.

        :raises TooManyConnections: ``host`` has as many as it may have; it was not counted.
        """
        count = self._by_host.get(host, 0)
        allowed = self.limits.per_ip_overrides.get(host, self.limits.max_per_ip)
        if count >= allowed:
            raise TooManyConnections(
                f"{host} already has {count} connections, the most that max.connections.per.ip allows it ({allowed})"
            )
        self._by_host[host] = count + 1
        self._by_listener[listener_name] = self._by_listener.get(listener_name, 0) + 1
        self._total += 1
        now_ms = self._monotonic_ms()
        self._created.add(self.limits.max_creation_rate, now_ms)
        self._rate_of(listener_name).add(self.limits.of_listener(listener_name)[1], now_ms)

    def remove(self, listener_name: str, host: str) -> None:
        """A connection from ``host`` that was counted has ended."""
        count = self._by_host[host] - 1
        if count:
            self._by_host[host] = count
        else:
            del self._by_host[host]
        self._by_listener[listener_name] -= 1
        self._total -= 1

    def _rate_of(self, listener_name: str) -> _Rate:
        rate = self._created_by_listener.get(listener_name)
        if rate is None:
            rate = self._created_by_listener[listener_name] = _Rate()
        return rate


class _Rate:
    """When things happened within the window, as far as a limit asks for it."""

    def __init__(self) -> None:
        self._times_ms: deque[int] = deque()

    def add(self, max_per_s: int, now_ms: int) -> None:
        if max_per_s < UNLIMITED:
            self._times_ms.append(now_ms)

    def delay_ms(self, max_per_s: int, now_ms: int) -> int:
        """How long until one more keeps the average over the window below ``max_per_s``."""
        times_ms = self._times_ms
        while times_ms and times_ms[0] <= now_ms - _RATE_WINDOW_MS:
            times_ms.popleft()
        if max_per_s >= UNLIMITED:
            return 0
        allowed = max(1, max_per_s * _RATE_WINDOW_MS // 1000)
        return 0 if len(times_ms) < allowed else times_ms[-allowed] + _RATE_WINDOW_MS - now_ms


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
