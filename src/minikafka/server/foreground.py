"""A broker that is a process of its own: it runs until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from typing import TYPE_CHECKING

from minikafka.server.node import Node

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig

log = logging.getLogger(__name__)


def run_until_signalled(config: BrokerConfig, started_ms: int) -> None:
    """Run a broker on this thread, the main one, until SIGTERM, SIGINT or SIGHUP; stop it cleanly.

    Garbage is collected from when it is ready.

    :param started_ms: the monotonic time at which the process began to start.
    :raises ConfigError, StorageError: why it cannot start, or did not stop cleanly.
    """
    asyncio.run(_serve(config, started_ms))


async def _serve(config: BrokerConfig, started_ms: int) -> None:
    stop_requested = asyncio.Event()
    _listen_to_signals(stop_requested)
    node = Node(config, started_ms=started_ms)
    await node.start()
    # What is there now stays until the end. A full collection that goes through it takes tens of milliseconds with a
    # thousand partitions, and the event loop stands still meanwhile.
    gc.freeze()
    gc.enable()
    await stop_requested.wait()
    await node.stop()


def _listen_to_signals(stop_requested: asyncio.Event) -> None:
    """The first signal asks for a clean stop; the second ends the process where it stands."""
    loop = asyncio.get_running_loop()

    def request_stop(number: int) -> None:
        if stop_requested.is_set():
            log.warning("a second signal: ending at once, without a clean shutdown")
            os._exit(128 + number)
        log.info("%s received", signal.Signals(number).name)
        stop_requested.set()

    for number in _stop_signals():
        try:
            loop.add_signal_handler(number, request_stop, number)
        except NotImplementedError:
            # Windows: the handler runs between two steps of the main thread, which is the loop's.
            signal.signal(number, lambda caught, _: loop.call_soon_threadsafe(request_stop, caught))


def _stop_signals() -> list[int]:
    numbers: list[int] = [signal.SIGTERM, signal.SIGINT]
    # With nohup the terminal's hang-up is ignored, and has to stay so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers
