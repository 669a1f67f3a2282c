"""ListConfigResources (key 74), versions 0-1: which resources there are that can have settings (KIP-1142).

Version 0 was ListClientMetricsResources (KIP-714) and knows nothing else. Topics and brokers are listed whether they
have settings or not, groups and subscriptions where they have. Source: KafkaApis.handleListConfigResources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.protocol.messages import ListConfigResourcesRequest, ListConfigResourcesResponse
from minikafka.state.configurations import BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.state.metadata_image import MetadataImage

_FIRST_VERSION_WITH_TYPES = 1
_LISTED = (TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP)


def handle(ctx: RequestContext, request: ListConfigResourcesRequest) -> ListConfigResourcesResponse:
    wanted = request.resource_types if ctx.api_version >= _FIRST_VERSION_WITH_TYPES else [CLIENT_METRICS]
    if any(resource_type not in _LISTED for resource_type in wanted):
        raise ApiError(errors.UNSUPPORTED_VERSION)
    return ListConfigResourcesResponse(
        config_resources=[
            ListConfigResourcesResponse.ConfigResource(resource_name=name, resource_type=resource_type)
            for resource_type in _LISTED
            if not wanted or resource_type in wanted
            for name in _names(ctx.broker.image, resource_type)
        ]
    )


def _names(image: MetadataImage, resource_type: int) -> list[str]:
    if resource_type == TOPIC:
        return list(image.topics_by_name)
    if resource_type in {BROKER, BROKER_LOGGER}:
        return [str(broker.broker_id) for broker in image.cluster.brokers.values() if not broker.fenced]
    return [name for configured_type, name in image.configs if configured_type == resource_type]
