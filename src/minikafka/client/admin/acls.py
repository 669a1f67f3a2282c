"""Access control lists: describe, create and delete them (KIP-140, KIP-290)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from minikafka.client.cluster import check
from minikafka.client.controllers import Controllers
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

RESOURCE_TYPES: Final = ("UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER")
PATTERN_TYPES: Final = ("UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED")
OPERATIONS: Final = (
    *("UNKNOWN", "ANY", "ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION"),
    *("DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "CREATE_TOKENS", "DESCRIBE_TOKENS", "TWO_PHASE_COMMIT"),
)
PERMISSION_TYPES: Final = ("UNKNOWN", "ANY", "DENY", "ALLOW")
"""Each in the order of its numbers on the wire."""


class ResourcePattern(NamedTuple):
    """What entries are about, or a filter for it: then ``resource_type`` and ``pattern_type`` may be ANY, the name
    None for all, and the pattern type MATCH. Its text is Kafka's.
    """

    resource_type: str
    name: str | None
    pattern_type: str

    def __str__(self) -> str:
        name = "<any>" if self.name is None else self.name
        return f"ResourcePattern(resourceType={self.resource_type}, name={name}, patternType={self.pattern_type})"


class AclEntry(NamedTuple):
    """Its text is Kafka's."""

    principal: str
    host: str
    operation: str
    permission_type: str

    def __str__(self) -> str:
        return (
            f"(principal={self.principal}, host={self.host}, operation={self.operation}, "
            f"permissionType={self.permission_type})"
        )


class Acl(NamedTuple):
    """Its text is Kafka's."""

    pattern: ResourcePattern
    entry: AclEntry

    def __str__(self) -> str:
        return f"(pattern={self.pattern}, entry={self.entry})"


ANY_RESOURCE: Final = ResourcePattern("ANY", None, "ANY")


def describe_acls(controllers: Controllers, pattern: ResourcePattern) -> list[Acl]:
    """What matches, sorted. Raises ApiError (SECURITY_DISABLED where there is no authorizer), ClientError."""
    request = DescribeAclsRequest(
        resource_type_filter=RESOURCE_TYPES.index(pattern.resource_type),
        resource_name_filter=pattern.name,
        pattern_type_filter=PATTERN_TYPES.index(pattern.pattern_type),
        principal_filter=None,
        host_filter=None,
        operation=OPERATIONS.index("ANY"),
        permission_type=PERMISSION_TYPES.index("ANY"),
    )
    answer = controllers.call_any(request, lambda response: [response.error_code])
    check(answer.error_code, answer.error_message)
    return sorted(
        Acl(
            ResourcePattern(
                _name(RESOURCE_TYPES, resource.resource_type),
                resource.resource_name,
                _name(PATTERN_TYPES, resource.pattern_type),
            ),
            AclEntry(
                acl.principal,
                acl.host,
                _name(OPERATIONS, acl.operation),
                _name(PERMISSION_TYPES, acl.permission_type),
            ),
        )
        for resource in answer.resources
        for acl in resource.acls
    )


def create_acls(controllers: Controllers, acls: Iterable[Acl]) -> None:
    """Raises ApiError, ClientError."""
    request = CreateAclsRequest(
        creations=[
            CreateAclsRequest.AclCreation(
                resource_type=RESOURCE_TYPES.index(pattern.resource_type),
                resource_name=pattern.name or "",
                resource_pattern_type=PATTERN_TYPES.index(pattern.pattern_type),
                principal=entry.principal,
                host=entry.host,
                operation=OPERATIONS.index(entry.operation),
                permission_type=PERMISSION_TYPES.index(entry.permission_type),
            )
            for pattern, entry in acls
        ]
    )
    answer = controllers.call_any(request, lambda response: [result.error_code for result in response.results])
    for result in answer.results:
        check(result.error_code, result.error_message)


def delete_acls(controllers: Controllers, pattern: ResourcePattern, entries: Iterable[AclEntry]) -> None:
    """Delete these entries of what ``pattern`` matches; without any, all of them. Raises ApiError, ClientError."""
    wanted: Sequence[AclEntry | None] = list(entries) or [None]
    request = DeleteAclsRequest(
        filters=[
            DeleteAclsRequest.DeleteAclsFilter(
                resource_type_filter=RESOURCE_TYPES.index(pattern.resource_type),
                resource_name_filter=pattern.name,
                pattern_type_filter=PATTERN_TYPES.index(pattern.pattern_type),
                principal_filter=entry.principal if entry else None,
                host_filter=entry.host if entry else None,
                operation=OPERATIONS.index(entry.operation if entry else "ANY"),
                permission_type=PERMISSION_TYPES.index(entry.permission_type if entry else "ANY"),
            )
            for entry in wanted
        ]
    )
    answer = controllers.call_any(request, _deletion_errors)
    for result in answer.filter_results:
        check(result.error_code, result.error_message)
        for match in result.matching_acls:
            check(match.error_code, match.error_message)


def _deletion_errors(answer: Any) -> list[int]:
    return [result.error_code for result in answer.filter_results]


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]
