"""Access control entries of the metadata image (Kafka: AclsImage, StandardAcl)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.protocol.messages import AccessControlEntryRecord, RemoveAccessControlEntryRecord


class StandardAcl(NamedTuple):
    """One entry, in the numbers of Kafka's ResourceType, PatternType, AclOperation and AclPermissionType."""

    resource_type: int
    resource_name: str
    pattern_type: int
    principal: str
    host: str
    operation: int
    permission_type: int


class AclsImage:
    """``by_id``: 16-byte id -> entry."""

    def __init__(self) -> None:
        self.by_id: dict[bytes, StandardAcl] = {}

    def replay(self, record: AccessControlEntryRecord) -> None:
        self.by_id[record.id] = StandardAcl(
            record.resource_type,
            record.resource_name,
            record.pattern_type,
            record.principal,
            record.host,
            record.operation,
            record.permission_type,
        )

    def replay_remove(self, record: RemoveAccessControlEntryRecord) -> None:
        if self.by_id.pop(record.id, None) is None:
            raise CorruptLogError(f"the metadata log removes the unknown ACL {record.id.hex()}")

    def records(self) -> Iterator[tuple[Any, int]]:
        from minikafka.protocol.messages import AccessControlEntryRecord

        for acl_id, acl in self.by_id.items():
            yield AccessControlEntryRecord(id=acl_id, **acl._asdict()), 0
