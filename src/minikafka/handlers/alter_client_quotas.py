"""AlterClientQuotas (key 49), versions 0-1: set or remove quotas of users, clients and addresses (KIP-546).

Quotas are stored and described; nothing is slowed down by them yet. Source: Kafka's ClientQuotaControlManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller import client_quota_control
from minikafka.controller.client_quota_control import QuotaAlteration
from minikafka.controller.topic_control import Outcome
from minikafka.pending import Pending
from minikafka.protocol.messages import AlterClientQuotasRequest, AlterClientQuotasResponse
from minikafka.state.client_quotas import Entity

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.errors import ApiError
    from minikafka.handlers.context import RequestContext

_Entry = AlterClientQuotasRequest.EntryData


def handle(ctx: RequestContext, request: AlterClientQuotasRequest) -> Pending[AlterClientQuotasResponse]:
    alterations = [
        QuotaAlteration(
            _entity(entry), [(operation.key, None if operation.remove else operation.value) for operation in entry.ops]
        )
        for entry in request.entries
    ]
    outcomes: dict[Entity, Outcome] = {}

    def prepare() -> list[VersionedRecord]:
        decided, records = client_quota_control.decide(ctx.broker.image, alterations)
        outcomes.update(decided)
        return [] if request.validate_only else records

    answer: Pending[AlterClientQuotasResponse] = Pending()

    def altered(error: ApiError | None) -> None:
        for entity, outcome in outcomes.items():
            if error is not None and outcome.error == errors.NONE:
                outcomes[entity] = Outcome(error.code, error.message)
        answer.complete(AlterClientQuotasResponse(entries=[_result(*item) for item in outcomes.items()]))

    ctx.broker.controller.write(["client quotas"], prepare).on_complete(altered)
    return answer


def error_response(request: AlterClientQuotasRequest, code: int) -> AlterClientQuotasResponse:
    """The answer when the request fails as a whole."""
    outcome = Outcome(code, errors.message_of(code))
    return AlterClientQuotasResponse(
        entries=[_result(frozenset(_entity(entry).items()), outcome) for entry in request.entries]
    )


def _entity(entry: _Entry) -> dict[str, str | None]:
    return {part.entity_type: part.entity_name for part in entry.entity}


def _result(entity: Entity, outcome: Outcome) -> AlterClientQuotasResponse.EntryData:
    return AlterClientQuotasResponse.EntryData(
        error_code=outcome.error,
        error_message=outcome.message,
        entity=[
            AlterClientQuotasResponse.EntityData(entity_type=entity_type, entity_name=name)
            for entity_type, name in entity
        ],
    )
