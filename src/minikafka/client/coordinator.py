"""The broker that coordinates a group or a transaction.

It is asked for, waited for while it loads, and looked for again when it has moved.
"""

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
from minikafka.protocol.messages import FindCoordinatorRequest

if TYPE_CHECKING:
    from minikafka.protocol.messages import Message

_MOVED: Final = frozenset({COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR})
_LOADING: Final = frozenset({COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE})
_PASSING: Final = _MOVED | {COORDINATOR_LOAD_IN_PROGRESS, REQUEST_TIMED_OUT}


class Coordinator:
    """:param timeout_s: for how long a coordinator that is not available is asked again."""

    _key_type: int

    def __init__(self, cluster: Cluster, key: str, *, timeout_s: float = 60.0) -> None:
        self.cluster = cluster
        self._key = key
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
        return self.cluster.broker(self.node_id())

    def node_id(self) -> int:
        """Which broker it is. Raises as ``call``."""
        if self._node_id is None:
            self._node_id = self._find()
        return self._node_id

    def _find(self) -> int:
        deadline = time.monotonic() + self._timeout_s
        while True:
            answer = self._asked()
            if not is_retriable(answer.error_code) or time.monotonic() >= deadline:
                break
            time.sleep(RETRY_BACKOFF_S)
        check(answer.error_code, answer.error_message)
        self.cluster.learn_broker(answer.node_id, answer.host, answer.port)
        node_id: int = answer.node_id
        return node_id

    def _asked(self) -> Any:
        connection = self.cluster.any_broker()
        request = FindCoordinatorRequest()
        version = connection.highest_version(request)
        if version >= 4:
            request.coordinator_keys = [self._key]
        else:
            request.key = self._key
        if version >= 1:
            request.key_type = self._key_type
        answer = connection.call(request, version)
        return answer.coordinators[0] if version >= 4 else answer


class GroupCoordinator(Coordinator):
    """The broker that knows a group."""

    _key_type = 0

    @property
    def group_id(self) -> str:
        return self._key


class TransactionCoordinator(Coordinator):
    """The broker that knows a transactional id."""

    _key_type = 1

    @property
    def transactional_id(self) -> str:
        return self._key


def ask_when_loaded(connection: Connection, request: Message, version: int, *, timeout_s: float = 30.0) -> Any:
    """What a broker knows of all that it coordinates; asked again while it loads that. Raises ClientError."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = connection.call(request, version)
        if answer.error_code not in _LOADING or time.monotonic() >= deadline:
            return answer
        time.sleep(RETRY_BACKOFF_S)
