"""Raising and lowering the finalized level of features (Kafka: FeatureControlManager; KIP-584, KIP-778).

What is refused is refused as a whole, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from minikafka.errors import INVALID_UPDATE_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.state import metadata_version
from minikafka.state.configurations import BROKER, CLUSTER_DEFAULT
from minikafka.state.features import ELIGIBLE_LEADER_REPLICAS_VERSION, KRAFT_VERSION, SUPPORTED

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.state.metadata_image import MetadataImage

UPGRADE: Final = 1
SAFE_DOWNGRADE: Final = 2
UNSAFE_DOWNGRADE: Final = 3

_METADATA_CHANGED: Final = frozenset({7, 8, 11, 13, 14, 15, 17, 23})
"""The levels of metadata.version whose records an older level cannot hold (MetadataVersion.didMetadataChange)."""
_ELR_NEEDS_METADATA_VERSION: Final = 23
_MIN_ISR: Final = "min.insync.replicas"


class FeatureUpdate(NamedTuple):
    """The level a feature is to have, and whether that may be a lower one: one of the numbers above."""

    level: int
    upgrade_type: int


def feature_records(
    image: MetadataImage, config: BrokerConfig, node_id: int, updates: Mapping[str, FeatureUpdate]
) -> list[VersionedRecord]:
    """What the updates write. Raises ApiError(INVALID_UPDATE_VERSION) in Kafka's words for the first wrong one."""
    from minikafka.protocol.messages import FeatureLevelRecord

    metadata_level = image.features.metadata_version
    if metadata_version.FEATURE_NAME in updates:
        metadata_level = updates[metadata_version.FEATURE_NAME].level
    records: list[VersionedRecord] = []
    for name, update in updates.items():
        _check(image, node_id, name, update, metadata_level)
        if name == KRAFT_VERSION:
            continue
        records.append((FeatureLevelRecord(name=name, feature_level=update.level), 0))
        if name == ELIGIBLE_LEADER_REPLICAS_VERSION and update.level > image.features.level(name):
            records += _min_isr_records(image, config)
    return records


def _check(image: MetadataImage, node_id: int, name: str, update: FeatureUpdate, metadata_level: int) -> None:
    level, upgrade_type = update
    current = image.features.level(name)
    if name == metadata_version.FEATURE_NAME:
        current = image.features.metadata_version
    if upgrade_type not in {UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE}:
        raise _invalid(name, level, "The controller does not support the given upgrade type.")
    if level < 0:
        raise _invalid(name, level, "A feature version cannot be less than 0.")
    _check_supported(node_id, name, level)
    if level < current and name == KRAFT_VERSION:
        raise _invalid(name, level, "Can't downgrade the version of this feature.")
    if level < current and upgrade_type == UPGRADE:
        raise _invalid(
            name,
            level,
            "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe "
            "downgrade.",
        )
    if level > current and upgrade_type != UPGRADE:
        raise _invalid(name, level, "Can't downgrade to a newer version.")
    if level > current and name == KRAFT_VERSION:
        raise _invalid(name, level, "The voters of this cluster are configured (controller.quorum.voters).")
    if name == metadata_version.FEATURE_NAME:
        _check_metadata_downgrade(current, level, upgrade_type)
    elif name == ELIGIBLE_LEADER_REPLICAS_VERSION and level > 0 and metadata_level < _ELR_NEEDS_METADATA_VERSION:
        raise _invalid(
            name,
            level,
            f"{name} could not be set to {level} because it depends on {metadata_version.FEATURE_NAME} level "
            f"{_ELR_NEEDS_METADATA_VERSION}",
        )


def _check_supported(node_id: int, name: str, level: int) -> None:
    supported = SUPPORTED.get(name)
    if supported is None:
        # Kafka takes a feature it does not know for one that can only be off.
        reason = (
            f"Feature {name} not found." if level == 0 else f"Local controller {node_id} does not support this feature."
        )
        raise _invalid(name, level, reason)
    low, high = supported
    if not low <= level <= high:
        raise _invalid(name, level, f"Local controller {node_id} only supports versions {low}-{high}")


def _check_metadata_downgrade(current: int, level: int, upgrade_type: int) -> None:
    if not any(level < changed <= current for changed in _METADATA_CHANGED):
        return
    if upgrade_type == UNSAFE_DOWNGRADE:
        reason = "Unsafe metadata downgrade is not supported in this version."
    else:
        reason = "Refusing to perform the requested downgrade because it might delete metadata information."
    raise ApiError(
        INVALID_UPDATE_VERSION, f"Unsupported metadata.version downgrade from {current} to {level}. {reason}"
    )


def _min_isr_records(image: MetadataImage, config: BrokerConfig) -> list[VersionedRecord]:
    """From now on min.insync.replicas is the cluster's (ConfigurationControlManager.maybeGenerateElrSafetyRecords)."""
    from minikafka.protocol.messages import ConfigRecord

    records: list[VersionedRecord] = []
    for (resource_type, name), settings in image.configs.items():
        if resource_type == BROKER and name != CLUSTER_DEFAULT and _MIN_ISR in settings:
            records.append((ConfigRecord(resource_type=BROKER, resource_name=name, name=_MIN_ISR, value=None), 0))
    if _MIN_ISR not in image.configs.get((BROKER, CLUSTER_DEFAULT), {}):
        value = str(config[_MIN_ISR])
        record = ConfigRecord(resource_type=BROKER, resource_name=CLUSTER_DEFAULT, name=_MIN_ISR, value=value)
        records.append((record, 0))
    return records


def _invalid(name: str, level: int, reason: str) -> ApiError:
    return ApiError(INVALID_UPDATE_VERSION, f"Invalid update version {level} for feature {name}. {reason}")
