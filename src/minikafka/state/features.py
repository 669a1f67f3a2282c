"""Finalized feature levels of the metadata image (Kafka: FeaturesImage), and what this broker supports.

Clients read the finalized levels in ApiVersions and switch behaviour on them: KIP-848 groups, transactions version 2,
share and streams groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from minikafka.state import metadata_version

if TYPE_CHECKING:
    from minikafka.protocol.messages import FeatureLevelRecord

KRAFT_VERSION: Final = "kraft.version"
"""Kept in control records of the metadata log, not in FeatureLevelRecord (KIP-853)."""
GROUP_VERSION: Final = "group.version"
TRANSACTION_VERSION: Final = "transaction.version"
SHARE_VERSION: Final = "share.version"
STREAMS_VERSION: Final = "streams.version"
ELIGIBLE_LEADER_REPLICAS_VERSION: Final = "eligible.leader.replicas.version"

SUPPORTED: Final[dict[str, tuple[int, int]]] = {
    GROUP_VERSION: (0, 1),
    KRAFT_VERSION: (0, 1),
    metadata_version.FEATURE_NAME: (metadata_version.MINIMUM, metadata_version.LATEST),
    SHARE_VERSION: (0, 1),
    STREAMS_VERSION: (0, 1),
    TRANSACTION_VERSION: (0, 2),
    ELIGIBLE_LEADER_REPLICAS_VERSION: (0, 1),
}
"""Feature -> lowest and highest level, in the order in which Kafka 4.2 lists them."""

FORMATTED: Final[dict[str, int]] = {
    metadata_version.FEATURE_NAME: metadata_version.LATEST,
    ELIGIBLE_LEADER_REPLICAS_VERSION: 1,
    GROUP_VERSION: 1,
    SHARE_VERSION: 1,
    STREAMS_VERSION: 1,
    TRANSACTION_VERSION: 2,
}
"""What ``kafka-storage format`` of Kafka 4.2 finalizes, in the order in which it writes them."""


class FeaturesImage:
    """``levels``: feature name -> finalized level, without kraft.version; level 0 is the same as absent."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.kraft_version = 0

    @property
    def metadata_version(self) -> int:
        return self.levels.get(metadata_version.FEATURE_NAME, metadata_version.MINIMUM)

    def level(self, name: str) -> int:
        """The finalized level of a feature, 0 when it is off."""
        return self.kraft_version if name == KRAFT_VERSION else self.levels.get(name, 0)

    def finalized(self) -> dict[str, int]:
        """All features that are on, in the order in which Kafka answers them."""
        return {name: level for name in SUPPORTED if (level := self.level(name)) > 0}

    def replay(self, record: FeatureLevelRecord) -> None:
        if record.feature_level == 0:
            self.levels.pop(record.name, None)
        else:
            self.levels[record.name] = record.feature_level

    def records(self) -> Iterator[tuple[Any, int]]:
        from minikafka.protocol.messages import FeatureLevelRecord

        # The metadata version comes first: it says how to read the rest.
        names = sorted(self.levels, key=lambda name: name != metadata_version.FEATURE_NAME)
        for name in names:
            yield FeatureLevelRecord(name=name, feature_level=self.levels[name]), 0
