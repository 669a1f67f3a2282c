"""What all connections hold of requests that are not in work yet.

Kafka's network threads stop reading when the queue to the handlers is full (queued.max.requests) or its memory is used
up (queued.max.request.bytes). Here nothing queues for handlers; what waits, waits behind another request of its
connection. So the limits are about that: over them, a connection with a request in work is not read from.
"""

from __future__ import annotations


class HeldRequests:
    """Counts for one broker.

    :param max_requests: queued.max.requests.
    :param max_bytes: queued.max.request.bytes; negative for no limit.
    """

    __slots__ = ("_max_bytes", "_max_requests", "held_bytes", "requests")

    def __init__(self, max_requests: int = 500, max_bytes: int = -1) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self.requests = 0
        self.held_bytes = 0

    def change(self, requests: int, held_bytes: int) -> None:
        """A connection holds so much more, or less, than it did."""
        self.requests += requests
        self.held_bytes += held_bytes

    @property
    def is_full(self) -> bool:
        """Whether nothing should be read that would have to wait."""
        return self.requests >= self._max_requests or 0 <= self._max_bytes <= self.held_bytes
