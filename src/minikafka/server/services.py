"""What handlers are given of the broker: the parts, and where its clients find it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.handlers.context import Connection, Endpoint, Services
from minikafka.server.endpoints import advertised_endpoint, is_loopback, join_host_port

if TYPE_CHECKING:
    from minikafka.config import Listener
    from minikafka.server.advertised_watch import AdvertisedWatch

log = logging.getLogger(__name__)


class BrokerServices(Services):
    """The ``Services`` of a running broker; ``server.node`` sets its attributes."""

    advertised_watch: AdvertisedWatch
    """Knows what clients are told."""

    def __init__(self) -> None:
        self._bound: dict[str, Listener] = {}
        self._advertised: list[Listener] = []
        self._by_local_host: dict[tuple[str, str], list[Endpoint]] = {}
        self._warned: set[str] = set()
        self._makers: dict[str, Callable[[], Any]] = {}

    def provide(self, name: str, make: Callable[[], Any]) -> None:
        """Let ``make`` give the attribute ``name``, when it is first asked for."""
        self._makers[name] = make

    def __getattr__(self, name: str) -> Any:
        make = self.__dict__.get("_makers", {}).get(name)
        if make is None:
            raise AttributeError(f"the broker has no {name}")
        value = self.__dict__[name] = make()
        return value

    def set_listeners(self, bound: list[Listener], advertised: list[Listener]) -> None:
        """What the broker listens on, with the real ports, and what the configuration says to advertise."""
        self._bound = {listener.name: listener for listener in bound}
        self._advertised = advertised

    def advertised_endpoints(self, connection: Connection) -> list[Endpoint]:
        """See ``Services``. Warns, once for each address, of one that this client cannot reach."""
        key = (connection.listener_name, connection.local_host)
        endpoints = self._by_local_host.get(key)
        if endpoints is None:
            bound = self._bound[connection.listener_name]
            endpoint: Any = advertised_endpoint(bound, self._advertised, connection.local_host)
            endpoints = self._by_local_host[key] = [endpoint]
        if is_loopback(endpoints[0].host) and not is_loopback(connection.client_host):
            self._warn_of_unreachable(connection, endpoints[0])
        else:
            self.advertised_watch.told(connection, endpoints[0])
        return endpoints

    def _warn_of_unreachable(self, connection: Connection, endpoint: Endpoint) -> None:
        address = join_host_port(endpoint.host, endpoint.port)
        if address not in self._warned:
            self._warned.add(address)
            log.warning(
                "the client at %s is told to connect to %s, which is itself: set advertised.listeners to an address "
                "of this machine that it can reach, e.g. %s://%s",
                connection.client_host,
                address,
                endpoint.listener_name,
                join_host_port(connection.local_host, endpoint.port),
            )
