"""AlterConfigs (key 33), versions 0-2: replace all settings of a resource (KIP-133); deprecated by KIP-339.

Source: Kafka's ConfigAdminManager, ConfigurationControlManager.legacyAlterConfigs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.config_control import SET, ConfigAlteration, ConfigOperation
from minikafka.controller.topic_control import Outcome
from minikafka.handlers._config_changes import alter
from minikafka.pending import Pending
from minikafka.protocol.messages import AlterConfigsRequest, AlterConfigsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: AlterConfigsRequest) -> Pending[AlterConfigsResponse]:
    alterations = [
        ConfigAlteration(
            resource.resource_type,
            resource.resource_name,
            [ConfigOperation(config.name, SET, config.value) for config in resource.configs],
            replaces=True,
        )
        for resource in request.resources
    ]
    answer: Pending[AlterConfigsResponse] = Pending()
    altered = alter(ctx.broker, alterations, validate_only=request.validate_only)
    altered.on_complete(lambda outcomes: answer.complete(_response(request, outcomes)))
    return answer


def error_response(request: AlterConfigsRequest, code: int) -> AlterConfigsResponse:
    """The answer when the request fails as a whole."""
    return _response(request, [Outcome(code, errors.message_of(code))] * len(request.resources))


def _response(request: AlterConfigsRequest, outcomes: list[Outcome]) -> AlterConfigsResponse:
    return AlterConfigsResponse(
        responses=[
            AlterConfigsResponse.AlterConfigsResourceResponse(
                error_code=outcome.error,
                error_message=outcome.message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource, outcome in zip(request.resources, outcomes, strict=True)
        ]
    )
