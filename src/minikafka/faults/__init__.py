"""Faults on demand: requests that fail, answers that get lost, leaders and coordinators that move, disks that are full.

``Broker.faults`` is a ``Faults``. What happens to requests is a rule (``rules``), which a ``Switchboard`` puts between
the connections and the handlers while there is one; what happens to the broker itself is done to its node
(``node_actions``).
"""

from __future__ import annotations

from minikafka.faults.control import Fault, Faults

__all__ = ["Fault", "Faults"]
