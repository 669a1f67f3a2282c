"""Features and their levels in the releases of Kafka up to 4.2 (``MetadataVersion``, ``Feature``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from minikafka.client.errors import ClientError

METADATA_VERSION: Final = "metadata.version"
_MINIMUM: Final = 7
LATEST: Final = 29
"""The metadata version of Kafka 4.2."""

# From 7 on, one after the other; the last one is being made.
_METADATA_VERSIONS: Final = (
    *("3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2"),
    *("3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0"),
    *("4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0"),
)

# Feature -> its levels above 0 that a release turns on, behind the metadata version since which it does.
_DEFAULT_LEVELS: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "kraft.version": ((21, 1),),
    "transaction.version": ((24, 2),),
    "group.version": ((22, 1),),
    "eligible.leader.replicas.version": ((26, 1),),
    "share.version": ((28, 1),),
    "streams.version": ((29, 1),),
}
_HIGHEST: Final = {feature: levels[-1][1] for feature, levels in _DEFAULT_LEVELS.items()}
_DEPENDENCIES: Final[dict[tuple[str, int], dict[str, int]]] = {
    ("eligible.leader.replicas.version", 1): {METADATA_VERSION: 23}
}


def level_of_release(release: str, *, is_final: bool = False) -> int:
    """``3.9-IV0``, ``3.9`` and ``3.9.1`` -> 21. Raises ClientError, in Kafka's words.

    ``is_final``: one that is still being made does not count.
    """
    known = _METADATA_VERSIONS[: LATEST - _MINIMUM + 1] if is_final else _METADATA_VERSIONS
    if release in known:
        return _METADATA_VERSIONS.index(release) + _MINIMUM
    short = ".".join(release.split(".")[:2])
    levels = [level for level in range(_MINIMUM, LATEST + 1) if release_of_level(level).partition("-")[0] == short]
    if not levels:
        raise ClientError(f"Unknown metadata.version '{release}'. Supported metadata.version are: {', '.join(known)}")
    return levels[-1]


def release_of_level(level: int) -> str:
    """21 -> ``3.9-IV0``. Raises ClientError."""
    if not _MINIMUM <= level < _MINIMUM + len(_METADATA_VERSIONS):
        raise ClientError(f"Unknown metadata.version {level}")
    return _METADATA_VERSIONS[level - _MINIMUM]


def level_text(feature: str, level: int) -> str:
    """A level of the metadata version is told by its release."""
    if feature != METADATA_VERSION:
        return str(level)
    try:
        return release_of_level(level)
    except ClientError:
        return f"UNKNOWN {level}"


def default_levels(metadata_version: int) -> dict[str, int]:
    """Feature -> the level that a cluster of this metadata version is formatted with, 0 where it is off."""
    return {
        feature: max((level for since, level in levels if metadata_version >= since), default=0)
        for feature, levels in _DEFAULT_LEVELS.items()
    }


def dependencies(feature: str, level: int) -> Mapping[str, int]:
    """What a level needs of other features. Raises ClientError for a feature or a level that is not known."""
    if feature == METADATA_VERSION:
        release_of_level(level)
        return {}
    if feature not in _HIGHEST:
        raise ClientError(f"Unknown feature: {feature}")
    if not 0 <= level <= _HIGHEST[feature]:
        raise ClientError(f"No feature:{feature} with feature level {level}")
    return _DEPENDENCIES.get((feature, level), {})


def mapping_lines(release: str | None) -> list[str]:
    """The levels of all features in a release (None: the latest). Raises ClientError."""
    release = release or release_of_level(LATEST)
    level = level_of_release(release)
    return [
        f"{METADATA_VERSION}={level} ({release})",
        *(f"{feature}={default}" for feature, default in default_levels(level).items()),
    ]


def dependency_lines(feature: str, level: int) -> list[str]:
    """What a level needs of other features, in words. Raises ClientError."""
    needed = dependencies(feature, level)
    title = f"{_named_level(feature, level)} {'requires:' if needed else 'has no dependencies.'}"
    return [title, *(f"    {_named_level(*each)}" for each in needed.items())]


def _named_level(feature: str, level: int) -> str:
    return f"{feature}={level}" + (f" ({release_of_level(level)})" if feature == METADATA_VERSION else "")
