"""Brokers and ``fork``: a broker stays with the process that started it.

A forked process has none of the threads of a broker, but its sockets and its exit handlers. Left alone it would keep
the port taken when the broker has gone, wait at its end for a thread that is not there, and delete data in use.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.broker import Broker

_running: weakref.WeakSet[Broker] = weakref.WeakSet()
_is_registered = False


def keep_from_forks(broker: Broker) -> None:
    """Call ``forget_after_fork`` of the broker in every process that is forked from now on."""
    global _is_registered
    _running.add(broker)
    register: Callable[..., None] | None = getattr(os, "register_at_fork", None)  # not on Windows
    if register is not None and not _is_registered:
        _is_registered = True
        register(after_in_child=_forget_all)


def _forget_all() -> None:
    for broker in list(_running):
        broker.forget_after_fork()
    _running.clear()
