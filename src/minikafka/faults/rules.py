"""The kinds of faults, each a class: what it does to a request that it is meant for.

A rule is put between a connection and the handlers: ``apply`` is given the call and ``go_on``, which leads to the next
rule and in the end to the handler. ``RULES`` names them as ``Faults`` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.errors import NOT_COORDINATOR, NOT_LEADER_OR_FOLLOWER, name_of
from minikafka.faults import contents, frames, names, refusals
from minikafka.faults.calls import Call, GoOn, after_delay, when_answered
from minikafka.faults.selection import Selection
from minikafka.faults.slow_sender import SlowSender
from minikafka.pending import Pending
from minikafka.server.dispatch import CloseConnection

if TYPE_CHECKING:
    from minikafka.faults.frames import Garbled

_METADATA, _DESCRIBE_TOPIC_PARTITIONS = 3, 75
_TELLING_LEADERS = frozenset({_METADATA, _DESCRIBE_TOPIC_PARTITIONS})
_ASKING_LEADERS = (0, 1, 2, 21, 23)
"""Produce, Fetch, ListOffsets, DeleteRecords, OffsetForLeaderEpoch."""
_FIND_COORDINATOR = 10
_ASKING_GROUP_COORDINATOR = (8, 9, 11, 12, 13, 14, 15, 28, 42, 47, 68, 69)
"""OffsetCommit, OffsetFetch, JoinGroup, Heartbeat, LeaveGroup, SyncGroup, DescribeGroups, TxnOffsetCommit,
DeleteGroups, OffsetDelete, ConsumerGroupHeartbeat, ConsumerGroupDescribe."""
_ASKING_TRANSACTION_COORDINATOR = (22, 24, 25, 26, 65)
"""InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, DescribeTransactions."""
_MS = 1000


class Rule:
    """What all have in common.

    :param times: for how many requests, and then no more; None: for all, until it is removed.
    :param skip: how many requests that it is meant for go untouched before.
    """

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times={times}: a fault happens once at least; None is for as long as it is there")
        self.selection = selection
        self.times = times
        self.hits = 0
        """To how many requests it has happened. Counted when what it does is begun, such as the waiting of a delay: who
        then moves the clock, moves it for that."""
        self.failure: Exception | None = None
        """What the predicate of the selection raised, if it did."""
        self._left = times
        self._skip = skip

    def is_meant_for(self, call: Call) -> bool:
        """Whether it happens to this request. If so, that is one less of ``times``."""
        if self._left == 0:
            return False
        try:
            if not self.selection.fits(call.request, call.node.services.image, call.session_partitions):
                return False
        except Exception as error:
            # The predicate is the program's own: it is told where it asked for the fault, not in the broker's log.
            self.failure = error
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._left is not None:
            self._left -= 1
        return True

    def apply(self, call: Call, go_on: GoOn) -> Any:
        """What becomes of the request. Raises CloseConnection."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{type(self).__name__.lower()} {self.selection}"


class Fail(Rule):
    """An error code in the answer, at what is selected; the rest of the request is done."""

    def __init__(
        self,
        selection: Selection,
        times: int | None = None,
        skip: int = 0,
        *,
        error: str | int,
        message: str | None = None,
        throttle_ms: int = 0,
        after_work: bool = False,
    ) -> None:
        super().__init__(selection, times, skip)
        refusals.check_can_fail(selection)
        self._code = names.error_code(error)
        self._message = message
        self._throttle_ms = throttle_ms
        self._after_work = after_work

    def apply(self, call: Call, go_on: GoOn) -> Any:
        answer = (
            when_answered(call, go_on(call), lambda _: self._refuse(call))
            if self._after_work
            else self._refuse(call, go_on)
        )
        return when_answered(call, answer, lambda response: frames.throttled(call, response, self._throttle_ms))

    def _refuse(self, call: Call, go_on: GoOn | None = None) -> Any:
        return refusals.refuse(call, go_on or Call.handle, self.selection, self._code, self._message)

    def __str__(self) -> str:
        return f"fail {self.selection} with {name_of(self._code)}"


class Throttle(Rule):
    """The answer tells the client to wait (``throttle_time_ms``)."""

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0, *, ms: int) -> None:
        super().__init__(selection, times, skip)
        self._ms = ms

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), lambda response: frames.throttled(call, response, self._ms))


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


class LeaderMoved(Rule):
    """Who does not know yet that the leader of a partition is another is sent away: every client id, until it has asked
    for the metadata."""

    def __init__(self, topic: str, partition: int | None) -> None:
        super().__init__(Selection((*_ASKING_LEADERS, *_TELLING_LEADERS), topic=topic, partition=partition))
        self._refused = Selection(_ASKING_LEADERS, topic=topic, partition=partition)
        self._knowing: set[tuple[str, str | None]] = set()

    def is_meant_for(self, call: Call) -> bool:
        client = _client(call)
        if call.request.api_key in _TELLING_LEADERS:
            if self.selection.fits(call.request, call.node.services.image, ()):
                self._knowing.add(client)
            return False
        return client not in self._knowing and super().is_meant_for(call)

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return refusals.refuse(call, go_on, self._refused, NOT_LEADER_OR_FOLLOWER, None)

    def __str__(self) -> str:
        return f"the leader of topic {self.selection.topic!r} moved"


class CoordinatorMoved(Rule):
    """Who does not know yet that the coordinator of a group, or of a transactional id, is another is sent away: every
    client id, until it has asked for the coordinator."""

    def __init__(self, group: str | None, transactional_id: str | None) -> None:
        apis = _ASKING_GROUP_COORDINATOR if group is not None else _ASKING_TRANSACTION_COORDINATOR
        super().__init__(Selection((*apis, _FIND_COORDINATOR), group=group, transactional_id=transactional_id))
        self._knowing: set[tuple[str, str | None]] = set()

    def is_meant_for(self, call: Call) -> bool:
        client = _client(call)
        if call.request.api_key == _FIND_COORDINATOR:
            if self.selection.fits(call.request, call.node.services.image, ()):
                self._knowing.add(client)
            return False
        return client not in self._knowing and super().is_meant_for(call)

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return call.refuse(NOT_COORDINATOR)

    def __str__(self) -> str:
        if self.selection.group is not None:
            return f"the coordinator of group {self.selection.group!r} moved"
        return f"the coordinator of transactional id {self.selection.transactional_id!r} moved"


_SELECTING: dict[str, Callable[..., Rule]] = {
    "fail": Fail,
    "throttle": Throttle,
    "delay": Delay,
    "drop_before": DropBefore,
    "drop_after": DropAfter,
    "leave_unanswered": LeaveUnanswered,
    "cut_answer": CutAnswer,
    "garble": Garble,
    "corrupt_records": CorruptRecords,
    "read_slowly": ReadSlowly,
    "write_slowly": WriteSlowly,
}
_FILTERS = ("topic", "partition", "client_id", "group", "transactional_id", "when")


def make_rule(kind: str, arguments: dict[str, Any]) -> Rule:
    """The rule of a kind, from plain values. Raises ValueError."""
    if kind == "leader_moved":
        return LeaderMoved(**arguments)
    if kind == "coordinator_moved":
        return CoordinatorMoved(**arguments)
    options = dict(arguments)
    api: str | int | Iterable[str | int] = options.pop("api", names.ALL)
    filters = {name: options.pop(name) for name in _FILTERS if name in options}
    return _SELECTING[kind](Selection(api, **filters), **options)


def _rate(bytes_per_s: int) -> int:
    if bytes_per_s < 1:
        raise ValueError(f"bytes_per_s={bytes_per_s}: at least one byte a second; leave_unanswered is for none")
    return bytes_per_s


def _client(call: Call) -> tuple[str, str | None]:
    return call.connection.client_host, call.request.client_id
