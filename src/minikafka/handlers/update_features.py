"""UpdateFeatures (key 57), versions 0-2: raise or lower finalized features (KIP-584, KIP-778).

Version 1 has kinds of downgrades and validate_only; from 2 on one error answers for all (KIP-1022).
Source: QuorumController.updateFeatures, FeatureControlManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.feature_control import SAFE_DOWNGRADE, UPGRADE, FeatureUpdate, feature_records
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import UpdateFeaturesRequest, UpdateFeaturesResponse

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.handlers.context import RequestContext

_FIRST_VERSION_WITH_KINDS = 1
_LAST_VERSION_WITH_RESULTS = 1


def handle(ctx: RequestContext, request: UpdateFeaturesRequest) -> Pending[UpdateFeaturesResponse]:
    updates = {
        update.feature: FeatureUpdate(update.max_version_level, _kind(ctx.api_version, update))
        for update in request.feature_updates
    }

    def prepare() -> list[VersionedRecord]:
        broker = ctx.broker
        records = feature_records(broker.image, broker.controller.config, broker.node_id, updates)
        return [] if request.validate_only else records

    answer: Pending[UpdateFeaturesResponse] = Pending()
    written = ctx.broker.controller.write(["features"], prepare)
    written.on_complete(lambda error: answer.complete(_response(ctx.api_version, list(updates), error)))
    return answer


def _kind(version: int, update: UpdateFeaturesRequest.FeatureUpdateKey) -> int:
    if version >= _FIRST_VERSION_WITH_KINDS:
        return update.upgrade_type
    return SAFE_DOWNGRADE if update.allow_downgrade else UPGRADE


def _response(version: int, names: list[str], error: ApiError | None) -> UpdateFeaturesResponse:
    if error is not None:
        return UpdateFeaturesResponse(
            error_code=error.code,
            error_message="The update failed for all features since the following feature had an error: "
            + error.message,
        )
    response = UpdateFeaturesResponse(error_message=None)
    if version <= _LAST_VERSION_WITH_RESULTS:
        response.results = [
            UpdateFeaturesResponse.UpdatableFeatureResult(feature=name, error_message=errors.message_of(errors.NONE))
            for name in names
        ]
    return response
