"""The kinds of faults of requests, by the names that ``Faults`` and the control channel have for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minikafka.faults import names
from minikafka.faults.delivery_rules import (
    CorruptRecords,
    CutAnswer,
    Delay,
    DropAfter,
    DropBefore,
    Garble,
    LeaveUnanswered,
    ReadSlowly,
    WriteSlowly,
)
from minikafka.faults.error_rules import Fail, Throttle
from minikafka.faults.move_rules import CoordinatorMoved, LeaderMoved
from minikafka.faults.rule import Rule
from minikafka.faults.selection import Selection

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
