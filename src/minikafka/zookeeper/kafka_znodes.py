"""Kafka's znodes: their paths, and the JSON in them, as the brokers of Kafka 2.4 wrote it (its ZkData).

What only a broker with ZooKeeper had is empty or has its first value: the controller epoch is 1, no change of settings
waits, no topic waits for its deletion. Credentials do not show: no broker tells their salts and keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, unquote

from minikafka.client.admin.quotas import CLIENT_ID, USER, QuotaEntity
from minikafka.zookeeper.cluster_state import BrokerState, PartitionState, Settings, Topology
from minikafka.zookeeper.messages import ALL
from minikafka.zookeeper.znodes import Content

TOPICS = "/brokers/topics"
BROKER_IDS = "/brokers/ids"
DELETE_TOPICS = "/admin/delete_topics"
CONFIG = "/config"
TOPIC_CONFIGS = "/config/topics"
CHANGES = "/config/changes"
CONTROLLER = "/controller"
DEFAULT_ENTITY = "<default>"
CONTROLLER_EPOCH = 1

_EMPTY = (
    "/admin",
    "/admin/delete_topics",
    "/brokers",
    "/brokers/ids",
    "/brokers/seqid",
    "/brokers/topics",
    "/cluster",
    "/config",
    "/config/brokers",
    "/config/changes",
    "/config/clients",
    "/config/topics",
    "/config/users",
    "/consumers",
    "/isr_change_notification",
    "/latest_producer_id_block",
    "/log_dir_event_notification",
)
_OF_ZOOKEEPER = ("/zookeeper", "/zookeeper/config", "/zookeeper/quota")
_WRITABLE = frozenset(
    {DELETE_TOPICS, TOPICS, TOPIC_CONFIGS, CHANGES, "/config/clients", "/config/users", "/consumers"}
)
# Ephemeral nodes belong to the session of their broker.
_FIRST_BROKER_SESSION = 0x1000_0000_0000_0000


def topology_znodes(topology: Topology, started_ms: int) -> dict[str, Content]:
    """All nodes but those of settings; ``started_ms`` stands for when the brokers came."""
    nodes = dict.fromkeys(_OF_ZOOKEEPER, Content(b""))
    nodes |= {path: Content(None, permissions=ALL) if path in _WRITABLE else Content(None) for path in _EMPTY}
    nodes["/controller_epoch"] = Content(b"%d" % CONTROLLER_EPOCH)
    if topology.cluster_id is not None:
        nodes["/cluster/id"] = Content(_json({"version": "1", "id": topology.cluster_id}))
    for broker in topology.brokers:
        content = Content(_broker(broker, started_ms), _FIRST_BROKER_SESSION + broker.node_id)
        nodes[f"{BROKER_IDS}/{broker.node_id}"] = content
    if topology.controller_id >= 0:
        controller = {"version": 1, "brokerid": topology.controller_id, "timestamp": str(started_ms)}
        nodes[CONTROLLER] = Content(_json(controller), _FIRST_BROKER_SESSION + topology.controller_id)
    for name, partitions in topology.topics.items():
        nodes |= _topic(f"{TOPICS}/{name}", partitions)
    return nodes


def settings_znodes(settings: Settings, topology: Topology) -> dict[str, Content]:
    """The nodes below /config."""
    nodes = {}
    for topic in topology.topics:
        nodes[f"{TOPIC_CONFIGS}/{topic}"] = Content(_config(settings.topics.get(topic, {})), permissions=ALL)
    for broker, configs in settings.brokers.items():
        nodes[f"/config/brokers/{broker or DEFAULT_ENTITY}"] = Content(_config(configs))
    for entity in settings.quotas:
        path = quota_path(entity.parts)
        if USER in entity.parts and CLIENT_ID in entity.parts:
            user = path.rpartition("/clients/")[0]
            nodes.setdefault(user, Content(_config({}), permissions=ALL))
            nodes[f"{user}/clients"] = Content(None, permissions=ALL)
        nodes[path] = Content(_config(_quotas(entity)), permissions=ALL)
    return nodes


def quota_path(parts: Mapping[str, str | None]) -> str:
    """Where the quotas of a user, a client, or both are."""
    words = [word for kind, word in ((USER, "users"), (CLIENT_ID, "clients")) if kind in parts]
    names = [parts[kind] for kind in (USER, CLIENT_ID) if kind in parts]
    return CONFIG + "".join(f"/{word}/{_sanitized(name)}" for word, name in zip(words, names, strict=True))


def quota_entity(path: str) -> dict[str, str | None] | None:
    """Whose quotas are at ``path``: USER and CLIENT_ID -> name, None for the default; None where no quotas are."""
    words = path.removeprefix(CONFIG + "/").split("/")
    if words[::2] not in (["users"], ["clients"], ["users", "clients"]) or len(words) % 2:
        return None
    kinds = {"users": USER, "clients": CLIENT_ID}
    return {
        kinds[kind]: None if name == DEFAULT_ENTITY else unquote(name)
        for kind, name in zip(words[::2], words[1::2], strict=True)
    }


def _topic(path: str, partitions: Mapping[int, PartitionState]) -> dict[str, Content]:
    replicas = {str(index): state.replicas for index, state in partitions.items()}
    document = {"version": 2, "partitions": replicas, "adding_replicas": {}, "removing_replicas": {}}
    nodes = {path: Content(_json(document), permissions=ALL), f"{path}/partitions": Content(None)}
    for index, state in partitions.items():
        nodes[f"{path}/partitions/{index}"] = Content(None)
        document = {
            "controller_epoch": CONTROLLER_EPOCH,
            "leader": state.leader,
            "version": 1,
            "leader_epoch": state.leader_epoch,
            "isr": state.isr,
        }
        nodes[f"{path}/partitions/{index}/state"] = Content(_json(document))
    return nodes


def _broker(broker: BrokerState, started_ms: int) -> bytes:
    host = f"[{broker.host}]" if ":" in broker.host else broker.host
    document = {
        "listener_security_protocol_map": {"PLAINTEXT": "PLAINTEXT"},
        "endpoints": [f"PLAINTEXT://{host}:{broker.port}"],
        "jmx_port": -1,
        "host": broker.host,
        "timestamp": str(started_ms),
        "port": broker.port,
        "version": 4,
    }
    if broker.rack is not None:
        document["rack"] = broker.rack
    return _json(document)


def _config(configs: Mapping[str, str]) -> bytes:
    return _json({"version": 1, "config": dict(configs)})


def _quotas(entity: QuotaEntity) -> dict[str, str]:
    return {key: str(int(value)) if value == int(value) else repr(value) for key, value in entity.quotas.items()}


def _sanitized(name: str | None) -> str:
    """As Kafka's Sanitizer writes a name into a path."""
    return DEFAULT_ENTITY if name is None else quote(name, safe="").replace("~", "%7E")


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
