"""What a Kafka with ZooKeeper kept there and not in its log directories, as records of a metadata log.

Topics with their settings, dynamic settings of brokers, quotas, SCRAM credentials, ACLs, and how far producer ids have
been given out. Sources of the paths and of the JSON in them: ZkData, and ZkMigrationClient with the clients it has for
each of these, which do the same for a cluster that migrates (KIP-866).
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

from minikafka.config.tables import broker_keys
from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.state.client_quotas import CLIENT_ID, IP, USER
from minikafka.state.configurations import BROKER, CLUSTER_DEFAULT
from minikafka.state.scram import SCRAM_SHA_256, SCRAM_SHA_512

if TYPE_CHECKING:
    from minikafka.config.keys import ConfigKey
    from minikafka.controller.topic_control import VersionedRecord

_DEFAULT = "<default>"
_MECHANISMS: Final = {"SCRAM-SHA-256": SCRAM_SHA_256, "SCRAM-SHA-512": SCRAM_SHA_512}
_QUOTAS = (
    "producer_byte_rate",
    "consumer_byte_rate",
    "request_percentage",
    "controller_mutation_rate",
    "connection_creation_rate",
)
# The numbers of Kafka's ResourceType, PatternType, AclOperation and AclPermissionType.
_RESOURCE_TYPES: Final = {
    "Topic": 2,
    "Group": 3,
    "Cluster": 4,
    "TransactionalId": 5,
    "DelegationToken": 6,
    "User": 7,
}
_LITERAL, _PREFIXED = 3, 4
_OPERATIONS: Final = {
    "All": 2,
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Alter": 7,
    "Describe": 8,
    "ClusterAction": 9,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
    "IdempotentWrite": 12,
    "CreateTokens": 13,
    "DescribeTokens": 14,
}
_PERMISSIONS: Final = {"Deny": 2, "Allow": 3}


class ZNodes(Protocol):
    """Reads ZooKeeper."""

    def children(self, path: str) -> list[str]:
        """The names below ``path``; none when there is no such node."""
        ...

    def data(self, path: str) -> bytes | None:
        """None when there is no such node, or nothing in it."""
        ...


class ZooKeeperTopic(NamedTuple):
    """One topic; ``settings`` are its own."""

    partition_count: int
    settings: dict[str, str]


class ZooKeeperMetadata(NamedTuple):
    """What was found. ``counts`` are words like "2 ACLs"; ``left_out`` are sentences about what cannot be taken."""

    topics: dict[str, ZooKeeperTopic]
    records: list[VersionedRecord]
    next_producer_id: int
    counts: list[str]
    left_out: list[str]


def read_zookeeper(nodes: ZNodes, new_uuid: Callable[[], bytes]) -> ZooKeeperMetadata:
    """Raises StorageError for what cannot be understood, and what ``nodes`` raises."""
    return _Reader(nodes, new_uuid).read()


class _Reader:
    def __init__(self, nodes: ZNodes, new_uuid: Callable[[], bytes]) -> None:
        self._nodes = nodes
        self._new_uuid = new_uuid
        self._left_out: list[str] = []

    def read(self) -> ZooKeeperMetadata:
        topics = {name: self._topic(name) for name in sorted(self._nodes.children("/brokers/topics"))}
        if not topics and not self._nodes.children("/brokers"):
            raise StorageError("there is no Kafka below the path that was given: it has no /brokers")
        parts = {
            "settings of brokers": list(self._broker_settings()),
            "quotas": list(self._quotas()),
            "credentials": list(self._credentials()),
            "ACLs": list(self._acls()),
        }
        tokens = self._nodes.children("/delegation_token/tokens")
        if tokens:
            self._left_out.append(f"{len(tokens)} delegation tokens: their owners have to ask for new ones")
        return ZooKeeperMetadata(
            topics,
            [record for records in parts.values() for record in records],
            self._next_producer_id(),
            [f"{len(records)} {what}" for what, records in parts.items() if records],
            self._left_out,
        )

    def _json(self, path: str) -> dict[str, Any]:
        """Empty when there is nothing."""
        data = self._nodes.data(path)
        if not data:
            return {}
        try:
            found = json.loads(data)
        except ValueError:
            raise StorageError(f"ZooKeeper has {data[:80]!r} in {path}, which is not JSON") from None
        if not isinstance(found, dict):
            raise StorageError(f"ZooKeeper has {data[:80]!r} in {path}, which is not an object")
        return found

    def _settings(self, path: str) -> dict[str, str]:
        found = self._json(path).get("config", {})
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    def _topic(self, name: str) -> ZooKeeperTopic:
        partitions = self._json(f"/brokers/topics/{name}").get("partitions", {})
        count = max((int(index) for index in partitions), default=-1) + 1
        return ZooKeeperTopic(count, self._settings(f"/config/topics/{name}"))

    def _next_producer_id(self) -> int:
        return int(self._json("/latest_producer_id_block").get("block_end", -1)) + 1

    def _broker_settings(self) -> Iterator[VersionedRecord]:
        from minikafka.protocol.messages import ConfigRecord

        known = broker_keys()
        for name in self._nodes.children("/config/brokers"):
            resource = CLUSTER_DEFAULT if name == _DEFAULT else name
            for key, value in self._settings(f"/config/brokers/{name}").items():
                why_not = _why_not_taken(known.get(key))
                if why_not is not None:
                    self._left_out.append(f"the setting {key} of the broker {name}: {why_not}")
                else:
                    yield ConfigRecord(resource_type=BROKER, resource_name=resource, name=key, value=value), 0

    # --- users, clients, addresses

    def _entities(self) -> Iterator[tuple[str, dict[str, str | None], dict[str, str]]]:
        """(path, entity, settings); the name None is the default of its type."""
        for user in self._nodes.children("/config/users"):
            path = f"/config/users/{user}"
            yield path, {USER: _entity_name(user)}, self._settings(path)
            for client in self._nodes.children(f"{path}/clients"):
                below = f"{path}/clients/{client}"
                yield below, {USER: _entity_name(user), CLIENT_ID: _entity_name(client)}, self._settings(below)
        for kind, folder in ((CLIENT_ID, "/config/clients"), (IP, "/config/ips")):
            for name in self._nodes.children(folder):
                yield f"{folder}/{name}", {kind: _entity_name(name)}, self._settings(f"{folder}/{name}")

    def _quotas(self) -> Iterator[VersionedRecord]:
        from minikafka.protocol.messages import ClientQuotaRecord

        for _, entity, settings in self._entities():
            parts = [ClientQuotaRecord.EntityData(entity_type=kind, entity_name=name) for kind, name in entity.items()]
            for key in _QUOTAS:
                if key in settings:
                    yield ClientQuotaRecord(entity=parts, key=key, value=float(settings[key])), 0

    def _credentials(self) -> Iterator[VersionedRecord]:
        from minikafka.protocol.messages import UserScramCredentialRecord

        for path, entity, settings in self._entities():
            user = entity.get(USER)
            for name, mechanism in _MECHANISMS.items():
                if name in settings and user is not None and len(entity) == 1:
                    fields = dict(part.split("=", 1) for part in settings[name].split(",") if "=" in part)
                    try:
                        record = UserScramCredentialRecord(
                            name=user,
                            mechanism=mechanism,
                            salt=b64decode(fields["salt"]),
                            stored_key=b64decode(fields["stored_key"]),
                            server_key=b64decode(fields["server_key"]),
                            iterations=int(fields["iterations"]),
                        )
                    except (KeyError, ValueError):
                        raise StorageError(f"ZooKeeper has a {name} credential in {path} that is malformed") from None
                    yield record, 0

    # --- ACLs

    def _acls(self) -> Iterator[VersionedRecord]:
        for root, pattern_type in (("/kafka-acl", _LITERAL), ("/kafka-acl-extended/prefixed", _PREFIXED)):
            for resource_type in self._nodes.children(root):
                for name in self._nodes.children(f"{root}/{resource_type}"):
                    path = f"{root}/{resource_type}/{name}"
                    for entry in self._json(path).get("acls", []):
                        yield self._acl(path, resource_type, name, pattern_type, entry), 0

    def _acl(self, path: str, resource_type: str, name: str, pattern_type: int, entry: Mapping[str, str]) -> Any:
        from minikafka.protocol.messages import AccessControlEntryRecord

        try:
            return AccessControlEntryRecord(
                id=self._new_uuid(),
                resource_type=_RESOURCE_TYPES[resource_type],
                resource_name=name,
                pattern_type=pattern_type,
                principal=entry["principal"],
                host=entry["host"],
                operation=_OPERATIONS[entry["operation"]],
                permission_type=_PERMISSIONS[entry["permissionType"]],
            )
        except KeyError as unknown:
            raise StorageError(f"ZooKeeper has an ACL in {path} that cannot be understood: {unknown}") from None


def _why_not_taken(key: ConfigKey | None) -> str | None:
    if key is None:
        return "set it again where it is needed"
    if key.is_sensitive:
        return "it is encrypted for brokers with ZooKeeper"
    return None if key.last_version is None else f"Kafka has it until {key.last_version} only"


def _entity_name(name: str) -> str | None:
    """Kafka's Sanitizer writes names as in URLs."""
    return None if name == _DEFAULT else unquote(name)
