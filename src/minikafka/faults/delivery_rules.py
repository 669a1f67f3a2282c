"""Faults on the way: requests and answers that are late, slow, lost, cut or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka.faults import contents, frames
from minikafka.faults.calls import Call, GoOn, after_delay, when_answered
from minikafka.faults.rule import Rule
from minikafka.faults.selection import Selection
from minikafka.faults.slow_sender import SlowSender
from minikafka.pending import Pending
from minikafka.server.dispatch import CloseConnection

if TYPE_CHECKING:
    from minikafka.faults.frames import Garbled

_MS = 1000


class Delay(Rule):
    """The work, or with ``after_work`` the answer, comes so much of the broker's time later."""

    def __init__(
        self, selection: Selection, times: int | None = None, skip: int = 0, *, ms: int, after_work: bool = False
    ) -> None:
        super().__init__(selection, times, skip)
        self._ms = ms
        self._after_work = after_work

    def apply(self, call: Call, go_on: GoOn) -> Any:
        if not self._after_work:
            return after_delay(call, self._ms, lambda: go_on(call))
        return when_answered(call, go_on(call), lambda response: after_delay(call, self._ms, lambda: response))


class DropBefore(Rule):
    """The connection is closed, and nothing is done."""

    def apply(self, call: Call, go_on: GoOn) -> Any:
        raise CloseConnection(f"as was asked for: {self}")

    def __str__(self) -> str:
        return f"drop the connection before {self.selection}"


class DropAfter(Rule):
    """All is done, and the connection closed instead of answering."""

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), self._drop)

    def _drop(self, _: Any) -> Any:
        raise CloseConnection(f"as was asked for: {self}")

    def __str__(self) -> str:
        return f"drop the connection after {self.selection}"


class LeaveUnanswered(Rule):
    """No answer ever comes; nothing more of this connection is worked on. With ``after_work`` all is done before."""

    def __init__(
        self, selection: Selection, times: int | None = None, skip: int = 0, *, after_work: bool = False
    ) -> None:
        super().__init__(selection, times, skip)
        self._after_work = after_work

    def apply(self, call: Call, go_on: GoOn) -> Any:
        never: Pending[Any] = Pending()
        return when_answered(call, go_on(call), lambda _: never) if self._after_work else never

    def __str__(self) -> str:
        return f"leave {self.selection} unanswered"


class CutAnswer(Rule):
    """Some bytes of the answer are sent, then the connection is closed. ``sent_bytes`` None: half of them."""

    def __init__(
        self, selection: Selection, times: int | None = None, skip: int = 0, *, sent_bytes: int | None = None
    ) -> None:
        super().__init__(selection, times, skip)
        self._sent_bytes = sent_bytes

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), lambda response: self._cut(call, response))

    def _cut(self, call: Call, response: Any) -> Any:
        frame = b"" if response is None else frames.encode(call.request, response)
        sent_bytes = len(frame) // 2 if self._sent_bytes is None else self._sent_bytes
        raise CloseConnection(f"as was asked for: {self}", frame[:sent_bytes])

    def __str__(self) -> str:
        return f"cut the answer to {self.selection}"


class Garble(Rule):
    """The answer has another request's correlation id, or with ``body`` is bytes without meaning."""

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0, *, body: bool = False) -> None:
        super().__init__(selection, times, skip)
        self._body = body

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), lambda response: self._garbled(call, response))

    def _garbled(self, call: Call, response: Any) -> Garbled | None:
        return None if response is None else frames.Garbled(call.request, response, is_body=self._body)

    def __str__(self) -> str:
        return f"garble the answer to {self.selection}"


class CorruptRecords(Rule):
    """The records of a fetch are sent with a byte changed, so that their checksum is wrong."""

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), lambda response: self._corrupt(call, response))

    def _corrupt(self, call: Call, response: Any) -> Any:
        image = call.node.services.image
        for topic in response.responses:
            name = contents.topic_of("topics", topic, image)
            for part in topic.partitions:
                if self.selection.takes(name, part.partition_index):
                    part.records = frames.corrupted(part.records)
        return response

    def __str__(self) -> str:
        return f"corrupt the records of {self.selection}"


class ReadSlowly(Rule):
    """The request takes its time to come in."""

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0, *, bytes_per_s: int) -> None:
        super().__init__(selection, times, skip)
        self._bytes_per_s = _rate(bytes_per_s)

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return after_delay(call, call.request.size_bytes * _MS // self._bytes_per_s, lambda: go_on(call))

    def __str__(self) -> str:
        return f"read {self.selection} slowly"


class WriteSlowly(Rule):
    """The answer goes out so many bytes a second."""

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0, *, bytes_per_s: int) -> None:
        super().__init__(selection, times, skip)
        self._bytes_per_s = _rate(bytes_per_s)

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), lambda response: self._slowed(call, response))

    def _slowed(self, call: Call, response: Any) -> Any:
        connection = call.node.server.connection_of(call.connection)
        if connection is not None:
            connection.send_through(
                lambda transport, on_drained: SlowSender(
                    transport, call.node.services.timers, self._bytes_per_s, on_drained
                )
            )
        return response

    def __str__(self) -> str:
        return f"write the answer to {self.selection} slowly"


def _rate(bytes_per_s: int) -> int:
    if bytes_per_s < 1:
        raise ValueError(f"bytes_per_s={bytes_per_s}: at least one byte a second; leave_unanswered is for none")
    return bytes_per_s
