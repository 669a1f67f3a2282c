"""One promise for many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from minikafka.pending import Pending

T = TypeVar("T")
U = TypeVar("U")


def map_pending(value: T | Pending[T], change: Callable[[T], U]) -> U | Pending[U]:
    """``change(value)``, now or when it is there."""
    if not isinstance(value, Pending):
        return change(value)
    changed: Pending[U] = Pending(value.cancel)
    value.on_complete(lambda it: _complete(changed, change(it)))
    return changed


def chain_pending(value: T | Pending[T], change: Callable[[T], U | Pending[U]]) -> U | Pending[U]:
    """As ``map_pending``, where ``change`` may itself give a promise."""
    if not isinstance(value, Pending):
        return change(value)
    chained: Pending[U] = Pending(value.cancel)

    def arrived(it: T) -> None:
        changed = change(it)
        if isinstance(changed, Pending):
            chained.on_cancel = changed.cancel
            changed.on_complete(lambda outcome: _complete(chained, outcome))
        else:
            chained.complete(changed)

    value.on_complete(arrived)
    return chained


def shielded(value: T | Pending[T]) -> T | Pending[T]:
    """The same value for somebody who may go away: what leads to it has more than one step, and goes on to its end."""
    if not isinstance(value, Pending):
        return value
    awaited: Pending[T] = Pending()
    value.on_complete(awaited.complete)
    return awaited


def gather(values: Sequence[T | Pending[T]]) -> list[T] | Pending[list[T]]:
    """All values in their order: now, if all are there, else when the last one comes."""
    missing = [(index, value) for index, value in enumerate(values) if isinstance(value, Pending)]
    gathered: list[Any] = list(values)
    if not missing:
        return gathered

    def cancel() -> None:
        for _, value in missing:
            value.cancel()

    promise: Pending[list[T]] = Pending(cancel)
    left = len(missing)

    def arrived(index: int, value: T) -> None:
        nonlocal left
        gathered[index] = value
        left -= 1
        if not left:
            promise.complete(gathered)

    for index, value in missing:
        value.on_complete(lambda it, index=index: arrived(index, it))  # type: ignore[misc]
    return promise


def _complete(promise: Pending[Any], value: object) -> None:
    promise.complete(value)
