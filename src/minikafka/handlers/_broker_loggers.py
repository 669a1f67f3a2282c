"""The broker's loggers and Kafka's names for their levels (KIP-412): what BROKER_LOGGER resources are about.

The loggers are this package's, by their Python names; ``root`` is the one above them all, ``minikafka``: a program that
holds a broker keeps its own loggers to itself. Levels last until the process ends, as in Kafka.
Source: Kafka's RuntimeLoggerManager.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Final

from minikafka.config.values import java_integer
from minikafka.controller.config_control import APPEND, DELETE, OPERATION_NAMES, SET, SUBTRACT, ConfigOperation
from minikafka.errors import INVALID_CONFIG, INVALID_REQUEST, UNKNOWN_SERVER_ERROR, ApiError

log = logging.getLogger(__name__)

ROOT: Final = "root"
_PACKAGE: Final = __name__.partition(".")[0]
_TRACE: Final = 5
_LEVELS: Final = {
    "DEBUG": logging.DEBUG,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "INFO": logging.INFO,
    "TRACE": _TRACE,
    "WARN": logging.WARNING,
}
"""Kafka's LogLevelConfig.VALID_LOG_LEVELS."""


def levels() -> Iterator[tuple[str, str]]:
    """Every logger that exists, by name, with the level that holds for it."""
    yield ROOT, _level_name(logging.getLogger(_PACKAGE))
    for name in sorted(logging.root.manager.loggerDict):
        if name.startswith(f"{_PACKAGE}."):
            yield name, _level_name(logging.getLogger(name))


def check(node_id: int, resource_name: str, operations: Iterable[ConfigOperation]) -> None:
    """Whether these levels can be set. Raises ApiError in Kafka's words."""
    broker_id = java_integer(resource_name)
    if broker_id is None:
        raise ApiError(INVALID_REQUEST, f"Node id must be an integer, but it is: {resource_name}")
    if broker_id != node_id:
        raise ApiError(INVALID_REQUEST, f"Unexpected node id. Expected {node_id}, but received {resource_name}")
    for name, operation, level in operations:
        _check_operation(name, operation, level)


def apply(operations: Iterable[ConfigOperation]) -> None:
    """Set levels that have been checked; without one a logger has its parent's again."""
    for name, operation, level in operations:
        logger = logging.getLogger(_PACKAGE if name == ROOT else name)
        logger.setLevel(logging.NOTSET if operation == DELETE or level is None else _LEVELS[level])
        log.warning("the log level of %s is %s now", name, _level_name(logger))


def _check_operation(name: str, operation: int, level: str | None) -> None:
    if operation in {APPEND, SUBTRACT}:
        raise ApiError(
            INVALID_REQUEST,
            f"{OPERATION_NAMES[operation]} operation is not allowed for the BROKER_LOGGER resource",
        )
    if operation not in {SET, DELETE}:
        raise ApiError(UNKNOWN_SERVER_ERROR)
    if all(name != known for known, _ in levels()):
        raise ApiError(INVALID_CONFIG, f"Logger {name} does not exist!")
    if operation == DELETE and name == ROOT:
        raise ApiError(INVALID_REQUEST, "Removing the log level of the root logger is not allowed")
    if operation == SET and level not in _LEVELS:
        raise ApiError(
            INVALID_CONFIG,
            f"Cannot set the log level of {name} to {level} as it is not a supported log level. Valid log levels are "
            + ", ".join(_LEVELS),
        )


def _level_name(logger: logging.Logger) -> str:
    """Kafka's name of the highest level that is not above the logger's."""
    effective = logger.getEffectiveLevel()
    below = [(number, name) for name, number in _LEVELS.items() if number <= effective]
    return max(below)[1] if below else "TRACE"
