"""Producer ids, handed out from blocks that the controller has written down (KIP-730).

An id is never given twice, also after a crash: a block is durable before its first id is used, and what is left of it
at a stop is lost. Source: Kafka's ``RPCProducerIdManager``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from minikafka.errors import ApiError
from minikafka.pending import Pending


class ProducerIds:
    """Gives out ids one by one; asks for the next block when one is wanted and none is left.

    :param allocate: asks the controller for a block: a Pending of ``(first id, number of ids)`` or of an ApiError.
    """

    def __init__(self, allocate: Callable[[], Pending[Any]]) -> None:
        self._allocate = allocate
        self._next = 0
        self._end = 0
        self._waiting: deque[Pending[int | ApiError]] = deque()

    def next_id(self) -> Pending[int | ApiError]:
        """The next id, at once while the block lasts; an ApiError when no further block can be written."""
        answer: Pending[int | ApiError] = Pending()
        self._waiting.append(answer)
        if len(self._waiting) == 1:
            self._serve()
        return answer

    def _serve(self) -> None:
        while self._waiting and self._next < self._end:
            if self._waiting.popleft().complete(self._next):
                self._next += 1
        if self._waiting:
            self._allocate().on_complete(self._take_block)

    def _take_block(self, block: tuple[int, int] | ApiError) -> None:
        if isinstance(block, ApiError):
            waiting, self._waiting = self._waiting, deque()
            for answer in waiting:
                answer.complete(block)
            return
        self._next, self._end = block[0], block[0] + block[1]
        self._serve()
