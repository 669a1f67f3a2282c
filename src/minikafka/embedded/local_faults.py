"""The faults of a broker in this process, and who looks on: kept through all its starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.faults.full_disk import Disk

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.embedded.host import PerformingHost
    from minikafka.embedded.request_log import RequestLog
    from minikafka.faults.control import FaultState
    from minikafka.faults.switchboard import Switchboard
    from minikafka.server.node import Node

_TIMEOUT_S = 30.0


class LocalFaults:
    """A ``FaultHost``. Costs nothing until it is used.

    :param host: where the broker runs; None when it does not.
    :param clock: the broker's.
    """

    def __init__(self, host: Callable[[], PerformingHost | None], clock: Clock) -> None:
        self.disk = Disk()
        self._fillings = 0
        self._clock = clock
        self._host = host
        self._node: Node | None = None
        self._switchboard: Switchboard | None = None

    def attach(self, node: Node | None) -> None:
        """From now on this is the broker's node; None: it has stopped."""
        self._node = node
        if self._switchboard is not None:
            self._switchboard.attach(node)

    def observe(self, requests: RequestLog) -> None:
        """Let ``requests`` keep what is asked, if it keeps anything."""
        if requests.size or self._switchboard is not None:
            self.switchboard.observe(requests if requests.size else None)

    @property
    def switchboard(self) -> Switchboard:
        """Made when it is first needed."""
        if self._switchboard is None:
            from minikafka.embedded.node_calls import CLIENT_ID
            from minikafka.faults.switchboard import Switchboard

            self._switchboard = Switchboard(CLIENT_ID)
            if self._node is not None:
                self._switchboard.attach(self._node)
        return self._switchboard

    # A FaultHost.

    @property
    def is_running(self) -> bool:
        return self._host() is not None

    def add_fault(self, kind: str, arguments: dict[str, Any]) -> int:
        return self.switchboard.add(kind, arguments)

    def remove_fault(self, number: int) -> FaultState:
        return self.switchboard.remove(number)

    def clear_faults(self) -> None:
        if self._switchboard is not None:
            self._switchboard.clear()

    def fault_state(self, number: int) -> FaultState:
        return self.switchboard.state(number)

    def act(self, action: str, arguments: dict[str, Any]) -> Any:
        from minikafka.faults.node_actions import ACTIONS, TAKING_TIME

        host = self._host()
        if host is None:
            raise RuntimeError("the broker is not running: use it in a with block, or call start()")
        return host.perform(
            lambda node: ACTIONS[action](node, **arguments),
            action.replace("_", " "),
            _TIMEOUT_S,
            takes_time=action in TAKING_TIME,
        )

    def fill_disk(self, is_full: bool) -> None:
        self._fillings += 1 if is_full else -1
        self.disk.is_full = self._fillings > 0

    def jump_clock(self, ms: int) -> None:
        jump: Callable[[int], None] | None = getattr(self._clock, "jump", None)
        if jump is None:
            raise TypeError(f"a {type(self._clock).__name__} cannot jump: it has no method jump(ms)")
        jump(ms)

    def jump_clock_back(self, ms: int) -> None:
        self.jump_clock(-ms)
