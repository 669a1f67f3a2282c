"""The znodes of Kafka's access control lists, as its authorizer of 2.x kept them (ZkAclStore).

A resource by its name is below ``/kafka-acl``, one by the beginning of its name below ``/kafka-acl-extended/prefixed``.
They are there where the broker has an authorizer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from minikafka.client.admin.acls import Acl
from minikafka.zookeeper.znodes import Content

ACLS = "/kafka-acl"
_PREFIXED = "/kafka-acl-extended/prefixed"
_CHANGES = ("/kafka-acl-changes", "/kafka-acl-extended-changes")
_RESOURCE_TYPES = {
    "TOPIC": "Topic",
    "GROUP": "Group",
    "CLUSTER": "Cluster",
    "TRANSACTIONAL_ID": "TransactionalId",
    "DELEGATION_TOKEN": "DelegationToken",
}
# What later releases brought would stop a reader of 2.x.
_OPERATIONS = (
    *("ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS"),
    *("ALTER_CONFIGS", "IDEMPOTENT_WRITE"),
)


def acl_znodes(acls: Iterable[Acl] | None) -> dict[str, Content]:
    """None: the broker has no authorizer."""
    if acls is None:
        return {}
    paths = [ACLS, "/kafka-acl-extended", _PREFIXED, *_CHANGES]
    paths += [f"{parent}/{kind}" for parent in (ACLS, _PREFIXED) for kind in _RESOURCE_TYPES.values()]
    entries: dict[str, list[dict[str, str]]] = {}
    for pattern, entry in acls:
        if pattern.resource_type in _RESOURCE_TYPES and entry.operation in _OPERATIONS:
            parent = _PREFIXED if pattern.pattern_type == "PREFIXED" else ACLS
            written = {
                "principal": entry.principal,
                "permissionType": _camel_case(entry.permission_type),
                "operation": _camel_case(entry.operation),
                "host": entry.host,
            }
            path = f"{parent}/{_RESOURCE_TYPES[pattern.resource_type]}/{pattern.name}"
            entries.setdefault(path, []).append(written)
    return dict.fromkeys(paths, Content(None)) | {
        path: Content(json.dumps({"version": 1, "acls": written}, separators=(",", ":")).encode())
        for path, written in entries.items()
    }


def _camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
