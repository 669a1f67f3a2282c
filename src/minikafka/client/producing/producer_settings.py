"""What a producer can be told."""

from __future__ import annotations

from minikafka.named_tuple import NamedTuple


class ProducerSettings(NamedTuple):
    """Kafka's producer settings, in its units; acks: 0, 1 or -1 (all); a transactional id needs acks -1."""

    acks: int = -1
    compression: str = "none"
    compression_level: int | None = None
    batch_size_bytes: int = 16384
    max_request_size_bytes: int = 1 << 20
    retries: int = 2147483647
    retry_backoff_ms: int = 100
    request_timeout_ms: int = 30_000
    max_block_ms: int = 60_000
    delivery_timeout_ms: int = 120_000
    is_idempotent: bool = True
    transactional_id: str | None = None
    transaction_timeout_ms: int = 60_000
