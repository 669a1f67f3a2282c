"""What Kafka's tools of 2.x write to znodes, as the requests to a broker that have the same effect.

A topic is created by two znodes, first its settings and then its partitions; the settings wait here until the
partitions come. Who marks a topic for deletion, or announces a change of settings, gets the answer that the znode was
created; the broker acts at once, and there is nothing left to keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from minikafka.client.admin.configs import DELETE, SET, TOPIC, Change, Resource, alter_configs
from minikafka.client.admin.quotas import alter_quotas
from minikafka.client.admin.topics import create_partitions, create_topic, delete_topics
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import (
    TOPIC_ALREADY_EXISTS,
    TOPIC_DELETION_DISABLED,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
)
from minikafka.zookeeper.errors import ZooKeeperError
from minikafka.zookeeper.kafka_znodes import CHANGES, DELETE_TOPICS, TOPIC_CONFIGS, TOPICS, quota_entity
from minikafka.zookeeper.messages import ALL, BAD_ARGUMENTS, NO_AUTH, NODE_EXISTS, OPERATION_TIMEOUT
from minikafka.zookeeper.znodes import Content, split


class KafkaWrites:
    """Translates writes; ``pending`` are the znodes that wait for others, and hold until the broker has them."""

    def __init__(self) -> None:
        self.pending: dict[str, Content] = {}
        self._changes = 0

    def create(self, cluster: Cluster, path: str, data: bytes | None, *, is_sequential: bool) -> str:
        """Create a znode that is not there, below one that is; returns its path. Raises ZooKeeperError."""
        parent, name = split(path)
        if parent == CHANGES and is_sequential:
            self._changes += 1
            return f"{path}{self._changes - 1:010}"
        if is_sequential:
            raise _refused(path)
        if parent == TOPIC_CONFIGS:
            _configs_in(path, data)
            self.pending[path] = Content(data, permissions=ALL)
        elif parent == TOPICS:
            self._create_topic(cluster, name, path, data)
        elif parent == DELETE_TOPICS:
            _delete_topic(cluster, name)
        elif quota_entity(path) is not None:
            _set_quotas(cluster, path, None, data)
            self.pending[path] = Content(data, permissions=ALL)
        elif name == "clients" and quota_entity(parent) is not None:
            self.pending[path] = Content(data, permissions=ALL)
        else:
            raise _refused(path)
        return path

    def set_data(self, cluster: Cluster, path: str, old: bytes | None, new: bytes | None) -> None:
        """Change what a znode that is there holds. Raises ZooKeeperError."""
        parent, name = split(path)
        if path in self.pending and parent == TOPIC_CONFIGS:
            _configs_in(path, new)
            self.pending[path] = Content(new, permissions=ALL)
        elif parent == TOPIC_CONFIGS:
            _set_configs(cluster, name, _configs_in(path, old), _configs_in(path, new))
        elif parent == TOPICS:
            _add_partitions(cluster, name, path, _partitions_in(path, old), _partitions_in(path, new))
        elif quota_entity(path) is not None:
            _set_quotas(cluster, path, old, new)
            # Without quotas the broker forgets whose they were; a znode stays.
            self.pending[path] = Content(new, permissions=ALL)
        else:
            raise _refused(path)

    def _create_topic(self, cluster: Cluster, name: str, path: str, data: bytes | None) -> None:
        config_path = f"{TOPIC_CONFIGS}/{name}"
        pending = self.pending.get(config_path)
        configs = {} if pending is None else _configs_in(config_path, pending.data)
        with _answered(path):
            create_topic(cluster, name, assignment=_partitions_in(path, data), configs=configs)


@contextmanager
def _answered(path: str) -> Iterator[None]:
    """Within, what a broker says against a request becomes the error of a znode."""
    try:
        yield
    except ApiError as error:
        code = NODE_EXISTS if error.code == TOPIC_ALREADY_EXISTS else BAD_ARGUMENTS
        raise ZooKeeperError(code, f"{path} was written, and the broker said: {error}") from error
    except ClientError as error:
        raise ZooKeeperError(OPERATION_TIMEOUT, f"{path} was written, and not passed on: {error}") from error


def _delete_topic(cluster: Cluster, name: str) -> None:
    with _answered(f"{DELETE_TOPICS}/{name}"):
        try:
            delete_topics(cluster, [name])
        except ApiError as error:
            # Kafka's controller takes the mark away again, and says nothing.
            if error.code not in (UNKNOWN_TOPIC_OR_PARTITION, TOPIC_DELETION_DISABLED):
                raise


def _set_configs(cluster: Cluster, topic: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    changes = [Change(key, SET, value) for key, value in new.items() if old.get(key) != value]
    changes += [Change(key, DELETE, None) for key in old if key not in new]
    if changes:
        with _answered(f"{TOPIC_CONFIGS}/{topic}"):
            alter_configs(cluster, Resource(TOPIC, topic), changes)


def _add_partitions(
    cluster: Cluster, topic: str, path: str, old: Mapping[int, list[int]], new: Mapping[int, list[int]]
) -> None:
    if any(new.get(partition) != replicas for partition, replicas in old.items()):
        raise ZooKeeperError(NO_AUTH, f"{path}: partitions are not moved by writing znodes")
    added = [new[partition] for partition in sorted(new.keys() - old.keys())]
    if added:
        with _answered(path):
            create_partitions(cluster, {topic: len(new)}, {topic: added})


def _set_quotas(cluster: Cluster, path: str, old: bytes | None, new: bytes | None) -> None:
    entity, before, after = quota_entity(path) or {}, _configs_in(path, old), _configs_in(path, new)
    try:
        changes: dict[str, float | None] = {
            key: float(value) for key, value in after.items() if before.get(key) != value
        }
    except ValueError:
        # Credentials: they come salted and hashed, and a broker takes them salted only.
        raise ZooKeeperError(NO_AUTH, f"{path}: credentials are set with kafka-configs --bootstrap-server") from None
    changes |= dict.fromkeys(before.keys() - after.keys())
    if changes:
        with _answered(path):
            alter_quotas(cluster, entity, changes)


def _configs_in(path: str, data: bytes | None) -> dict[str, str]:
    configs = _document(path, data).get("config", {})
    if not isinstance(configs, dict):
        raise _malformed(path, data)
    return {str(key): str(value) for key, value in configs.items()}


def _partitions_in(path: str, data: bytes | None) -> dict[int, list[int]]:
    partitions = _document(path, data).get("partitions")
    if not isinstance(partitions, dict):
        raise _malformed(path, data)
    try:
        return {int(partition): [int(broker) for broker in replicas] for partition, replicas in partitions.items()}
    except (TypeError, ValueError):
        raise _malformed(path, data) from None


def _document(path: str, data: bytes | None) -> dict[str, object]:
    if data is None:
        return {}
    try:
        document = json.loads(data)
    except ValueError:
        raise _malformed(path, data) from None
    if not isinstance(document, dict):
        raise _malformed(path, data)
    return document


def _malformed(path: str, data: bytes | None) -> ZooKeeperError:
    return ZooKeeperError(BAD_ARGUMENTS, f"{path}: {data!r} is not what Kafka keeps there")


def _refused(path: str) -> ZooKeeperError:
    return ZooKeeperError(NO_AUTH, f"{path} cannot be written: there is no ZooKeeper behind it")
