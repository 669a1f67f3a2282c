"""One request of a broker, and what became of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from minikafka.errors import NONE, name_of
from minikafka.faults import contents
from minikafka.handlers import API_BY_KEY
from minikafka.protocol.connection import Request

if TYPE_CHECKING:
    from minikafka.faults.calls import Call
    from minikafka.faults.selection import Selection

_NAMES = ("topic", "topic_name", "name", "group_id", "transactional_id", "member_id")
_NAMES_DEPTH = 4
_PLAIN = (
    "_request_version",
    "_response_version",
    "_since_start_s",
    "_told",
    "answered_ms",
    "api_key",
    "client_host",
    "client_id",
    "client_port",
    "correlation_id",
    "faults",
    "received_ms",
    "size_bytes",
    "version",
)
"""The attributes that JSON takes as they are."""


class KeptRequest:
    """One request and what became of it. ``str`` of it is a line for people.

    ``request`` and ``response`` are decoded (``minikafka.protocol.messages``); ``response`` is None until it is
    answered, and where there is none. The records of fetches that brought more than 1 MiB are left out.
    """

    __slots__ = (
        "_clock",
        "_image",
        "_request_version",
        "_response_version",
        "_session_partitions",
        "_since_start_s",
        "_told",
        "answered_ms",
        "api",
        "api_key",
        "client_host",
        "client_id",
        "client_port",
        "correlation_id",
        "faults",
        "is_kept",
        "received_ms",
        "request",
        "response",
        "size_bytes",
        "version",
    )

    def __init__(self, call: Call, since_start_s: float) -> None:
        request = call.request
        self._clock = call.node.clock
        self._image = call.node.services.image
        self._session_partitions = call.session_partitions
        self._since_start_s = since_start_s
        self.api_key: int = request.api_key
        self.api: str = API_BY_KEY[request.api_key].name
        self.version: int = request.api_version
        self._response_version: int = request.response_version
        # What it cannot be decoded by stands for an empty one (ApiVersions).
        self._request_version: int = request.response_version
        self.client_id: str | None = request.client_id
        self.client_host: str = call.connection.client_host
        self.client_port: int = call.connection.client_port
        """With the host, it tells connections apart."""
        self.correlation_id: int = request.correlation_id
        self.size_bytes: int = request.size_bytes
        """Of the request, and of the records in the answer of a fetch."""
        # A copy: handlers may change what they were given.
        self.request: Any = _shallow_copy(request.message)
        self.response: Any = None
        self.received_ms: int = self._clock.wall_ms()
        """By the broker's clock, as ``answered_ms``."""
        self.answered_ms: int | None = None
        self._told: str | None = None
        self.is_kept = False
        """Whether ``RequestLog`` has it, and has not dropped it for newer ones."""
        self.faults: list[str] = []
        """What happened to it, of the faults that were asked for."""

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer, or will be none."""
        return self.answered_ms is not None

    @property
    def outcome(self) -> str:
        """In words: "ok", the names of the error codes in the answer, or why there is none."""
        if self._told is not None:
            return self._told
        return ("ok" if self.is_answered else "waits") if not self.errors else ", ".join(sorted(self.errors))

    @property
    def errors(self) -> set[str]:
        """The names of the error codes in its answer."""
        if self.response is None:
            return set()
        return {name_of(code) for code in contents.error_codes(self.response) if code != NONE}

    @property
    def topic_partitions(self) -> set[tuple[str, int | None]]:
        """What it is about, with None for a partition where it names a topic as a whole."""
        return {*contents.topic_partitions(self.request, self._image), *self._session_partitions}

    def __str__(self) -> str:
        about = sorted({*_names(self.request, _NAMES_DEPTH), *(topic for topic, _ in self.topic_partitions)})
        return (
            f"{self._since_start_s:9.3f} s  {self.api} v{self.version}  {self.client_id or '-'} "
            f"(port {self.client_port}){'  ' + ', '.join(about) if about else ''} -> {self.outcome}"
            + (f"  [{'; '.join(self.faults)}]" if self.faults else "")
        )

    def __repr__(self) -> str:
        return f"<{str(self).strip()}>"

    def fits(self, selection: Selection) -> bool:
        """Whether it is selected."""
        asked = Request(
            self.api_key, self.version, self.version, self.correlation_id, self.client_id, self.request, self.size_bytes
        )
        return selection.fits(asked, self._image, self._session_partitions)

    def as_values(self) -> dict[str, Any]:
        """All of it in values that JSON has, for ``RemoteRequest``."""
        response = self.response
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "topic_partitions": list(self.topic_partitions),
            "request": b64encode(self.request.encode(self._request_version)).decode(),
            "response": None if response is None else b64encode(response.encode(self._response_version)).decode(),
        }

    def end(self, response: Any, told: str | None = None) -> None:
        """It is over.

        :param told: why there is no answer, where there is none.
        """
        self._told = told
        self.response = response
        self.answered_ms = self._clock.wall_ms()


def _shallow_copy(message: Any) -> Any:
    made = object.__new__(type(message))
    for name in message.field_names:
        setattr(made, name, getattr(message, name))
    return made


def _names(part: Any, depth: int) -> Iterable[str]:
    for name in getattr(part, "field_names", ()):
        value = getattr(part, name)
        if name in _NAMES and isinstance(value, str) and value:
            yield value
        elif isinstance(value, list) and depth:
            for each in value:
                yield from _names(each, depth - 1)
