"""What an operation of a coordinator gives back: records to write, and an answer to release when they are written.

A leaf of the coordinators. The runtime (``server/coordinator_runtime.py``) appends the records, replays them into the
state, and only then releases the answer (Kafka: ``CoordinatorResult``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from minikafka.named_tuple import NamedTuple
from minikafka.pending import Pending

T = TypeVar("T")


class CoordinatorRecord(NamedTuple):
    """One record of a coordinator's topic, still as messages."""

    key: Any
    value: Any | None
    """None is a tombstone."""
    version: int = 0
    """The version ``value`` is written in."""


class Result(Generic[T]):
    """The outcome of one operation.

    ``response`` is the answer, or a promise of it; None when nobody asked (a timer). ``then`` is what follows in the
    state machine once the records are written and replayed; it may give a further Result. ``on_failure`` is called
    with a Kafka error code when the records could not be written. ``is_atomic``: all records or none; else there may
    be any number of them, and each counts by itself.
    """

    __slots__ = ("is_atomic", "on_failure", "records", "response", "then")

    def __init__(
        self,
        records: list[CoordinatorRecord] | None = None,
        response: T | Pending[T] | None = None,
        *,
        then: Callable[[], Result[Any] | None] | None = None,
        on_failure: Callable[[int], Result[Any] | None] | None = None,
        is_atomic: bool = True,
    ) -> None:
        self.records: list[CoordinatorRecord] = records if records is not None else []
        self.response = response
        self.then = then
        self.on_failure = on_failure
        self.is_atomic = is_atomic


class Caller(NamedTuple):
    """Who sent a request, as far as a coordinator has to know."""

    api_version: int
    client_id: str = ""
    client_host: str = ""
    """As Java prints an ``InetAddress``: a slash, then the address. It is stored and shown in that form."""
