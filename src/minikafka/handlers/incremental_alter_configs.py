"""IncrementalAlterConfigs (key 44), versions 0-1: set, delete, append to and subtract from settings (KIP-339).

Source: Kafka's ConfigAdminManager, ConfigurationControlManager.incrementalAlterConfigs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.config_control import ConfigAlteration, ConfigOperation
from minikafka.controller.topic_control import Outcome
from minikafka.handlers._config_changes import alter
from minikafka.pending import Pending
from minikafka.protocol.messages import IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: IncrementalAlterConfigsRequest) -> Pending[IncrementalAlterConfigsResponse]:
    alterations = [
        ConfigAlteration(
            resource.resource_type,
            resource.resource_name,
            [ConfigOperation(config.name, config.config_operation, config.value) for config in resource.configs],
        )
        for resource in request.resources
    ]
    answer: Pending[IncrementalAlterConfigsResponse] = Pending()
    altered = alter(ctx.broker, alterations, validate_only=request.validate_only)
    altered.on_complete(lambda outcomes: answer.complete(_response(request, outcomes)))
    return answer


def error_response(request: IncrementalAlterConfigsRequest, code: int) -> IncrementalAlterConfigsResponse:
    """The answer when the request fails as a whole."""
    return _response(request, [Outcome(code, errors.message_of(code))] * len(request.resources))


def _response(request: IncrementalAlterConfigsRequest, outcomes: list[Outcome]) -> IncrementalAlterConfigsResponse:
    return IncrementalAlterConfigsResponse(
        responses=[
            IncrementalAlterConfigsResponse.AlterConfigsResourceResponse(
                error_code=outcome.error,
                error_message=outcome.message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource, outcome in zip(request.resources, outcomes, strict=True)
        ]
    )
