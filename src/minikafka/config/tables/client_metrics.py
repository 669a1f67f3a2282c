"""Settings of a subscription to client metrics (KIP-714)."""

from typing import Final

TABLE: Final = """
interval.ms | int | 300000 | | medium | | no effect: telemetry
    How often clients are to push their metrics.

match | list | "" | | medium | | no effect: telemetry
    Which clients are meant: NAME=EXPRESSION pairs, where NAME is client_id, client_instance_id, client_software_name,
    client_software_version, client_source_address or client_source_port. An empty list means all of them.

metrics | list | "" | | medium | | no effect: telemetry
    Beginnings of the names of the metrics to push; * stands for all.
"""
