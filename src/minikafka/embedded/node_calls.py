"""Requests to a node in this process: straight to its handlers, on its event loop, past sockets and codec."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.pending import Pending
from minikafka.protocol.connection import Request
from minikafka.server.tcp import ConnectionFacts

if TYPE_CHECKING:
    from minikafka.embedded.node_keeper import NodeKeeper
    from minikafka.protocol.messages import Message
    from minikafka.server.node import Node

CLIENT_ID = "minikafka-embedded"


class NodeCalls:
    """:param loop: of the node.
    :param thread_id: of the loop.
    """

    def __init__(self, keeper: NodeKeeper, loop: asyncio.AbstractEventLoop, thread_id: int) -> None:
        self._keeper = keeper
        self._loop = loop
        self._thread_id = thread_id

    @property
    def may_wait(self) -> bool:
        """Whether the caller can wait for the broker: not on the thread that the broker itself needs."""
        return threading.get_ident() != self._thread_id

    def call(self, request: Message, version: int, timeout_s: float) -> Any:
        """The answer to ``request``. Raises TimeoutError, RuntimeError (see ``may_wait``), and what handlers raise."""
        node = self._keeper.running if not self.may_wait else self._keeper.await_running(timeout_s)
        asked = Request(request.api_key, version, version, 0, CLIENT_ID, request, 0)
        listener = node.bound_listeners[0]
        facts = ConnectionFacts(listener, ("127.0.0.1", 0), (listener.host, listener.port))

        def settle(response: Any) -> Any:
            if isinstance(response, Exception):
                return node.dispatcher.answer_failure(facts, asked, response)
            return response

        return self._wait_for(_Call(lambda: node.dispatcher.handle(facts, asked), settle), _name(request), timeout_s)

    def perform(self, action: Callable[[Node], Any], name: str, timeout_s: float, *, takes_time: bool = False) -> Any:
        """What ``action`` gives on the loop, or the promise it gives brings; an exception that it brings is raised.
        With ``takes_time`` it is not even begun where nobody could wait for it.

        Raises TimeoutError, RuntimeError (see ``may_wait``), and what the action raises.
        """
        node = self._keeper.running if not self.may_wait else self._keeper.await_running(timeout_s)
        if takes_time and not self.may_wait:
            raise _needed_elsewhere(name)
        return self._wait_for(_Call(lambda: action(node), _raise_or_give), name, timeout_s)

    def _wait_for(self, call: _Call, name: str, timeout_s: float) -> Any:
        if not self.may_wait:
            call.begin()
            if not call.answer.done():
                call.cancel()
                raise _needed_elsewhere(name)
            return call.answer.result()
        self._loop.call_soon_threadsafe(call.begin)
        try:
            return call.answer.result(timeout_s)
        except concurrent.futures.TimeoutError:
            self._loop.call_soon_threadsafe(call.cancel)
            raise TimeoutError(f"the broker did not answer {name} within {timeout_s:g} s") from None
        except KeyboardInterrupt:
            self._loop.call_soon_threadsafe(call.cancel)
            raise


class _Call:
    """:param work: gives a value, or a promise of it.
    :param settle: makes the answer of the value.
    """

    def __init__(self, work: Callable[[], Any], settle: Callable[[Any], Any]) -> None:
        self.answer: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._work = work
        self._settle = settle
        self._pending: Pending[Any] | None = None

    def begin(self) -> None:
        """On the loop."""
        try:
            response = self._work()
        except BaseException as error:
            self.answer.set_exception(error)
            return
        if isinstance(response, Pending):
            self._pending = response
            response.on_complete(self._end)
        else:
            self._end(response)

    def cancel(self) -> None:
        """On the loop: nobody waits any more."""
        if self._pending is not None:
            self._pending.cancel()

    def _end(self, response: Any) -> None:
        try:
            answer = self._settle(response)
        except Exception as error:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(answer)


def _needed_elsewhere(name: str) -> RuntimeError:
    return RuntimeError(
        f"the broker needs the event loop of this thread to answer {name}: call it from another thread, as in await "
        "asyncio.to_thread(broker.create_topic, ...), or let the broker have a thread of its own with "
        "'async with Broker()' or start()"
    )


def _raise_or_give(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def _name(request: Message) -> str:
    return type(request).__name__.removesuffix("Request")
