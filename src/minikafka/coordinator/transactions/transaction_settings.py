"""The broker's settings that transactions read (Kafka: ``TransactionConfig``)."""

from __future__ import annotations

from minikafka.coordinator.settings import Config


class TransactionSettings:
    """A snapshot of the settings; made anew when one of them is changed on the running broker."""

    __slots__ = (
        "abort_timed_out_interval_ms",
        "id_expiration_ms",
        "max_timeout_ms",
        "partition_verification_enable",
        "remove_expired_interval_ms",
    )

    def __init__(self, config: Config) -> None:
        self.max_timeout_ms: int = config["transaction.max.timeout.ms"]
        self.id_expiration_ms: int = config["transactional.id.expiration.ms"]
        self.abort_timed_out_interval_ms: int = config["transaction.abort.timed.out.transaction.cleanup.interval.ms"]
        self.remove_expired_interval_ms: int = config["transaction.remove.expired.transaction.cleanup.interval.ms"]
        self.partition_verification_enable: bool = config["transaction.partition.verification.enable"]
