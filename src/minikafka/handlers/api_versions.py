"""ApiVersions (key 18), versions 0-4: what the broker serves, and the features that are finalized.

KIP-35; version 3 (KIP-511) has the client's name and version, KIP-584 the features. A version from the future is
answered in version 0 with UNSUPPORTED_VERSION and the versions of ApiVersions itself, so that the client can ask
again; the connection knows that rule. Version 3 leaves out supported features that begin at 0: clients of that time
take a 0 for malformed (KAFKA-17011).

Produce is announced from version 0 on, whatever is served: librdkafka takes its highest message format from it
(KAFKA-18659).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.handlers import API_TABLE, Api
from minikafka.protocol.messages import ApiVersionsRequest, ApiVersionsResponse
from minikafka.state.features import SUPPORTED

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.state.metadata_image import MetadataImage

_SELF = next(api for api in API_TABLE if api.name == "ApiVersions")
_FIRST_VERSION_WITH_CLIENT = 3
_FIRST_VERSION_WITH_ZERO_FEATURES = 4
_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?\Z")
"""ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN"""


def handle(ctx: RequestContext, request: ApiVersionsRequest) -> ApiVersionsResponse:
    version = ctx.api_version
    if not _SELF.min_version <= version <= _SELF.max_version:
        return ApiVersionsResponse(error_code=errors.UNSUPPORTED_VERSION, api_keys=[_api_key(_SELF)])
    if version >= _FIRST_VERSION_WITH_CLIENT:
        name, software_version = request.client_software_name, request.client_software_version
        if _SOFTWARE.match(name) is None or _SOFTWARE.match(software_version) is None:
            return ApiVersionsResponse(error_code=errors.INVALID_REQUEST)
        ctx.connection.client_software_name = name
        ctx.connection.client_software_version = software_version
    return _response(ctx.broker.image, version)


def _response(image: MetadataImage, version: int) -> ApiVersionsResponse:
    response = ApiVersionsResponse(api_keys=[_api_key(api) for api in API_TABLE])
    if version >= _FIRST_VERSION_WITH_CLIENT:
        response.supported_features = [
            ApiVersionsResponse.SupportedFeatureKey(name=name, min_version=low, max_version=high)
            for name, (low, high) in SUPPORTED.items()
            if low > 0 or version >= _FIRST_VERSION_WITH_ZERO_FEATURES
        ]
        response.finalized_features_epoch = image.offset
        response.finalized_features = [
            ApiVersionsResponse.FinalizedFeatureKey(name=name, max_version_level=level, min_version_level=level)
            for name, level in image.features.finalized().items()
        ]
    return response


def _api_key(api: Api) -> ApiVersionsResponse.ApiVersion:
    return ApiVersionsResponse.ApiVersion(api_key=api.key, min_version=api.min_version, max_version=api.max_version)
