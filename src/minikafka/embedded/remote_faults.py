"""The faults of a broker in a process of its own: asked for over the channel that controls it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from minikafka.faults.control import FaultState

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
        del self._homes[number], self._states[number]
        return state

    def fault_state(self, number: int) -> FaultState:
        return self._ask(number, "fault_state", is_over=False)

    def clear_faults(self) -> None:
        if self.is_running:
            self._running().control("faults", "clear_faults")

    def act(self, action: str, arguments: dict[str, Any]) -> Any:
        return self._running().control("faults", "act", action=action, arguments=arguments)

    def fill_disk(self, is_full: bool) -> None:
        # The next process finds room, and the right time.
        if is_full or self.is_running:
            self._running().control("faults", "fill_disk", is_full=is_full)

    def jump_clock(self, ms: int) -> None:
        # Also to undo a jump: of a process that has ended, nothing is left of it.
        if self.is_running:
            self._running().control("faults", "jump_clock", ms=ms)

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
