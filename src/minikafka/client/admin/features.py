"""The features of a cluster: which levels its nodes can have, and which one is in use (KIP-584)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from minikafka.client.controllers import Controllers
from minikafka.errors import NONE, UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import UpdateFeaturesRequest

UPGRADE: Final = 1
SAFE_DOWNGRADE: Final = 2
UNSAFE_DOWNGRADE: Final = 3

_VERSION_WITHOUT_RESULTS: Final = 2
_UNKNOWN_EPOCH: Final = -1


class Feature(NamedTuple):
    """``finalized_level`` is 0 where the feature is off."""

    name: str
    min_level: int
    max_level: int
    finalized_level: int


class ClusterFeatures(NamedTuple):
    """By name; ``epoch`` is of the finalized levels, None where the node does not tell."""

    features: list[Feature]
    epoch: int | None


def describe_features(controllers: Controllers, node_id: int | None = None) -> ClusterFeatures:
    """What a node, or any, tells in ApiVersions. Raises ApiError, ClientError."""
    connection = controllers.cluster.any_broker() if node_id is None else controllers.node(node_id)
    answer = connection.api_versions()
    finalized = {feature.name: feature.max_version_level for feature in answer.finalized_features}
    features = [
        Feature(each.name, each.min_version, each.max_version, finalized.get(each.name, 0))
        for each in sorted(answer.supported_features, key=lambda feature: feature.name)
    ]
    epoch = answer.finalized_features_epoch
    return ClusterFeatures(features, None if epoch == _UNKNOWN_EPOCH else epoch)


def update_features(
    controllers: Controllers, levels: Mapping[str, int], upgrade_type: int, *, validate_only: bool
) -> dict[str, ApiError | None]:
    """Feature -> why it has not the level wanted, None where it has. Raises ApiError, ClientError."""
    request = UpdateFeaturesRequest(
        feature_updates=[
            UpdateFeaturesRequest.FeatureUpdateKey(feature=feature, max_version_level=level)
            for feature, level in levels.items()
        ]
    )
    version = controllers.cluster.any_broker().highest_version(request)
    if version >= 1:
        request.validate_only = validate_only
        for update in request.feature_updates:
            update.upgrade_type = upgrade_type
    elif validate_only:
        raise ApiError(UNSUPPORTED_VERSION)
    else:
        for update in request.feature_updates:
            update.allow_downgrade = upgrade_type != UPGRADE
    answer = controllers.call(request, lambda response: [response.error_code])
    if answer.error_code != NONE:
        return dict.fromkeys(levels, ApiError(answer.error_code, answer.error_message))
    if version >= _VERSION_WITHOUT_RESULTS:
        return dict.fromkeys(levels)
    return {
        result.feature: None if result.error_code == NONE else ApiError(result.error_code, result.error_message)
        for result in answer.results
    }
