"""What the APIs of transactional producers share."""

from __future__ import annotations

from minikafka.errors import INVALID_PRODUCER_EPOCH, PRODUCER_FENCED


def fenced_code(code: int, version: int, first_version_with_fenced: int) -> int:
    """PRODUCER_FENCED came with Kafka 2.7; clients before know the same by INVALID_PRODUCER_EPOCH."""
    if code == PRODUCER_FENCED and version < first_version_with_fenced:
        return INVALID_PRODUCER_EPOCH
    return code
