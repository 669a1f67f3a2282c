"""Client quotas: what users, client ids and addresses may use (KIP-546)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import AlterClientQuotasRequest, DescribeClientQuotasRequest

USER: Final = "user"
CLIENT_ID: Final = "client-id"
IP: Final = "ip"

_EXACT: Final = 0
_DEFAULT: Final = 1
_ANY: Final = 2


class AnyName:
    """Stands for every name, in what is asked for."""


class QuotaEntity(NamedTuple):
    """``parts``: USER, CLIENT_ID or IP -> name; None is the default of that type."""

    parts: Mapping[str, str | None]
    quotas: Mapping[str, float]


def describe_quotas(cluster: Cluster, wanted: Mapping[str, str | type[AnyName] | None]) -> list[QuotaEntity]:
    """The entities that have exactly the types ``wanted``. Raises ApiError, ClientError."""
    request = DescribeClientQuotasRequest(
        components=[
            DescribeClientQuotasRequest.ComponentData(
                entity_type=kind,
                match_type=_ANY if name is AnyName else _DEFAULT if name is None else _EXACT,
                match=name if isinstance(name, str) else None,
            )
            for kind, name in wanted.items()
        ],
        strict=True,
    )
    answer = cluster.call(request)
    check(answer.error_code, answer.error_message)
    return [
        QuotaEntity(
            {part.entity_type: part.entity_name for part in entry.entity},
            {value.key: value.value for value in entry.values},
        )
        for entry in answer.entries or []
    ]


def alter_quotas(cluster: Cluster, entity: Mapping[str, str | None], changes: Mapping[str, float | None]) -> None:
    """Set quotas; None takes one away. Raises ApiError, ClientError."""
    entry = AlterClientQuotasRequest.EntryData(
        entity=[
            AlterClientQuotasRequest.EntityData(entity_type=kind, entity_name=name) for kind, name in entity.items()
        ],
        ops=[
            AlterClientQuotasRequest.OpData(key=key, value=value or 0.0, remove=value is None)
            for key, value in changes.items()
        ],
    )
    answer = cluster.call(AlterClientQuotasRequest(entries=[entry], validate_only=False))
    for result in answer.entries:
        check(result.error_code, result.error_message)
