"""How fast moves between log directories may copy, all together (Kafka: ReplicationQuotaManager).

Kafka measures a rate over the last ten seconds, and stops fetching while it is above the bound. Here what was copied is
a debt that is paid off at the rate of the bound: the same on average, without bursts.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.clock import Clock

_LONGEST_WAIT_MS = 1_000
"""A bound that is changed takes effect within this time."""


class ReplicaQuota:
    """:param bytes_per_second: gives replica.alter.log.dirs.io.max.bytes.per.second as it is at the time."""

    def __init__(self, bytes_per_second: Callable[[], int], clock: Clock) -> None:
        self._bytes_per_second = bytes_per_second
        self._clock = clock
        self._owed_bytes = 0.0
        self._settled_ms = clock.monotonic_ms()

    @property
    def bytes_per_second(self) -> int:
        return self._bytes_per_second()

    def record(self, size_bytes: int) -> None:
        """So much has been copied."""
        self._settle()
        self._owed_bytes += size_bytes

    def wait_ms(self) -> int:
        """For how long nothing may be copied; then it is time to ask again. 0: go on."""
        self._settle()
        if not self.bytes_per_second:
            return _LONGEST_WAIT_MS
        return int(min(self._owed_bytes * 1_000 / self.bytes_per_second, _LONGEST_WAIT_MS))

    def _settle(self) -> None:
        now_ms = self._clock.monotonic_ms()
        paid_bytes = (now_ms - self._settled_ms) * self.bytes_per_second / 1_000
        self._owed_bytes = max(0.0, self._owed_bytes - paid_bytes)
        self._settled_ms = now_ms
