"""The requests of a broker in a process of its own: kept there, asked for over the channel that controls it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from minikafka.embedded.kept_request import KeptRequest
from minikafka.embedded.request_log import NOT_KEPT, Requests
from minikafka.faults import names
from minikafka.faults.selection import ensure_filters
from minikafka.handlers import API_BY_KEY
from minikafka.protocol.messages import request_class, response_class

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from minikafka.embedded.child_process import ChildHost
    from minikafka.faults.control import Api, Filters


class RemoteRequests(Requests):
    """See ``RequestLog``. What a process has kept ends with it.

    :param host: the process; None when there is none.
    """

    def __init__(self, host: Callable[[], ChildHost | None]) -> None:
        self._host = host
        self._size = 0

    def begin(self) -> None:
        """There is a new process: let it keep as many."""
        if self._size:
            self.keep(self._size)

    def _keep(self, size: int) -> None:
        self._size = size
        if self._host() is not None:
            self._ask("keep", size=size)

    def where(
        self, api: Api = names.ALL, *, error: str | int | None = None, **filters: Unpack[Filters]
    ) -> list[KeptRequest]:
        if not self._size:
            raise RuntimeError(NOT_KEPT)
        ensure_filters(filters)
        if filters.get("when") is not None:
            raise TypeError("a broker in a process of its own cannot call a function of this one: leave when= out")
        apis = api if isinstance(api, (str, int)) else list(api)
        return [RemoteRequest(values) for values in self._ask("where", api=apis, error=error, **filters)]

    def lines(self) -> list[str]:
        return [str(entry) for entry in self]

    def clear(self) -> None:
        if self._size and self._host() is not None:
            self._ask("clear")

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __iter__(self) -> Iterator[KeptRequest]:
        return iter(self.where() if self._size and self._host() is not None else [])

    def _ask(self, method: str, **arguments: Any) -> Any:
        host = self._host()
        if host is None:
            raise RuntimeError("the broker is not running: use it in a with block, or call start()")
        return host.control("requests", method, **arguments)


class RemoteRequest(KeptRequest):
    """One of another process, as it was when it was asked for; decoded when it is looked at.

    :param values: of ``KeptRequest.as_values``.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._encoded_request: str = values.pop("request")
        self._encoded_response: str | None = values.pop("response")
        self._topic_partitions: list[list[Any]] = values.pop("topic_partitions")
        self.api = API_BY_KEY[values["api_key"]].name
        for name, value in values.items():
            setattr(self, name, value)

    @cached_property
    def request(self) -> Any:
        return request_class(self.api_key).decode(b64decode(self._encoded_request), self._request_version)

    @cached_property
    def response(self) -> Any:
        if self._encoded_response is None:
            return None
        return response_class(self.api_key).decode(b64decode(self._encoded_response), self._response_version)

    @property
    def topic_partitions(self) -> set[tuple[str, int | None]]:
        return {(topic, partition) for topic, partition in self._topic_partitions}
