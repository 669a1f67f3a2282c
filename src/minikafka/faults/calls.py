"""A request between its connection and its handler, where faults get hold of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.connection import Request
from minikafka.server.dispatch import Dispatcher

if TYPE_CHECKING:
    from minikafka.faults.contents import TopicPartition
    from minikafka.handlers.context import Connection, Services
    from minikafka.server.node import Node

_FETCH, _SHARE_FETCH = 1, 78


class Call:
    """One request. Immutable: what changes it makes another of it."""

    __slots__ = ("connection", "dispatcher", "node", "request", "services", "session_partitions")

    def __init__(
        self,
        node: Node,
        connection: Connection,
        request: Request,
        services: Services | None = None,
        session_partitions: list[TopicPartition] | None = None,
    ) -> None:
        self.node = node
        self.connection = connection
        self.request = request
        self.services: Services = node.services if services is None else services
        self.dispatcher = node.dispatcher if services is None else Dispatcher(services)
        if session_partitions is None:
            session_partitions = _session_partitions(node, request)
        self.session_partitions = session_partitions
        """What it is about besides what it says itself: of a fetch session, the partitions named by requests before."""

    def handle(self) -> Any:
        """What the handler answers: a response, a Pending of it, None where no answer is awaited."""
        return self.dispatcher.handle(self.connection, self.request)

    def refuse(self, code: int) -> Any:
        """The answer with an error code everywhere where it has a place for one.

        :raises CloseConnection: that is how this request is refused.
        """
        return self.dispatcher.answer_failure(self.connection, self.request, ApiError(code))

    def with_message(self, message: Any) -> Call:
        """The same with another body."""
        given = self.request
        request = Request(
            given.api_key,
            given.api_version,
            given.response_version,
            given.correlation_id,
            given.client_id,
            message,
            given.size_bytes,
        )
        services = None if self.services is self.node.services else self.services
        return Call(self.node, self.connection, request, services, self.session_partitions)

    def with_services(self, services: Services) -> Call:
        """The same, for handlers that are given these services."""
        return Call(self.node, self.connection, self.request, services, self.session_partitions)


GoOn = Callable[[Call], Any]
"""What follows for a call: the faults after this one, and then the handler."""


def when_answered(call: Call, outcome: Any, change: Callable[[Any], Any]) -> Any:
    """``change`` of what is answered, now or when it comes. It may raise, and may give a promise."""
    if not isinstance(outcome, Pending):
        return change(outcome)
    changed: Pending[Any] = Pending(outcome.cancel)

    def arrived(value: Any) -> None:
        _settle(changed, lambda: change(_answer(call, value)))

    outcome.on_complete(arrived)
    return changed


def after_delay(call: Call, delay_ms: int, go_on: Callable[[], Any]) -> Pending[Any]:
    """What ``go_on`` gives when so much of the broker's time has passed."""
    later: Pending[Any] = Pending()
    timer = call.node.services.timers.after(delay_ms, lambda: _settle(later, go_on))
    later.on_cancel = timer.cancel
    return later


def _answer(call: Call, value: Any) -> Any:
    if isinstance(value, Exception):
        return call.dispatcher.answer_failure(call.connection, call.request, value)
    return value


def _settle(promise: Pending[Any], outcome_of: Callable[[], Any]) -> None:
    try:
        outcome = outcome_of()
    except Exception as error:
        # The connection makes of it what it makes of a handler's failure.
        promise.complete(error)
        return
    if isinstance(outcome, Pending):
        promise.on_cancel = outcome.cancel
        outcome.on_complete(promise.complete)
    else:
        promise.complete(outcome)


def _partitions_of_session(node: Node, request: Request) -> Iterable[Any]:
    if request.api_key == _FETCH:
        return node.services.fetch_sessions.partitions_of(request.message.session_id)
    if request.api_key != _SHARE_FETCH or request.message.share_session_epoch == 0:
        return ()
    from minikafka.sharing.share_sessions import SessionKey

    key = SessionKey(request.message.group_id or "", request.message.member_id or "")
    session = node.services.share_partitions.sessions.get(key)
    return () if session is None else session.partitions.values()


def _session_partitions(node: Node, request: Request) -> list[TopicPartition]:
    """Those of its session, of which a fetch names only what has changed."""
    image = node.services.image
    found: list[TopicPartition] = []
    for partition in _partitions_of_session(node, request):
        known = image.topics_by_id.get(partition.topic_id)
        topic = partition.topic if known is None else known.name
        if topic is not None:
            found.append((topic, partition.index))
    return found
