"""Sending the steps of the scenario to a broker, and its answers as plain data that does not differ by chance."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from minikafka.client.connection import Connection
from minikafka.client.errors import BrokerUnreachable
from minikafka.protocol.messages import (
    AddRaftVoterRequest,
    AlterReplicaLogDirsRequest,
    DescribeLogDirsRequest,
    Message,
    RemoveRaftVoterRequest,
)
from minikafka.protocol.structs import Struct
from tests.admin.scenario import CLUSTER_ID, FIRST_DIRECTORY, SECOND_DIRECTORY, Step
from tests.support.polling import wait_until

Answers = dict[str, Any]

# What depends on the machine, the moment, or how far the metadata log has come.
CHANCE = frozenset(
    {
        "throttle_time_ms",
        "total_bytes",
        "usable_bytes",
        "leader_epoch",
        "high_watermark",
        "log_end_offset",
        "last_fetch_timestamp",
        "last_caught_up_timestamp",
        "replica_directory_id",
        "port",
        "topic_id",
    }
)
# Hash order in Kafka, which clients cannot rely on. The key says by what an element is known.
UNORDERED = {
    "responses": ("resource_type", "resource_name", "error_message"),
    "configs": ("name",),
    "config_resources": ("resource_type", "resource_name"),
    "results": ("resource_type", "resource_name", "user", "log_dir", "topic_name", "feature"),
    "partitions": ("partition_index",),
    "entries": (),
    "entity": ("entity_type",),
    "values": ("key",),
    "credential_infos": ("mechanism",),
    "topics": ("name", "topic_name"),
    "replica_election_results": ("topic",),
}


DIRECTORY_ID = "DIRECTORY-ID"
_VOTER = re.compile(r"(set of voters \[ReplicaKey\(id=1, directoryId=)[\w-]{22}")


class Place:
    """Where a broker is, and what stands for it in answers. It has two log directories."""

    def __init__(self, host: str, port: int, directories: tuple[str, str], more_ports: Iterable[int] = ()) -> None:
        self.host = host
        self.port = port
        self.directories = directories
        self.cluster_id = ""
        self._words = [
            (directories[1], SECOND_DIRECTORY),
            (directories[0], FIRST_DIRECTORY),
            *((f":{number}", ":PORT") for number in (port, *more_ports)),
        ]

    def neutral(self, text: str) -> str:
        for words, placeholder in self._words:
            text = text.replace(words, placeholder)
        text = _VOTER.sub(rf"\1{DIRECTORY_ID}", text)
        return text.replace(self.cluster_id, CLUSTER_ID) if self.cluster_id else text

    def addressed(self, request: Message) -> Message:
        """The request with the placeholders replaced by what this broker has."""
        if isinstance(request, AlterReplicaLogDirsRequest):
            request = copy.deepcopy(request)
            for directory in request.dirs:
                real = {FIRST_DIRECTORY: self.directories[0], SECOND_DIRECTORY: self.directories[1]}
                directory.path = real.get(directory.path, directory.path)
        if isinstance(request, (AddRaftVoterRequest, RemoveRaftVoterRequest)) and request.cluster_id == CLUSTER_ID:
            request = copy.deepcopy(request)
            request.cluster_id = self.cluster_id
        return request


def answers_of(place: Place, steps: Iterable[Step], settle: Callable[[], None] = lambda: None) -> Answers:
    """Every step's answers, by "NAME vVERSION", without what is at its default; each request goes over a connection of
    its own. ``settle`` is called after changes: Apache Kafka answers before they have taken effect."""
    answers: Answers = {}
    for step in steps:
        for version in step.versions:
            answers[f"{step.name} v{version}"] = _answer(place, step.request, version)
        if not type(step.request).__name__.startswith(("Describe", "List")):
            settle()
    return answers


def _answer(place: Place, request: Message, version: int) -> Any:
    with Connection(place.host, place.port, client_id="admin") as connection:
        try:
            answer = plain(connection.call(place.addressed(_fitting(request, version)), version), place)
        except BrokerUnreachable:
            return "the connection is closed"
        if isinstance(request, AlterReplicaLogDirsRequest):
            wait_until(lambda: _nothing_moves(connection), what="all partitions have moved")
        return answer


def _nothing_moves(connection: Connection) -> bool:
    response = connection.call(DescribeLogDirsRequest(topics=None))
    return not any(
        partition.is_future_key
        for result in response.results
        for topic in result.topics
        for partition in topic.partitions
    )


def _fitting(request: Message, version: int) -> Message:
    """Without the fields that the version lacks and that are not ignorable."""
    first_versions = {"include_synonyms": 1, "allow_replication_factor_change": 1}
    request = copy.deepcopy(request)
    for name, first in first_versions.items():
        if name in request.field_names and version < first:
            setattr(request, name, type(request)().__getattribute__(name))
    return request


def plain(value: Any, place: Place, name: str = "") -> Any:
    if isinstance(value, Struct):
        return {field: plain(getattr(value, field), place, field) for field in value.field_names if field not in CHANCE}
    if isinstance(value, list):
        elements = [plain(element, place) for element in value]
        keys = UNORDERED.get(name)
        return elements if keys is None or not elements else sorted(elements, key=lambda each: _known_by(each, keys))
    if isinstance(value, str):
        return place.neutral(value) if name != "documentation" else "TEXT"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _known_by(element: Any, keys: tuple[str, ...]) -> str:
    if not isinstance(element, dict) or not keys:
        return repr(element)
    return repr([element.get(key) for key in keys])
