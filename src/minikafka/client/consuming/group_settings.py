"""What a consumer can be told about its group."""

from __future__ import annotations

from minikafka.named_tuple import NamedTuple


class GroupSettings(NamedTuple):
    """Kafka's consumer settings, in its units.

    ``protocol``: "classic", whose leader shares the partitions by the first of ``assignors`` that all members know; or
    "consumer" (KIP-848), where the broker does, by ``remote_assignor`` or as it likes. In the latter the broker sets
    the session timeout and the interval of heartbeats.
    """

    group_id: str
    instance_id: str | None = None
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    protocol: str = "classic"
    assignors: tuple[str, ...] = ("range",)
    remote_assignor: str | None = None
