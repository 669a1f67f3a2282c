"""The JSON files of ``kafka-reassign-partitions``: which replicas partitions shall have, and which topics to move."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.named_tuple import NamedTuple

ANY_LOG_DIR: Final = "any"
_VERSION: Final = 1


class Replica(NamedTuple):
    """One partition on one broker; its text is Kafka's."""

    broker_id: int
    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}-{self.broker_id}"


class Plan(NamedTuple):
    """``partitions`` in the order of the file, with what may be there twice; ``log_dirs`` where one is named."""

    partitions: list[tuple[TopicPartition, list[int]]]
    log_dirs: dict[Replica, str]


def read_plan(path: str) -> Plan:
    """Raises ClientError."""
    plan = Plan([], {})
    for entry in _entries(path, "partitions"):
        try:
            where = (str(entry["topic"]), int(entry["partition"]))
            replicas = [int(broker) for broker in entry["replicas"]]
            log_dirs = [str(each) for each in entry.get("log_dirs") or [ANY_LOG_DIR] * len(replicas)]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ClientError(f"{path}: {json.dumps(entry)} needs topic, partition and replicas") from None
        if len(replicas) != len(log_dirs):
            raise ClientError(
                f"Size of replicas list {replicas} is different from size of log dirs list [{', '.join(log_dirs)}] for "
                f"partition {named(where)}"
            )
        plan.partitions.append((where, replicas))
        for broker_id, log_dir in zip(replicas, log_dirs, strict=True):
            if log_dir != ANY_LOG_DIR:
                plan.log_dirs[Replica(broker_id, *where)] = log_dir
    return plan


def check_plan(plan: Plan) -> None:
    """Whether it can be executed. Raises ClientError."""
    if not plan.partitions:
        raise ClientError("Partition reassignment list cannot be empty")
    if not all(replicas for _, replicas in plan.partitions):
        raise ClientError("Partition replica list cannot be empty")
    twice = _duplicates([where for where, _ in plan.partitions])
    if twice:
        raise ClientError(f"Partition reassignment contains duplicate topic partitions: {','.join(map(named, twice))}")
    bad = [(where, _duplicates(replicas)) for where, replicas in plan.partitions]
    sentences = [f"{named(where)} contains multiple entries for {commas(brokers)}" for where, brokers in bad if brokers]
    if sentences:
        raise ClientError(f"Partition replica lists may not contain duplicate entries: {'. '.join(sentences)}")


def read_topics(path: str) -> list[str]:
    """Raises ClientError."""
    try:
        topics = [str(entry["topic"]) for entry in _entries(path, "topics")]
    except (KeyError, TypeError):
        raise ClientError(f'{path}: a topic to move has the form {{"topic": NAME}}') from None
    twice = _duplicates(topics)
    if twice:
        raise ClientError(f"List of topics to reassign contains duplicate entries: [{', '.join(twice)}]")
    return topics


def read_brokers(text: str) -> list[int]:
    """``0,1,2``. Raises ClientError."""
    try:
        brokers = [int(part) for part in text.split(",")]
    except ValueError:
        raise ClientError(f"--broker-list {text}: brokers are numbers with commas between them") from None
    twice = _duplicates(brokers)
    if twice:
        raise ClientError(f"Broker list contains duplicate entries: {twice}")
    return brokers


def plan_text(partitions: Mapping[TopicPartition, Sequence[int]], log_dirs: Mapping[Replica, str]) -> str:
    """The file for these assignments, on one line."""
    entries = [
        {
            "topic": topic,
            "partition": index,
            "replicas": list(replicas),
            "log_dirs": [log_dirs.get(Replica(broker, topic, index), ANY_LOG_DIR) for broker in replicas],
        }
        for (topic, index), replicas in sorted(partitions.items())
    ]
    return json.dumps({"version": _VERSION, "partitions": entries}, separators=(",", ":"), ensure_ascii=False)


def named(partition: TopicPartition) -> str:
    return f"{partition[0]}-{partition[1]}"


def commas(brokers: Iterable[int]) -> str:
    return ",".join(map(str, brokers))


def _entries(path: str, name: str) -> list[Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ClientError(f"The input string is not a valid JSON: {path}: {error}") from error
    if not isinstance(document, dict):
        raise ClientError(f"{path} is no JSON object")
    if document.get("version", _VERSION) != _VERSION:
        raise ClientError(f"Not supported version field value {document['version']}")
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise ClientError(f"{path}: {name} is no list")
    return entries


def _duplicates(values: Sequence[Any]) -> list[Any]:
    return [value for value in dict.fromkeys(values) if values.count(value) > 1]
