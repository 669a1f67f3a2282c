"""``LogConfig``: the settings of one topic's log, the topic's own ones laid over the broker's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from minikafka.config.tables import topic_keys
from minikafka.config.values import InvalidValue, value_text
from minikafka.errors import INVALID_CONFIG, ApiError

_INTERNAL_SEGMENT_BYTES: Final = "internal.segment.bytes"


class LogConfig:
    """Typed settings of a log, immutable by convention, so that topics without settings of their own share one.

    Attributes are Kafka's topic keys in snake_case with the key's unit; -1 is unlimited for ``retention_ms`` and
    ``retention_bytes``. Source: ``org.apache.kafka.storage.internals.log.LogConfig``.
    """

    __slots__ = (
        "cleanup_policy",
        "compact",
        "compression_gzip_level",
        "compression_lz4_level",
        "compression_type",
        "compression_zstd_level",
        "delete",
        "delete_retention_ms",
        "file_delete_delay_ms",
        "flush_messages",
        "flush_ms",
        "follower_replication_throttled_replicas",
        "index_interval_bytes",
        "leader_replication_throttled_replicas",
        "local_retention_bytes",
        "local_retention_ms",
        "max_compaction_lag_ms",
        "max_message_bytes",
        "message_timestamp_after_max_ms",
        "message_timestamp_before_max_ms",
        "message_timestamp_type",
        "min_cleanable_dirty_ratio",
        "min_compaction_lag_ms",
        "min_insync_replicas",
        "preallocate",
        "remote_log_copy_disable",
        "remote_log_delete_on_disable",
        "remote_storage_enable",
        "retention_bytes",
        "retention_ms",
        "segment_bytes",
        "segment_index_bytes",
        "segment_jitter_ms",
        "segment_ms",
        "unclean_leader_election_enable",
        "values",
    )

    cleanup_policy: frozenset[str]
    compact: bool
    compression_gzip_level: int
    compression_lz4_level: int
    compression_type: str
    """``producer``, ``uncompressed``, ``gzip``, ``snappy``, ``lz4`` or ``zstd``."""
    compression_zstd_level: int
    delete: bool
    delete_retention_ms: int
    file_delete_delay_ms: int
    flush_messages: int
    flush_ms: int
    follower_replication_throttled_replicas: list[str]
    index_interval_bytes: int
    leader_replication_throttled_replicas: list[str]
    local_retention_bytes: int
    """Never -2: that stands for ``retention_bytes``, and is replaced by it."""
    local_retention_ms: int
    """Never -2: that stands for ``retention_ms``, and is replaced by it."""
    max_compaction_lag_ms: int
    max_message_bytes: int
    message_timestamp_after_max_ms: int
    message_timestamp_before_max_ms: int
    message_timestamp_type: str
    """``CreateTime`` or ``LogAppendTime``."""
    min_cleanable_dirty_ratio: float
    min_compaction_lag_ms: int
    min_insync_replicas: int
    preallocate: bool
    remote_log_copy_disable: bool
    remote_log_delete_on_disable: bool
    remote_storage_enable: bool
    retention_bytes: int
    retention_ms: int
    segment_bytes: int
    segment_index_bytes: int
    segment_jitter_ms: int
    segment_ms: int
    unclean_leader_election_enable: bool

    values: Mapping[str, Any]
    """The typed values by topic key, as DescribeConfigs shows them."""

    def __init__(
        self, overrides: Mapping[str, object] | None = None, *, defaults: Mapping[str, Any] | None = None
    ) -> None:
        """Lay ``overrides`` over ``defaults`` (typed values by topic key; Kafka's own defaults when left out).

        Texts among the overrides are parsed, other values are taken as they are. Types are checked, ranges are not:
        ``validate_topic_config`` does that when a setting is made, and a log written under other limits must still
        open. Keys that are no topic keys are left out, as in Kafka: an older version may have stored them.

        Raises ApiError(INVALID_CONFIG) on text of the wrong type.
        """
        values = dict(defaults if defaults is not None else default_values())
        for name, value in (overrides or {}).items():
            if name in values:
                values[name] = _typed(name, value)
        self.values = values
        for name, value in values.items():
            if name != _INTERNAL_SEGMENT_BYTES:
                setattr(self, name.replace(".", "_").replace("-", "_"), value)
        self._derive(values)

    def _derive(self, values: Mapping[str, Any]) -> None:
        self.cleanup_policy = frozenset(values["cleanup.policy"])
        self.compact = "compact" in self.cleanup_policy
        self.delete = "delete" in self.cleanup_policy
        if values[_INTERNAL_SEGMENT_BYTES] is not None:
            self.segment_bytes = values[_INTERNAL_SEGMENT_BYTES]
        if self.local_retention_ms == -2:
            self.local_retention_ms = self.retention_ms
        if self.local_retention_bytes == -2:
            self.local_retention_bytes = self.retention_bytes

    @property
    def max_segment_ms(self) -> int:
        """Age in ms at which a segment is rolled: compaction never touches the active one, so its lag counts too."""
        return min(self.max_compaction_lag_ms, self.segment_ms) if self.compact else self.segment_ms

    @property
    def compression_level(self) -> int | None:
        """The level that belongs to ``compression_type``; None where the type has none."""
        level: int | None = getattr(self, f"compression_{self.compression_type}_level", None)
        return level

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogConfig) and self.values == other.values

    def __hash__(self) -> int:
        return hash(tuple((name, value_text(value)) for name, value in sorted(self.values.items())))

    def __repr__(self) -> str:
        changed = (
            f"{name}={value_text(value)}" for name, value in self.values.items() if value != default_values()[name]
        )
        return f"<LogConfig {' '.join(changed) or 'defaults'}>"


@cache
def default_values() -> Mapping[str, Any]:
    """Kafka's default of every topic key, typed."""
    return {key.name: key.default for key in topic_keys().values() if key.is_declared}


def _typed(name: str, value: object) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return topic_keys()[name].parse_type(value)
    except InvalidValue as error:
        raise ApiError(INVALID_CONFIG, str(error)) from None
