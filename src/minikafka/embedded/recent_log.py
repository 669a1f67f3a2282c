"""The last lines that brokers logged, whatever the program does with its logging."""

from __future__ import annotations

import logging
from collections import deque


class RecentLog(logging.Handler):
    """Keeps the last ``size`` lines of the logger ``minikafka``, from INFO on, until ``close``. What handlers above it
    are given stays as it was."""

    def __init__(self, size: int) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._lines: deque[str] = deque(maxlen=size)
        self._logger = logging.getLogger("minikafka")
        self._level_before = self._logger.level
        self._propagated_before = self._logger.propagate
        self._wanted_above = self._logger.getEffectiveLevel()
        self._logger.setLevel(min(logging.INFO, self._wanted_above))
        self._logger.propagate = False
        self._logger.addHandler(self)

    @property
    def lines(self) -> list[str]:
        """Oldest first."""
        return list(self._lines)

    def clear(self) -> None:
        self._lines.clear()

    def handle(self, record: logging.LogRecord) -> bool:
        if self._propagated_before and record.levelno >= self._wanted_above:
            logging.getLogger().callHandlers(record)
        return bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    def close(self) -> None:
        """Leave the logger as it was found."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level_before)
        self._logger.propagate = self._propagated_before
        super().close()
