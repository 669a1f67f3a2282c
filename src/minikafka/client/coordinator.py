"""The broker that coordinates a group: asked for, waited for while it loads, looked for again when it has moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from minikafka.client.cluster import RETRY_BACKOFF_S, Cluster, check
from minikafka.client.connection import Connection
from minikafka.client.errors import BrokerUnreachable
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    COORDINATOR_NOT_AVAILABLE,
    NOT_COORDINATOR,
    REQUEST_TIMED_OUT,
    is_retriable,
)
from minikafka.protocol.messages import FindCoordinatorRequest, OffsetFetchRequest

if TYPE_CHECKING:
    from minikafka.protocol.messages import Message

_MOVED: Final = frozenset({COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR})
_PASSING: Final = _MOVED | {COORDINATOR_LOAD_IN_PROGRESS, REQUEST_TIMED_OUT}


class GroupCoordinator:
    """:param timeout_s: for how long a coordinator that is not available is asked again."""

    def __init__(self, cluster: Cluster, group_id: str, *, timeout_s: float = 60.0) -> None:
        self.group_id = group_id
        self._cluster = cluster
        self._timeout_s = timeout_s
        self._node_id: int | None = None

    def call(
        self, request: Message, error_code: Callable[[Any], int], *, max_version: int = 32767, once: bool = False
    ) -> Any:
        """Ask the coordinator, again where ``error_code`` of its answer will pass.

        :param max_version: the highest version to ask in. ``once``: whatever the answer is.
        :raises ApiError: there is none, and that will not pass. ClientError.
        """
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                connection = self.connection()
                answer = connection.call(request, min(connection.highest_version(request), max_version))
            except BrokerUnreachable:
                self._node_id = None
                if once or time.monotonic() >= deadline:
                    raise
            else:
                code = error_code(answer)
                if code in _MOVED:
                    self._node_id = None
                if once or code not in _PASSING or time.monotonic() >= deadline:
                    return answer
            time.sleep(RETRY_BACKOFF_S)

    def version(self, request: Message) -> int:
        """The version in which ``call`` sends ``request``. Raises as ``call``."""
        return self.connection().highest_version(request)

    def connection(self) -> Connection:
        """A connection to the coordinator. Raises as ``call``."""
        if self._node_id is None:
            self._node_id = self._find()
        return self._cluster.broker(self._node_id)

    def _find(self) -> int:
        deadline = time.monotonic() + self._timeout_s
        while True:
            answer = self._asked()
            if not is_retriable(answer.error_code) or time.monotonic() >= deadline:
                break
            time.sleep(RETRY_BACKOFF_S)
        check(answer.error_code, answer.error_message)
        self._cluster.learn_broker(answer.node_id, answer.host, answer.port)
        node_id: int = answer.node_id
        return node_id

    def _asked(self) -> Any:
        connection = self._cluster.any_broker()
        request = FindCoordinatorRequest()
        version = connection.highest_version(request)
        if version >= 4:
            request.coordinator_keys = [self.group_id]
        else:
            request.key = self.group_id
        answer = connection.call(request, version)
        return answer.coordinators[0] if version >= 4 else answer


def committed_offsets(
    coordinator: GroupCoordinator, partitions: dict[str, list[int]] | None, *, require_stable: bool = False
) -> dict[tuple[str, int], int]:
    """Partition -> the group's committed offset; partitions without one are not there. None: of all partitions.

    Raises ApiError, ClientError.
    """
    request = OffsetFetchRequest()
    # Version 10 names topics by id only.
    version = min(coordinator.version(request), 9)
    if version >= 8:
        group_request = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=coordinator.group_id, topics=None)
        if partitions is not None:
            group_request.topics = [
                OffsetFetchRequest.OffsetFetchRequestTopics(name=topic, partition_indexes=indexes)
                for topic, indexes in partitions.items()
            ]
        request.groups = [group_request]
    else:
        request.group_id = coordinator.group_id
        request.topics = None
        if partitions is not None:
            request.topics = [
                OffsetFetchRequest.OffsetFetchRequestTopic(name=topic, partition_indexes=indexes)
                for topic, indexes in partitions.items()
            ]
    if version >= 7:
        request.require_stable = require_stable
    answer = coordinator.call(request, lambda response: _found(response, version).error_code, max_version=version)
    found = _found(answer, version)
    check(found.error_code)
    offsets = {}
    for topic in found.topics:
        for part in topic.partitions:
            check(part.error_code)
            if part.committed_offset >= 0:
                offsets[topic.name, part.partition_index] = part.committed_offset
    return offsets


def _found(answer: Any, version: int) -> Any:
    return answer.groups[0] if version >= 8 else answer
