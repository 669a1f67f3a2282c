"""The faults of a broker in a process of its own: asked for over the channel that controls it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from minikafka.faults.control import FaultState
from minikafka.faults.node_actions import SPARING

if TYPE_CHECKING:
    from minikafka.embedded.child_process import ChildHost


class RemoteFaults:
    """A ``FaultHost``. What is asked of one process ends with it: the next one knows nothing of it.

    :param host: the process; None when there is none.
    """

    def __init__(self, host: Callable[[], ChildHost | None]) -> None:
        self._host = host
        self._numbers = count(1)
        self._homes: dict[int, tuple[ChildHost, int]] = {}
        self._states: dict[int, FaultState] = {}
        self._full_host: ChildHost | None = None
        self._jumped_host: ChildHost | None = None
        self._ahead_ms = 0

    @property
    def is_running(self) -> bool:
        return self._host() is not None

    def add_fault(self, kind: str, arguments: dict[str, Any]) -> int:
        if arguments.get("when") is not None:
            raise TypeError("a broker in a process of its own cannot call a function of this one: leave when= out")
        host = self._running()
        number = next(self._numbers)
        self._homes[number] = host, host.control("faults", "add_fault", kind=kind, arguments=arguments)
        self.fault_state(number)
        return number

    def remove_fault(self, number: int) -> FaultState:
        state = self._ask(number, "remove_fault", is_over=True)
        self._homes.pop(number, None)
        self._states.pop(number, None)
        return state

    def fault_state(self, number: int) -> FaultState:
        return self._ask(number, "fault_state", is_over=False)

    def clear_faults(self) -> None:
        if self.is_running:
            self._running().control("faults", "clear_faults")

    def act(self, action: str, arguments: dict[str, Any]) -> Any:
        host = self._running()
        # The program's own calls meet no faults.
        is_sparing = action in SPARING and arguments.get("is_refusing", True)
        spared = {"spared_port": host.own_port()} if is_sparing else {}
        return host.control("faults", "act", action=action, arguments={**arguments, **spared})

    def fill_disk(self, is_full: bool) -> None:
        # The next process finds room: there is nothing to undo.
        if is_full or self._full_host is self._host() is not None:
            self._full_host = self._running()
            self._full_host.control("faults", "fill_disk", is_full=is_full)

    def jump_clock(self, ms: int) -> None:
        host = self._running()
        host.control("faults", "jump_clock", ms=ms)
        self._ahead_ms = self.ahead_ms + ms
        self._jumped_host = host

    def jump_clock_back(self, ms: int) -> None:
        # The next process has the right time: there is nothing to undo.
        if self._jumped_host is self._host() is not None:
            self.jump_clock(-ms)

    @property
    def ahead_ms(self) -> int:
        """How far the wall clock of the process is ahead of this one's."""
        return self._ahead_ms if self._jumped_host is self._host() else 0

    def _ask(self, number: int, command: str, *, is_over: bool) -> FaultState:
        host, remote_number = self._homes[number]
        if host is self._host():
            description, hits, times, is_active = host.control("faults", command, number=remote_number)
            self._states[number] = FaultState(description, hits, times, is_active)
        state = self._states[number]
        if is_over or host is not self._host():
            state.is_active = False
        return state

    def _running(self) -> ChildHost:
        host = self._host()
        if host is None:
            raise RuntimeError("the broker is not running: use it in a with block, or call start()")
        return host
