"""From the options of ``kafka-acls`` to resources and what is allowed or denied on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from minikafka.cli.cluster.acl_options import OPERATION_NAMES, pattern_type
from minikafka.cli.toolkit.options import Options, UsageError
from minikafka.client.admin.acls import AclEntry, ResourcePattern
from minikafka.client.errors import ClientError

_CLUSTER: Final = ResourcePattern("CLUSTER", "kafka-cluster", "LITERAL")
_ANYWHERE: Final = "*"

# As AclEntry.supportedOperations has them; ALL goes with each.
_SUPPORTED: Final = {
    "TOPIC": ("READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
    "GROUP": ("READ", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
    "CLUSTER": (
        *("CREATE", "ALTER", "DESCRIBE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
        "IDEMPOTENT_WRITE",
    ),
    "TRANSACTIONAL_ID": ("WRITE", "DESCRIBE", "TWO_PHASE_COMMIT"),
    "DELEGATION_TOKEN": ("DESCRIBE",),
    "USER": ("CREATE_TOKENS", "DESCRIBE_TOKENS"),
}

Entries = dict[ResourcePattern, list[AclEntry]]


def resources(options: Options) -> list[ResourcePattern]:
    """The resources that are named. Raises UsageError."""
    kind = pattern_type(options)
    found = [ResourcePattern("TOPIC", name.strip(), kind) for name in options.values("topic")]
    if kind == "LITERAL" and (options.has("cluster") or options.has("idempotent")):
        found.append(_CLUSTER)
    found += [ResourcePattern("GROUP", name.strip(), kind) for name in options.values("group")]
    found += [ResourcePattern("TRANSACTIONAL_ID", name, kind) for name in options.values("transactional-id")]
    found += [ResourcePattern("DELEGATION_TOKEN", name.strip(), kind) for name in options.values("delegation-token")]
    found += [ResourcePattern("USER", name.strip(), kind) for name in options.values("user-principal")]
    return list(dict.fromkeys(found))


def entries(options: Options) -> Entries:
    """Resource -> what is to be added to it or removed. Raises UsageError, ClientError."""
    found: Entries = {}
    is_producer, is_consumer = options.has("producer"), options.has("consumer")
    if not is_producer and not is_consumer:
        operations = [OPERATION_NAMES.get(name.strip().lower(), "UNKNOWN") for name in _operations(options)]
        _add(found, _needed(options), _entries(options, operations))
    if is_producer:
        _add(found, _of_type(options, "TOPIC"), _entries(options, ("WRITE", "DESCRIBE", "CREATE")))
        _add(found, _of_type(options, "TRANSACTIONAL_ID"), _entries(options, ("WRITE", "DESCRIBE")))
        if options.has("idempotent"):
            _add(found, [_CLUSTER], _entries(options, ("IDEMPOTENT_WRITE",)))
    if is_consumer:
        _add(found, _of_type(options, "TOPIC"), _entries(options, ("READ", "DESCRIBE")))
        _add(found, _of_type(options, "GROUP"), _entries(options, ("READ",)))
    _check_operations(found)
    return found


def principals(options: Options, name: str) -> list[str]:
    """The values of an option with principals. Raises ClientError."""
    found = [value.strip() for value in options.values(name)]
    for principal in found:
        if ":" not in principal:
            raise ClientError(f"expected a string in format principalType:principalName but got {principal}")
    return list(dict.fromkeys(found))


def _operations(options: Options) -> Sequence[str]:
    return options.values("operation") or [options.value("operation") or ""]


def _needed(options: Options) -> list[ResourcePattern]:
    found = resources(options)
    if not found:
        raise UsageError(
            "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or "
            "--delegation-token <Delegation Token ID>"
        )
    return found


def _of_type(options: Options, resource_type: str) -> list[ResourcePattern]:
    return [resource for resource in _needed(options) if resource.resource_type == resource_type]


def _add(found: Entries, to: Iterable[ResourcePattern], added: Sequence[AclEntry]) -> None:
    for resource in to:
        found[resource] = list(dict.fromkeys([*found.get(resource, []), *added]))


def _entries(options: Options, operations: Iterable[str]) -> list[AclEntry]:
    found = []
    for permission in ("ALLOW", "DENY"):
        who = principals(options, f"{permission.lower()}-principal")
        hosts = [host.strip() for host in options.values(f"{permission.lower()}-host")] or [_ANYWHERE]
        found += [
            AclEntry(principal, host, operation, permission)
            for principal in who
            for operation in operations
            for host in hosts
        ]
    return sorted(set(found))


def _check_operations(found: Entries) -> None:
    for resource, given in found.items():
        supported = (*_SUPPORTED[resource.resource_type], "ALL")
        if any(entry.operation not in supported for entry in given):
            raise UsageError(f"ResourceType {resource.resource_type} only supports operations [{', '.join(supported)}]")
