"""``Broker.faults``: what can be made to go wrong, as sentences."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Unpack

_POLL_INTERVAL_S = 0.002

Api = str | int | Iterable[str | int]
"""An API by Kafka's name for it or by its number, several of them, or "*" for all."""


class Filters(TypedDict, total=False):
    """Which requests are meant."""

    topic: str
    partition: int
    client_id: str
    group: str
    transactional_id: str
    when: Callable[[Any], object]
    """Given the decoded request (``minikafka.protocol.messages``), says whether it is meant."""


class Chosen(Filters, total=False):
    """Which requests a fault is meant for, and how many of them."""

    times: int | None
    """How many requests; None, which is the default: all, until the fault is removed."""
    skip: int
    """How many requests that it is meant for go untouched first."""


_NUMBERS = ("ms", "throttle_ms", "bytes_per_s", "sent_bytes", "times", "skip")
_CHOSEN = ("topic", "partition", "client_id", "group", "transactional_id", "when", "times", "skip")


class FaultState:
    """How it stands with a fault; of plain values, so that it can be told to another process."""

    __slots__ = ("description", "hits", "is_active", "times")

    def __init__(self, description: str, hits: int, times: int | None, is_active: bool) -> None:
        self.description = description
        self.hits = hits
        self.times = times
        self.is_active = is_active

    def as_values(self) -> list[Any]:
        """The arguments of the constructor."""
        return [self.description, self.hits, self.times, self.is_active]


class FaultHost(Protocol):
    """The broker's side of it, in this process or in another."""

    def add_fault(self, kind: str, arguments: dict[str, Any]) -> int:
        """See ``Switchboard.add``."""
        ...

    def remove_fault(self, number: int) -> FaultState: ...

    def clear_faults(self) -> None: ...

    def fault_state(self, number: int) -> FaultState: ...

    @property
    def is_running(self) -> bool: ...

    def act(self, action: str, arguments: dict[str, Any]) -> Any:
        """Do one of ``node_actions.ACTIONS``, and return its outcome. RuntimeError: the broker is not running."""
        ...

    def fill_disk(self, is_full: bool) -> None:
        """Calls are counted: the disk is full until each True was followed by a False."""
        ...

    def jump_clock(self, ms: int) -> None:
        """Raises TypeError: that clock cannot."""
        ...

    def jump_clock_back(self, ms: int) -> None:
        """Undo ``jump_clock``."""
        ...


class Fault:
    """Something that goes wrong, from now until ``remove``, or until the end of its ``with`` block."""

    def __init__(
        self, faults: Faults, number: int | None, undo: Callable[[], object] | None = None, *, required: bool = False
    ) -> None:
        self._faults = faults
        self._number = number
        self._undo = undo
        self._required = required
        self._last: FaultState | None = None
        self._is_over = False

    @property
    def hits(self) -> int:
        """To how many requests it has happened. Of faults that do not happen to requests, 0."""
        state = self._state()
        return 0 if state is None else state.hits

    @property
    def is_active(self) -> bool:
        """Whether it may still happen."""
        state = self._state()
        if self._is_over:
            return False
        return state is None or (state.is_active and (state.times is None or state.hits < state.times))

    def remove(self) -> None:
        """End it. Raises what ``when`` raised, if it did."""
        if self._is_over:
            return
        self._last = self._state()
        self._is_over = True
        self._faults._forget(self)
        try:
            if self._number is not None:
                self._last = self._faults._host().remove_fault(self._number)
        finally:
            if self._undo is not None:
                self._undo()

    def wait_for_hits(self, hits: int = 1, *, timeout_s: float = 10.0) -> None:
        """Wait until it has happened so many times.

        :raises TimeoutError: it did not.
        """
        deadline = time.monotonic() + timeout_s
        while self.hits < hits:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"not within {timeout_s:g} s: {hits} hits. {self}")
            time.sleep(_POLL_INTERVAL_S)

    def assert_hit(self) -> None:
        """:raises AssertionError: it has not happened; with ``times``, not as often as that."""
        state = self._state()
        if state is not None and state.hits < (state.times or 1):
            raise AssertionError(f"{state.description}: was to happen {state.times or 'at least 1'} times. {self}")

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()
        if self._required and kind is None:
            self.assert_hit()

    def __str__(self) -> str:
        state = self._state()
        return "a fault of the broker" if state is None else f"{state.description}: happened {state.hits} times"

    def _state(self) -> FaultState | None:
        if self._number is None:
            return None
        return self._last if self._last is not None else self._faults._host().fault_state(self._number)


class Faults:
    """What can be made to go wrong with a broker.

    APIs and errors are named as Kafka does (``"PRODUCE"`` or ``"Produce"`` or ``0``), several APIs by a list, all by
    ``"*"``. Every fault is in force when its method returns, and ends with the ``with`` block it is used in, by
    ``remove``, or by ``clear``. All of them may be called on any thread.

    Filters: ``topic``, ``partition``, ``client_id``, ``group``, ``transactional_id``, ``when`` (a function of the
    decoded request), ``times`` (how many requests), ``skip`` (how many go untouched first). ``required=True``: the end
    of the ``with`` block raises AssertionError unless it happened, ``times`` times if that is given.

    What the program asks by ``Broker`` itself (``produce``, ``records``, ...) meets no faults of requests.
    """

    def __init__(self, host: Callable[[], FaultHost]) -> None:
        self._host = host
        self._standing: list[Fault] = []

    # Requests and answers.

    def fail(
        self,
        api: Api,
        error: str | int,
        *,
        message: str | None = None,
        throttle_ms: int = 0,
        after_work: bool = False,
        required: bool = False,
        **filters: Unpack[Chosen],
    ) -> Fault:
        """Answer with an error code. With ``topic`` (and ``partition``) only that fails: the rest of the request is
        done.

        :param after_work: all is done, and the answer is a lie (NOT_ENOUGH_REPLICAS_AFTER_APPEND).
        :param message: in place of Kafka's sentence, where the answer has one.
        :param throttle_ms: what the answer tells the client to wait.
        :raises ValueError: a name that Kafka does not have, or filters that fit no request.
        """
        how = {"error": error, "message": message, "throttle_ms": throttle_ms, "after_work": after_work}
        return self._add("fail", required, {"api": api, **how}, filters)

    def throttle(self, api: Api, ms: int, *, required: bool = False, **filters: Unpack[Chosen]) -> Fault:
        """Tell the client in the answer to wait so long (``throttle_time_ms``), as a quota does."""
        return self._add("throttle", required, {"api": api, "ms": ms}, filters)

    def delay(
        self, api: Api, ms: int, *, after_work: bool = False, required: bool = False, **filters: Unpack[Chosen]
    ) -> Fault:
        """Begin the work so much later, or with ``after_work`` answer so much later: by the broker's clock, so with a
        ``ManualClock`` when that is moved. The connection works on nothing else meanwhile, as in Kafka."""
        return self._add("delay", required, {"api": api, "ms": ms, "after_work": after_work}, filters)

    def drop_before(self, api: Api, *, required: bool = False, **filters: Unpack[Chosen]) -> Fault:
        """Close the connection when the request comes; nothing is done."""
        return self._add("drop_before", required, {"api": api}, filters)

    def drop_after(self, api: Api, *, required: bool = False, **filters: Unpack[Chosen]) -> Fault:
        """Do the work, and close the connection instead of answering."""
        return self._add("drop_after", required, {"api": api}, filters)

    def leave_unanswered(
        self, api: Api, *, after_work: bool = False, required: bool = False, **filters: Unpack[Chosen]
    ) -> Fault:
        """Never answer, and work on nothing more of that connection; with ``after_work`` the work is done."""
        return self._add("leave_unanswered", required, {"api": api, "after_work": after_work}, filters)

    def cut_answer(
        self, api: Api, sent_bytes: int | None = None, *, required: bool = False, **filters: Unpack[Chosen]
    ) -> Fault:
        """Do the work, send so many bytes of the answer (None: half of it), and close the connection."""
        return self._add("cut_answer", required, {"api": api, "sent_bytes": sent_bytes}, filters)

    def garble(self, api: Api, *, body: bool = False, required: bool = False, **filters: Unpack[Chosen]) -> Fault:
        """Do the work, and answer with a wrong correlation id, or with ``body`` with bytes that mean nothing."""
        return self._add("garble", required, {"api": api, "body": body}, filters)

    def read_slowly(
        self, bytes_per_s: int, api: Api = "*", *, required: bool = False, **filters: Unpack[Chosen]
    ) -> Fault:
        """Take so many bytes a second of a request, by the broker's clock."""
        return self._add("read_slowly", required, {"api": api, "bytes_per_s": bytes_per_s}, filters)

    def write_slowly(
        self, bytes_per_s: int, api: Api = "*", *, required: bool = False, **filters: Unpack[Chosen]
    ) -> Fault:
        """Send so many bytes a second of an answer, by the broker's clock."""
        return self._add("write_slowly", required, {"api": api, "bytes_per_s": bytes_per_s}, filters)

    def corrupt_fetched(self, *, required: bool = False, **filters: Unpack[Chosen]) -> Fault:
        """Change a byte of the records that a fetch answers with: what is stored stays as it is."""
        return self._add("corrupt_records", required, {"api": ["FETCH", "SHARE_FETCH"]}, filters)

    # Connections.

    def refuse_connections(self, *, cut: bool = False) -> Fault:
        """Reset new connections as soon as they are made; with ``cut`` those there are, too."""
        self._act("refuse_connections", is_refusing=True)
        if cut:
            self.disconnect()
        return self._stand(lambda: self._undo("refuse_connections", is_refusing=False))

    def disconnect(self) -> int:
        """Cut all connections now. Returns how many."""
        cut: int = self._act("disconnect")
        return cut

    # Leaders.

    def move_leader(self, topic: str, partition: int | None = None) -> Fault:
        """Let another broker become the leader of a partition, or of all of a topic, and be found at this address: the
        leader epoch grows, and each client id gets NOT_LEADER_OR_FOLLOWER until it has asked for the metadata."""
        moved = self._add("leader_moved", False, {"topic": topic, "partition": partition})
        try:
            # In between there is none: fetches that wait hear of it.
            for is_there in (False, True):
                self._act("elect_leader", topic=topic, partition=partition, is_there=is_there)
        except BaseException:
            moved.remove()
            raise
        return moved

    def leader_unavailable(self, topic: str, partition: int | None = None) -> Fault:
        """Let a partition, or all of a topic, have no leader (-1 in the metadata) until this ends, and then this broker
        in a new leader epoch."""
        self._act("elect_leader", topic=topic, partition=partition, is_there=False)
        return self._stand(lambda: self._undo("bring_leader_back", topic=topic, partition=partition))

    # Coordinators and groups.

    def move_coordinator(self, *, group: str | None = None, transactional_id: str | None = None) -> Fault:
        """Move the coordinator of a group, or of a transactional id: its state is dropped and loaded from the log
        again, and each client id gets NOT_COORDINATOR until it has asked who is the coordinator."""
        names = _one_of(group, transactional_id)
        moved = self._add("coordinator_moved", False, names)
        try:
            self._act("move_coordinator", **names)
        except BaseException:
            moved.remove()
            raise
        return moved

    def coordinator_loading(self, *, group: str | None = None, transactional_id: str | None = None) -> Fault:
        """Let the coordinator be loading its state (COORDINATOR_LOAD_IN_PROGRESS) until this ends; it then really does.
        All groups, or transactional ids, of the same partition of the coordinator's topic share its fate."""
        names = _one_of(group, transactional_id)
        self._act("hold_coordinator", **names, is_loading=True)
        return self._stand(lambda: self._undo("hold_coordinator", **names, is_loading=False))

    def rebalance(self, group: str) -> None:
        """Let a group rebalance now: members of the classic protocol have to join again, those of KIP-848 get a new
        epoch. Raises ApiError: there is no such group."""
        self._act("rebalance", group=group)

    def expire_member(self, group: str, member: str | None = None) -> None:
        """End the session of a member now, as if it had not been heard of.

        :param member: its member id, client id or instance id; may be left out where there is only one.
        :raises ApiError: there is no such group, or not exactly one such member.
        """
        self._act("expire_member", group=group, member=member)

    # The machine.

    def fill_disk(self) -> Fault:
        """Let nothing more be written (ENOSPC) until this ends: producers get KAFKA_STORAGE_ERROR, reading goes on."""
        self._host().fill_disk(True)
        return self._stand(lambda: self._host().fill_disk(False))

    def corrupt_batch(self, topic: str, partition: int = 0, offset: int | None = None) -> Fault:
        """Change a byte of the batch that holds ``offset`` (None: the last one) on disk, until this ends. Consumers
        that check checksums see that it is wrong."""
        path, position = self._act("corrupt_batch", topic=topic, partition=partition, offset=offset)
        return self._stand(lambda: self._undo("repair", topic=topic, partition=partition, path=path, position=position))

    def jump_clock(self, ms: int) -> Fault:
        """Set the broker's wall clock forward, or back where negative, until this ends. Deadlines stay when they
        were."""
        if not isinstance(ms, int):
            raise TypeError(f"ms is a whole number, not {ms!r}")
        self._host().jump_clock(ms)
        return self._stand(lambda: self._host().jump_clock_back(ms))

    # All of them.

    def clear(self) -> None:
        """End all faults."""
        for fault in list(self._standing):
            fault.remove()
        self._host().clear_faults()

    def _add(
        self, kind: str, required: bool, arguments: dict[str, Any], chosen: Mapping[str, Any] = MappingProxyType({})
    ) -> Fault:
        for name in chosen:
            if name not in _CHOSEN:
                raise TypeError(f"faults have no {name}=; there are {', '.join(_CHOSEN)}")
        _check_values({**arguments, **chosen})
        return Fault(self, self._host().add_fault(kind, {**arguments, **chosen}), required=required)

    def _act(self, action: str, **arguments: Any) -> Any:
        return self._host().act(action, arguments)

    def _undo(self, action: str, **arguments: Any) -> None:
        # A broker that was stopped has forgotten what was done to it.
        if self._host().is_running:
            self._act(action, **arguments)

    def _stand(self, undo: Callable[[], object]) -> Fault:
        fault = Fault(self, None, undo)
        self._standing.append(fault)
        return fault

    def _forget(self, fault: Fault) -> None:
        if fault in self._standing:
            self._standing.remove(fault)


def _check_values(arguments: Mapping[str, Any]) -> None:
    """Raises TypeError, ValueError."""
    for name in _NUMBERS:
        value = arguments.get(name)
        if value is None:
            continue
        if not isinstance(value, int):
            raise TypeError(f"{name} is a whole number, not {value!r}")
        if value < 0 and name != "times":
            raise ValueError(f"{name}={value}: a number of 0 or more")
    when = arguments.get("when")
    if when is not None and not callable(when):
        raise TypeError(f"when is a function of the decoded request, not {when!r}")


def _one_of(group: str | None, transactional_id: str | None) -> dict[str, Any]:
    if (group is None) == (transactional_id is None):
        raise ValueError("whose coordinator? Say group=... or transactional_id=...")
    return {"group": group, "transactional_id": transactional_id}
