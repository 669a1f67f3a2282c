"""Faults on demand: requests that fail, answers that get lost, leaders and coordinators that move, disks that are full.

``Broker.faults`` is a ``Faults``. What happens to requests is a rule (``rules``), which a ``Switchboard`` puts between
the connections and the handlers while there is one; what happens to the broker itself is done to its node
(``node_actions``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minikafka.faults.control import Fault, Faults

__all__ = ["Fault", "Faults"]


def __getattr__(name: str) -> Any:
    # Every embedded broker comes by here on its way to its files; few have faults.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from minikafka.faults import control

    return getattr(control, name)
