"""The settings that share groups are served with: the broker's, and those of a group of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from minikafka.config.group import group_config
from minikafka.named_tuple import NamedTuple
from minikafka.sharing.acquisition import DeliveryLimits

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig


class GroupShareSettings(NamedTuple):
    """Of one group."""

    auto_offset_reset: str
    """``earliest``, ``latest``, or ``by_duration:`` and an ISO 8601 duration."""
    isolation: str
    """``read_committed`` or ``read_uncommitted``."""
    record_lock_duration_ms: int


class ShareSettings:
    """Looks settings up as they are now.

    :param config: gives the broker's configuration.
    :param group_overrides: gives the settings of a group of its own, by its id.
    """

    def __init__(self, config: Callable[[], BrokerConfig], group_overrides: Callable[[str], Mapping[str, str]]) -> None:
        self._config = config
        self._group_overrides = group_overrides
        self._known: dict[str, tuple[BrokerConfig, Mapping[str, str], GroupShareSettings]] = {}

    @property
    def limits(self) -> DeliveryLimits:
        config = self._config()
        return DeliveryLimits(
            config["group.share.delivery.count.limit"], config["group.share.partition.max.record.locks"]
        )

    @property
    def max_sessions(self) -> int:
        sessions: int = self._config()["group.share.max.share.sessions"]
        return sessions

    def of_group(self, group_id: str) -> GroupShareSettings:
        """What holds for the group: read anew only when something has changed."""
        config, overrides = self._config(), self._group_overrides(group_id)
        known = self._known.get(group_id)
        if known is not None and known[0] is config and known[1] == overrides:
            return known[2]
        values = group_config(config, overrides)
        settings = GroupShareSettings(
            values["share.auto.offset.reset"],
            values["share.isolation.level"].lower(),
            values["share.record.lock.duration.ms"],
        )
        self._known[group_id] = (config, dict(overrides), settings)
        return settings

    def forget(self, group_id: str) -> None:
        """Nobody of the group is there any more."""
        self._known.pop(group_id, None)
