"""Client quotas of the metadata image (Kafka: ClientQuotasImage)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from minikafka.protocol.messages import ClientQuotaRecord

USER: Final = "user"
CLIENT_ID: Final = "client-id"
IP: Final = "ip"
"""Kafka's ClientQuotaEntity: the types of entities."""

Entity = frozenset[tuple[str, "str | None"]]
"""(entity type, name) pairs; the name None is the default of that type."""


class ClientQuotasImage:
    """``by_entity``: entity -> quota key -> value."""

    def __init__(self) -> None:
        self.by_entity: dict[Entity, dict[str, float]] = {}

    def replay(self, record: ClientQuotaRecord) -> None:
        entity = frozenset((part.entity_type, part.entity_name) for part in record.entity)
        if not record.remove:
            self.by_entity.setdefault(entity, {})[record.key] = record.value
            return
        quotas = self.by_entity.get(entity)
        if quotas is not None:
            quotas.pop(record.key, None)
            if not quotas:
                del self.by_entity[entity]

    def records(self) -> Iterator[tuple[Any, int]]:
        from minikafka.protocol.messages import ClientQuotaRecord

        for entity, quotas in self.by_entity.items():
            parts = [
                ClientQuotaRecord.EntityData(entity_type=entity_type, entity_name=name)
                for entity_type, name in sorted(entity, key=lambda part: part[0])
            ]
            for key, value in quotas.items():
                yield ClientQuotaRecord(entity=parts, key=key, value=value, remove=False), 0
