"""``kafka-features``: show the features of a cluster, and change their levels (FeatureCommand)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from minikafka.cli.cluster.controller_options import CONNECTION, RULES, controllers_of
from minikafka.cli.cluster.feature_levels import (
    METADATA_VERSION,
    default_levels,
    dependency_lines,
    level_of_release,
    level_text,
    mapping_lines,
)
from minikafka.cli.toolkit.options import Options, Tool, flag, integer, string
from minikafka.cli.toolkit.subcommands import Subcommand, all_values, run_subcommand
from minikafka.client.admin.features import (
    SAFE_DOWNGRADE,
    UNSAFE_DOWNGRADE,
    UPGRADE,
    describe_features,
    update_features,
)
from minikafka.client.errors import ClientError

_TOOL: Final = Tool("kafka-features", "This tool manages feature flags in Kafka.", CONNECTION)
_RELEASE: Final = string(
    "release-version", "RELEASE_VERSION", "A release, whose levels all features get: 3.9-IV0, 4.0."
)
_METADATA: Final = string("metadata", "METADATA", "As --release-version, for the metadata version alone; deprecated.")
_FEATURE: Final = string("feature", "FEATURE", "A feature and its level: metadata.version=21; any number of times.")
_UNSAFE: Final = flag("unsafe", "Also where metadata is lost by it.")
_DRY_RUN: Final = flag("dry-run", "Only see whether it can be done.")
_SHORT: Final = range(-(1 << 15), 1 << 15)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_subcommand(_TOOL, RULES, _COMMANDS, arguments)


def _describe(options: Options) -> int:
    node_id = options.number("node-id")
    if node_id is not None and node_id < 0:
        raise ClientError(f"Invalid node id {node_id}: must be non-negative.")
    with controllers_of(options) as controllers:
        found = describe_features(controllers, node_id)
    epoch = "-" if found.epoch is None else found.epoch
    for name, *levels in found.features:
        lowest, highest, finalized = (level_text(name, level) for level in levels)
        print(
            f"Feature: {name}\tSupportedMinVersion: {lowest}\tSupportedMaxVersion: {highest}\t"
            f"FinalizedVersionLevel: {finalized}\tEpoch: {epoch}"
        )
    return 0


def _upgrade(options: Options) -> int:
    return _update(options, "upgrade", _wanted_levels(options, is_upgrade=True), UPGRADE)


def _downgrade(options: Options) -> int:
    return _update(options, "downgrade", _wanted_levels(options, is_upgrade=False), _downgrade_type(options))


def _disable(options: Options) -> int:
    levels: dict[str, int] = {}
    for feature in all_values(options, "feature"):
        _set_once(levels, feature, 0)
    return _update(options, "disable", levels, _downgrade_type(options))


def _downgrade_type(options: Options) -> int:
    return UNSAFE_DOWNGRADE if options.has("unsafe") else SAFE_DOWNGRADE


def _wanted_levels(options: Options, *, is_upgrade: bool) -> dict[str, int]:
    metadata, release = options.value("metadata"), options.value("release-version")
    features = all_values(options, "feature")
    levels: dict[str, int] = {}
    if release is not None:
        if metadata is not None or features:
            raise ClientError("Can not specify `release-version` with other feature flags.")
        levels[METADATA_VERSION] = level_of_release(release)
        defaults = default_levels(levels[METADATA_VERSION])
        levels.update({feature: level for feature, level in defaults.items() if level > 0 or not is_upgrade})
    if metadata is not None:
        print(" `metadata` flag is deprecated and may be removed in a future release.")
        levels[METADATA_VERSION] = level_of_release(metadata)
    for text in features:
        _set_once(levels, *_name_and_level(text))
    return levels


def _set_once(levels: dict[str, int], feature: str, level: int) -> None:
    if feature in levels:
        raise ClientError(f"Feature {feature} was specified more than once.")
    levels[feature] = level


def _name_and_level(text: str) -> tuple[str, int]:
    name, equals, number = text.partition("=")
    if not equals:
        raise ClientError(f"Can't parse feature=level string {text}: equals sign not found.")
    try:
        level = int(number)
    except ValueError:
        level = _SHORT.stop
    if level not in _SHORT:
        raise ClientError(f"Can't parse feature=level string {text}: unable to parse {number.strip()} as a short.")
    return name.strip(), level


def _update(options: Options, verb: str, levels: dict[str, int], upgrade_type: int) -> int:
    if not levels:
        raise ClientError(f"You must specify at least one feature to {verb}")
    is_dry_run = options.has("dry-run")
    with controllers_of(options) as controllers:
        outcomes = update_features(controllers, levels, upgrade_type, validate_only=is_dry_run)
    failures = 0
    for feature, error in sorted(outcomes.items()):
        to = "" if verb == "disable" else f" to {levels[feature]}"
        if error is None:
            print(f"{feature} {'can be' if is_dry_run else 'was'} {verb}d{to}.")
        else:
            print(f"{'Can' if is_dry_run else 'Could'} not {verb} {feature}{to}. {error}")
            failures += 1
    if failures:
        raise ClientError(f"{failures} out of {len(levels)} operation(s) failed.")
    return 0


def _version_mapping(options: Options) -> int:
    print("\n".join(mapping_lines(options.value("release-version"))))
    return 0


def _feature_dependencies(options: Options) -> int:
    for text in all_values(options, "feature"):
        print("\n".join(dependency_lines(*_name_and_level(text))))
    return 0


_COMMANDS: Final = {
    "describe": Subcommand(
        "Describes the current active feature flags.",
        (integer("node-id", "NODE_ID", "The node to ask; any when it is left out."),),
        _describe,
    ),
    "upgrade": Subcommand("Upgrade one or more feature flags.", (_METADATA, _RELEASE, _FEATURE, _DRY_RUN), _upgrade),
    "downgrade": Subcommand(
        "Downgrade one or more feature flags.", (_METADATA, _RELEASE, _FEATURE, _UNSAFE, _DRY_RUN), _downgrade
    ),
    "disable": Subcommand(
        "Disable one or more feature flags. This is the same as downgrading the version to zero.",
        (string("feature", "FEATURE", "A feature; any number of times."), _UNSAFE, _DRY_RUN),
        _disable,
    ),
    "version-mapping": Subcommand(
        "Look up the corresponding features for a given metadata version.",
        (string("release-version", "RELEASE_VERSION", "The release; 4.2-IV1 when it is left out."),),
        _version_mapping,
    ),
    "feature-dependencies": Subcommand(
        "Look up dependencies for a given feature version.", (_FEATURE,), _feature_dependencies, required=("feature",)
    ),
}


if __name__ == "__main__":
    sys.exit(main())
