"""DescribeClientQuotas (key 48), versions 0-1: the quotas of users, clients and addresses (KIP-546).

Quotas are stored and described; nothing is slowed down by them yet. Source: Kafka's ClientQuotasImage.describe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import DescribeClientQuotasRequest, DescribeClientQuotasResponse
from minikafka.state.client_quotas import CLIENT_ID, IP, USER, Entity

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_EXACT, _DEFAULT, _SPECIFIED = 0, 1, 2
_MATCH_NAMES = {_EXACT: "MATCH_TYPE_EXACT", _DEFAULT: "MATCH_TYPE_DEFAULT", _SPECIFIED: "MATCH_TYPE_SPECIFIED"}
_Component = DescribeClientQuotasRequest.ComponentData


class _Filter(NamedTuple):
    """``names``: entity type -> name, None is the default; ``types``: those of any name."""

    names: dict[str, str | None]
    types: set[str]

    def matches(self, entity: Entity, *, strict: bool) -> bool:
        parts = dict(entity)
        if strict and len(parts) != len(self.names) + len(self.types):
            return False
        return self.types <= parts.keys() and all(item in entity for item in self.names.items())


def handle(ctx: RequestContext, request: DescribeClientQuotasRequest) -> DescribeClientQuotasResponse:
    try:
        wanted = _filter(request.components)
    except ApiError as error:
        return DescribeClientQuotasResponse(error_code=error.code, error_message=error.message, entries=None)
    return DescribeClientQuotasResponse(
        entries=[
            _entry(entity, quotas)
            for entity, quotas in ctx.broker.image.client_quotas.by_entity.items()
            if wanted.matches(entity, strict=request.strict)
        ]
    )


def error_response(request: DescribeClientQuotasRequest, code: int) -> DescribeClientQuotasResponse:
    """The answer when the request fails."""
    return DescribeClientQuotasResponse(error_code=code, error_message=errors.message_of(code), entries=None)


def _filter(components: list[_Component]) -> _Filter:
    wanted = _Filter({}, set())
    for component in components:
        _check(component, wanted)
        if component.match_type == _SPECIFIED:
            wanted.types.add(component.entity_type)
        else:
            wanted.names[component.entity_type] = component.match
    asked = wanted.types | wanted.names.keys()
    if IP in asked and len(asked) > 1:
        raise _invalid(
            "Invalid entity filter component combination. IP filter component should not be used with user or "
            "clientId filter component."
        )
    return wanted


def _check(component: _Component, wanted: _Filter) -> None:
    entity_type, match_type, match = component.entity_type, component.match_type, component.match
    if not entity_type:
        raise _invalid("Invalid empty entity type.")
    if entity_type in wanted.names or entity_type in wanted.types:
        raise _invalid(f"Entity type {entity_type} cannot appear more than once in the filter.")
    if entity_type not in {USER, CLIENT_ID, IP}:
        raise ApiError(errors.UNSUPPORTED_VERSION, f"Unsupported entity type {entity_type}")
    if match_type not in _MATCH_NAMES:
        raise _invalid(f"Unknown match type {match_type}")
    if match_type == _EXACT and match is None:
        raise _invalid("Request specified MATCH_TYPE_EXACT, but set match string to null.")
    if match_type != _EXACT and match is not None:
        raise _invalid(f"Request specified {_MATCH_NAMES[match_type]}, but also specified a match string.")


def _entry(entity: Entity, quotas: dict[str, float]) -> DescribeClientQuotasResponse.EntryData:
    return DescribeClientQuotasResponse.EntryData(
        entity=[
            DescribeClientQuotasResponse.EntityData(entity_type=entity_type, entity_name=name)
            for entity_type, name in entity
        ],
        values=[DescribeClientQuotasResponse.ValueData(key=key, value=value) for key, value in quotas.items()],
    )


def _invalid(sentence: str) -> ApiError:
    return ApiError(errors.INVALID_REQUEST, sentence)
