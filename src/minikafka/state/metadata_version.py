"""Which record versions a finalized ``metadata.version`` allows (Kafka: MetadataVersion).

A directory that an older Kafka wrote keeps its level until somebody raises it, and must be written in its words:
else that Kafka could not read it again.
"""

from __future__ import annotations

from typing import Final

FEATURE_NAME: Final = "metadata.version"
MINIMUM: Final = 7
"""3.3-IV3, the oldest level Kafka 4.x reads."""
LATEST: Final = 29
"""4.2-IV1, what Kafka 4.2 formats with."""

_MIGRATION = 8  # 3.4-IV0
_TRANSACTIONS = 13  # 3.6-IV1
_CONTROLLER_REGISTRATION = 15  # 3.7-IV0
_DIRECTORY_ASSIGNMENT = 17  # 3.7-IV2
_ELIGIBLE_LEADER_REPLICAS = 23  # 4.0-IV1


def supports_transactions(level: int) -> bool:
    return level >= _TRANSACTIONS


def supports_controller_registration(level: int) -> bool:
    return level >= _CONTROLLER_REGISTRATION


def supports_eligible_leader_replicas(level: int) -> bool:
    return level >= _ELIGIBLE_LEADER_REPLICAS


def partition_record_version(level: int) -> int:
    """The version of PartitionRecord and of PartitionChangeRecord."""
    if level >= _ELIGIBLE_LEADER_REPLICAS:
        return 2
    return 1 if level >= _DIRECTORY_ASSIGNMENT else 0


def register_broker_record_version(level: int) -> int:
    if level >= _DIRECTORY_ASSIGNMENT:
        return 3
    return 2 if level >= _MIGRATION else 1
