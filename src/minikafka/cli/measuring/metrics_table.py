"""The metrics of a client as Kafka's performance tools print them at the end."""

from __future__ import annotations

from collections.abc import Mapping


def print_metrics(group: str, client_id: str, metrics: Mapping[str, float]) -> None:
    """:param group: of Kafka's metrics, as "producer-metrics"; ``metrics``: name -> value."""
    rows = {f"{group}:{name}:{{client-id={client_id}}}": value for name, value in metrics.items()}
    width = max(map(len, rows), default=0)
    print(f"\n{'Metric Name':{width}}   Value")
    for name in sorted(rows):
        print(f"{name:{width}} : {rows[name]:.3f}")
