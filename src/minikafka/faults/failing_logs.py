"""Partitions that refuse: what handlers are given in place of the broker's logs, so that a partition fails where it
would if its log did, and the others are served."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.errors import ApiError
from minikafka.handlers._partitions import NO_EPOCH
from minikafka.handlers.context import Connection, Endpoint, Services

if TYPE_CHECKING:
    from minikafka.storage.partition_log import PartitionLog


class FailingServices(Services):
    """The services of a broker, but for the logs of some partitions.

    :param is_meant: whether a topic's partition refuses.
    """

    def __init__(
        self, services: Services, is_meant: Callable[[str, int], bool], code: int, message: str | None
    ) -> None:
        self._services = services
        self.partitions_led_elsewhere = services.partitions_led_elsewhere
        self.logs: Any = _Logs(services.logs, is_meant, code, message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)

    def advertised_endpoints(self, connection: Connection) -> list[Endpoint]:
        return self._services.advertised_endpoints(connection)


class _Logs:
    def __init__(self, logs: Any, is_meant: Callable[[str, int], bool], code: int, message: str | None) -> None:
        self._logs = logs
        self._is_meant = is_meant
        self._code = code
        self._message = message

    def get(self, topic: str, partition: int) -> Any:
        log = self._logs.get(topic, partition)
        if not self._is_meant(topic, partition):
            return log
        return _RefusingLog(log, self._code, self._message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logs, name)


class _RefusingLog:
    """Handlers ask every log first whether it has failed (``handlers._partitions.partition_log``)."""

    def __init__(self, log: PartitionLog | None, code: int, message: str | None) -> None:
        self._log = log
        self._code = code
        self._message = message

    @property
    def is_failed(self) -> bool:
        raise ApiError(self._code, self._message)

    @property
    def leader_epoch(self) -> int:
        """Told together with some errors."""
        return NO_EPOCH if self._log is None else self._log.leader_epoch
