"""The broker's settings that group coordination reads (Kafka: ``GroupCoordinatorConfig``)."""

from __future__ import annotations

from typing import Any, Protocol

NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000
"""How long a new member may wait in a join before it is given up. It has no member id yet, so it cannot send
heartbeats (Kafka: ``CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS``)."""


class Config(Protocol):
    """Typed values by key, as ``BrokerConfig`` gives them."""

    def __getitem__(self, key: str, /) -> Any: ...


class GroupSettings:
    """A snapshot of the settings; made anew when one of them is changed on the running broker."""

    __slots__ = (
        "allows_downgrade",
        "allows_upgrade",
        "consumer_assignors",
        "consumer_heartbeat_interval_ms",
        "consumer_max_size",
        "consumer_session_timeout_ms",
        "initial_rebalance_delay_ms",
        "max_session_timeout_ms",
        "max_size",
        "min_session_timeout_ms",
        "offset_metadata_max_bytes",
        "offsets_retention_check_interval_ms",
        "offsets_retention_ms",
        "rack",
        "share_heartbeat_interval_ms",
        "share_initialize_retry_interval_ms",
        "share_max_size",
        "share_session_timeout_ms",
    )

    def __init__(self, config: Config) -> None:
        self.min_session_timeout_ms: int = config["group.min.session.timeout.ms"]
        self.max_session_timeout_ms: int = config["group.max.session.timeout.ms"]
        self.initial_rebalance_delay_ms: int = config["group.initial.rebalance.delay.ms"]
        self.max_size: int = config["group.max.size"]
        self.offset_metadata_max_bytes: int = config["offset.metadata.max.bytes"]
        self.offsets_retention_ms: int = config["offsets.retention.minutes"] * 60 * 1000
        self.offsets_retention_check_interval_ms: int = config["offsets.retention.check.interval.ms"]
        self.consumer_session_timeout_ms: int = config["group.consumer.session.timeout.ms"]
        self.consumer_heartbeat_interval_ms: int = config["group.consumer.heartbeat.interval.ms"]
        self.consumer_max_size: int = config["group.consumer.max.size"]
        self.consumer_assignors: list[str] = list(config["group.consumer.assignors"])
        policy: str = config["group.consumer.migration.policy"].lower()
        self.allows_upgrade = policy in ("upgrade", "bidirectional")
        self.allows_downgrade = policy in ("downgrade", "bidirectional")
        self.share_session_timeout_ms: int = config["group.share.session.timeout.ms"]
        self.share_heartbeat_interval_ms: int = config["group.share.heartbeat.interval.ms"]
        self.share_max_size: int = config["group.share.max.size"]
        # Kafka does not begin again what may still be waiting for its own write.
        self.share_initialize_retry_interval_ms: int = max(
            config["group.share.initialize.retry.interval.ms"], config["offsets.commit.timeout.ms"]
        )
        self.rack: str | None = config["broker.rack"]
