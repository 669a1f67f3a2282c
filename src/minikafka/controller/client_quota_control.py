"""Setting client quotas (Kafka: ClientQuotaControlManager; KIP-546, KIP-599, KIP-612)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from minikafka.controller.topic_control import Outcome
from minikafka.errors import INVALID_REQUEST, NONE, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.state.client_quotas import CLIENT_ID, IP, USER, Entity

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.state.metadata_image import MetadataImage

_USER_AND_CLIENT_KEYS: Final = {
    "consumer_byte_rate": "long",
    "controller_mutation_rate": "double",
    "producer_byte_rate": "long",
    "request_percentage": "double",
}
_IP_KEYS: Final = {"connection_creation_rate": "int"}
_LARGEST: Final = {"int": 2**31 - 1, "long": 2**63 - 1}
_ROUNDING: Final = 1e-6


class QuotaAlteration(NamedTuple):
    """For one entity (type -> name, None is the default of that type): (key, value) pairs, None removes the quota."""

    entity: Mapping[str, str | None]
    operations: Sequence[tuple[str, float | None]]


def decide(
    image: MetadataImage, alterations: Sequence[QuotaAlteration]
) -> tuple[dict[Entity, Outcome], list[VersionedRecord]]:
    """The outcome for each entity, and the records of those alterations that are not refused."""
    outcomes: dict[Entity, Outcome] = {}
    records: list[VersionedRecord] = []
    for alteration in alterations:
        entity: Entity = frozenset(alteration.entity.items())
        keys = [key for key, _ in alteration.operations]
        try:
            if entity in outcomes or len(keys) != len(set(keys)):
                raise _invalid(f"Ignoring duplicate entity ClientQuotaEntity(entries={_java_map(alteration.entity)})")
            records += _records(image, entity, alteration)
            outcomes[entity] = Outcome(NONE)
        except ApiError as error:
            outcomes[entity] = Outcome(error.code, error.message)
    return outcomes, records


def _records(image: MetadataImage, entity: Entity, alteration: QuotaAlteration) -> list[VersionedRecord]:
    from minikafka.protocol.messages import ClientQuotaRecord

    key_types = _key_types(alteration.entity)
    current = image.client_quotas.by_entity.get(entity, {})
    records: list[VersionedRecord] = []
    for key, value in alteration.operations:
        if value is None:
            changed = key in current
        else:
            _check_value(key_types, key, value)
            changed = current.get(key) != value
        if changed:
            parts = [
                ClientQuotaRecord.EntityData(entity_type=entity_type, entity_name=name)
                for entity_type, name in sorted(alteration.entity.items())
            ]
            record = ClientQuotaRecord(entity=parts, key=key, value=value or 0.0, remove=value is None)
            records.append((record, 0))
    return records


def _key_types(entity: Mapping[str, str | None]) -> Mapping[str, str]:
    """The keys that entities of this kind can have, with their types. Raises ApiError(INVALID_REQUEST)."""
    if not entity:
        raise _invalid("Invalid empty client quota entity")
    for entity_type, name in entity.items():
        if entity_type not in {USER, CLIENT_ID, IP}:
            raise _invalid(f"Unhandled client quota entity type: {entity_type}")
        if name is not None and not name:
            raise _invalid(f"Empty {entity_type} not supported")
    if IP not in entity:
        return _USER_AND_CLIENT_KEYS
    if len(entity) > 1:
        raise _invalid("Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId")
    address = entity[IP]
    if address is not None and not _is_address(address):
        raise _invalid(f"{address} is not a valid IP or resolvable host.")
    return _IP_KEYS


def _check_value(key_types: Mapping[str, str], key: str, value: float) -> None:
    key_type = key_types.get(key)
    if key_type is None:
        raise _invalid(f"Invalid configuration key {key}")
    if value <= 0.0:
        raise _invalid(f"Quota {key} must be greater than 0")
    if key_type == "double":
        return
    if value > _LARGEST[key_type]:
        article = "an INT" if key_type == "int" else "a LONG"
        raise _invalid(f"Proposed value for {key} is too large for {article}.")
    if value % 1.0 > _ROUNDING:
        raise _invalid(f"{key} cannot be a fractional value.")


def _is_address(text: str) -> bool:
    """Host names are not looked up, which would make all other requests wait for a name server."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _java_map(entity: Mapping[str, str | None]) -> str:
    """As Java shows a map."""
    parts = (f"{entity_type}={'null' if name is None else name}" for entity_type, name in entity.items())
    return "{" + ", ".join(parts) + "}"


def _invalid(sentence: str) -> ApiError:
    return ApiError(INVALID_REQUEST, sentence)
