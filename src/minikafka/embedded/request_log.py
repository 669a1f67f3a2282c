"""``Broker.requests``: the last requests of a broker with their answers."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

from minikafka.embedded.kept_request import KeptRequest
from minikafka.errors import name_of
from minikafka.faults import names
from minikafka.faults.selection import Selection, ensure_filters
from minikafka.pending import Pending
from minikafka.protocol.structs import Struct
from minikafka.state.fetch_sessions import size_of_records

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from minikafka.faults.calls import Call
    from minikafka.faults.control import Api, Filters

_WITH_RECORDS = ("Fetch", "ShareFetch")
_MAX_KEPT_BYTES = 32 << 20
_MAX_RECORDS_BYTES = 1 << 20
_POLL_INTERVAL_S = 0.002
NOT_KEPT = "no requests are kept: say Broker(requests_kept=1000), or broker.requests.keep(1000) before they come"


class Requests(ABC):
    """The requests that a broker was sent, but for what the program asks by ``Broker`` itself."""

    @abstractmethod
    def begin(self) -> None:
        """The broker has started."""

    def keep(self, size: int = 1000) -> None:
        """Keep the last ``size`` requests from now on; 0: none. What is kept already stays, as far as there is room."""
        if not isinstance(size, int) or size < 0:
            raise ValueError(f"how many requests are kept is a number of 0 or more, not {size!r}")
        self._keep(size)

    @abstractmethod
    def _keep(self, size: int) -> None: ...

    @abstractmethod
    def where(
        self, api: Api = names.ALL, *, error: str | int | None = None, **filters: Unpack[Filters]
    ) -> list[KeptRequest]:
        """The requests that these filters select, the oldest first.

        :param error: only those whose answer has this error.
        :param filters: as for faults: topic, partition, client_id, group, transactional_id, when.
        :raises RuntimeError: no requests are kept. ValueError: as for faults.
        """

    @abstractmethod
    def lines(self) -> list[str]:
        """A line for each, the oldest first."""

    @abstractmethod
    def clear(self) -> None:
        """Forget what was kept so far."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __iter__(self) -> Iterator[KeptRequest]: ...

    def count(self, api: Api = names.ALL, *, error: str | int | None = None, **filters: Unpack[Filters]) -> int:
        """How many there are. As ``where``."""
        return len(self.where(api, error=error, **filters))

    def wait_for(
        self,
        api: Api = names.ALL,
        count: int = 1,
        *,
        error: str | int | None = None,
        timeout_s: float = 10.0,
        **filters: Unpack[Filters],
    ) -> list[KeptRequest]:
        """Wait until there are so many; returns them. Otherwise as ``where``.

        :raises TimeoutError: with the requests there were instead.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            found = self.where(api, error=error, **filters)
            if len(found) >= count:
                return found
            if time.monotonic() >= deadline:
                there = "\n".join(self.lines()) or "none"
                raise TimeoutError(
                    f"not within {timeout_s:g} s: {count} requests, only {len(found)} fit. There were:\n{there}"
                )
            time.sleep(_POLL_INTERVAL_S)


class RequestLog(Requests):
    """Those of a broker in this process.

    :param size: how many are kept; 0: none.
    :param on_change: called when that becomes 0, or another number than 0.
    """

    def __init__(self, size: int, on_change: Callable[[], None]) -> None:
        self._entries: deque[KeptRequest] = deque(maxlen=size)
        self._on_change = on_change
        self._kept_bytes = 0
        self._started_s = time.monotonic()

    @property
    def size(self) -> int:
        """How many are kept at most."""
        return self._entries.maxlen or 0

    def begin(self) -> None:
        """Nothing has to be done: they are kept here, whichever node there is."""

    def _keep(self, size: int) -> None:
        self._entries = deque(self._entries, maxlen=size)
        self._kept_bytes = sum(entry.size_bytes for entry in self._entries)
        self._on_change()

    def where(
        self, api: Api = names.ALL, *, error: str | int | None = None, **filters: Unpack[Filters]
    ) -> list[KeptRequest]:
        self._ensure_kept()
        ensure_filters(filters)
        selection = Selection(api, **filters)
        found = [entry for entry in list(self._entries) if entry.fits(selection)]
        if error is None:
            return found
        name = name_of(names.error_code(error))
        return [entry for entry in found if name in entry.errors]

    def lines(self) -> list[str]:
        return [str(entry) for entry in list(self._entries)]

    def clear(self) -> None:
        for entry in list(self._entries):
            entry.is_kept = False
        self._entries.clear()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[KeptRequest]:
        return iter(list(self._entries))

    # What the switchboard calls, on the event loop.

    def observe(self, call: Call, go_on: Callable[[Callable[[str], None]], Any]) -> Any:
        """See ``switchboard.Observer``."""
        entry = KeptRequest(call, time.monotonic() - self._started_s)
        try:
            outcome = go_on(entry.faults.append)
            if isinstance(outcome, Pending):
                return self._observed(outcome, entry)
            self._end(entry, outcome)
            return outcome
        except Exception as error:
            entry.end(None, _told(error))
            raise
        finally:
            # Only now: whoever waits for a request may go on when it is answered, or waits for the clock.
            self._add(entry)

    def _observed(self, pending: Pending[Any], entry: KeptRequest) -> Pending[Any]:
        """A promise for the connection that passes on what the handler's brings."""

        def gone() -> None:
            entry.end(None, "the client has gone")
            pending.cancel()

        passed_on: Pending[Any] = Pending(gone)

        def arrived(response: Any) -> None:
            before_bytes = entry.size_bytes
            self._end(entry, response)
            if entry.is_kept:
                self._kept_bytes += entry.size_bytes - before_bytes
            passed_on.complete(response)

        pending.on_complete(arrived)
        return passed_on

    def _add(self, entry: KeptRequest) -> None:
        entries = self._entries
        if not entries.maxlen:
            return
        entries_left = entries.maxlen - 1
        while entries and (len(entries) > entries_left or self._kept_bytes + entry.size_bytes > _MAX_KEPT_BYTES):
            oldest = entries.popleft()
            oldest.is_kept = False
            self._kept_bytes -= oldest.size_bytes
        entry.is_kept = True
        entries.append(entry)
        self._kept_bytes += entry.size_bytes

    def _end(self, entry: KeptRequest, response: Any) -> None:
        if response is None:
            entry.end(None, "no answer awaited")
        elif isinstance(response, Exception):
            entry.end(None, _told(response))
        elif not isinstance(response, Struct):
            entry.end(None, "garbled")
        elif entry.api in _WITH_RECORDS:
            kept, records_bytes = _without_files(response)
            entry.size_bytes += records_bytes
            entry.end(kept)
        else:
            entry.end(response)

    def _ensure_kept(self) -> None:
        if not self.size:
            raise RuntimeError(NOT_KEPT)


def _without_files(response: Any) -> tuple[Any, int]:
    """A fetched response as it may be kept, with its records read, and their bytes: it holds no file open."""
    kept = copy(response)
    left_bytes = _MAX_RECORDS_BYTES
    kept.responses = []
    for topic in response.responses:
        topic = copy(topic)
        topic.partitions = [copy(partition) for partition in topic.partitions]
        for partition in topic.partitions:
            partition.records, size_bytes = _read(partition.records, left_bytes)
            left_bytes -= size_bytes
        kept.responses.append(topic)
    return kept, _MAX_RECORDS_BYTES - left_bytes


def _read(records: Any, max_bytes: int) -> tuple[bytes | None, int]:
    if records is None:
        return None, 0
    size_bytes = size_of_records(records)
    if size_bytes > max_bytes:
        return None, 0
    return bytes(records.read() if hasattr(records, "read") else records), size_bytes


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
