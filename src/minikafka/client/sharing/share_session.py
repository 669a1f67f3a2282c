"""A member's share session with one broker (KIP-932): which partitions it fetches there, and what it acknowledges.

The broker remembers the partitions; a request only names those that are new, and those that have acknowledgements.
The epoch counts the requests: 0 begins a session, -1 ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from minikafka.client.connection import Connection
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import (
    INVALID_SHARE_SESSION_EPOCH,
    NONE,
    SHARE_SESSION_LIMIT_REACHED,
    SHARE_SESSION_NOT_FOUND,
    ApiError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareFetchResponse,
)
from minikafka.protocol.primitives import ZERO_UUID

GAP: Final = 0
ACCEPT: Final = 1
RELEASE: Final = 2
REJECT: Final = 3

_FINAL_EPOCH: Final = -1
_MAX_EPOCH: Final = 2147483647
_LOST: Final = frozenset({SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH, SHARE_SESSION_LIMIT_REACHED})

Acknowledgements = dict[TopicPartition, dict[int, int]]
"""Partition -> offset -> one of the types above."""


class ShareFetchSettings(NamedTuple):
    """Kafka's consumer settings, in its units."""

    min_bytes: int = 1
    max_bytes: int = 50 * 1024 * 1024
    max_wait_ms: int = 500
    max_poll_records: int = 500


class ShareSession:
    def __init__(self, connection: Connection, group_id: str, member_id: str, leaders: Leaders) -> None:
        self.connection = connection
        self._group_id = group_id
        self._member_id = member_id
        self._leaders = leaders
        self._epoch = 0
        self._partitions: set[TopicPartition] = set()
        self._request: ShareFetchRequest | None = None
        self._version = 0

    def ask(
        self,
        partitions: Iterable[TopicPartition],
        acknowledgements: Acknowledgements,
        settings: ShareFetchSettings,
        max_wait_ms: int,
    ) -> None:
        """Send a fetch; ``answer`` is to be called next. Raises ApiError, ClientError."""
        wanted = set(partitions)
        if self._epoch == 0:
            # A new session knows of nothing that was acquired before.
            self._partitions, acknowledgements = set(), {}
        named = (wanted - self._partitions) | acknowledgements.keys()
        request = ShareFetchRequest(
            group_id=self._group_id,
            member_id=self._member_id,
            share_session_epoch=self._epoch,
            max_wait_ms=max_wait_ms,
            min_bytes=settings.min_bytes,
            max_bytes=settings.max_bytes,
            max_records=settings.max_poll_records,
            batch_size=settings.max_poll_records,
            topics=[
                ShareFetchRequest.FetchTopic(
                    topic_id=self._topic_id(topic),
                    partitions=[
                        ShareFetchRequest.FetchPartition(
                            partition_index=index,
                            acknowledgement_batches=[
                                ShareFetchRequest.AcknowledgementBatch(
                                    first_offset=first, last_offset=last, acknowledge_types=types
                                )
                                for first, last, types in acknowledgement_batches_of(
                                    acknowledgements.get((topic, index), {})
                                )
                            ],
                        )
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(sorted(named)).items()
            ],
            forgotten_topics_data=[
                ShareFetchRequest.ForgottenTopic(topic_id=self._topic_id(topic), partitions=indexes)
                for topic, indexes in by_topic(sorted(self._partitions - wanted)).items()
            ],
        )
        self._version = self.connection.highest_version(request)
        self._partitions = wanted
        self._request = request
        self.connection.send(self.connection.framed(request, self._version), f"ShareFetch v{self._version}")

    def answer(self) -> ShareFetchResponse | None:
        """What came; None when the session was lost: the next fetch begins another. Raises ApiError, ClientError."""
        assert self._request is not None, "nothing was asked"
        body = self.connection.receive(f"ShareFetch v{self._version}")
        response: ShareFetchResponse = self.connection.decoded(body, self._request, self._version)
        if response.error_code in _LOST:
            self._epoch = 0
            return None
        if response.error_code != NONE:
            raise ApiError(response.error_code, response.error_message)
        self._epoch = 1 if self._epoch == _MAX_EPOCH else self._epoch + 1
        return response

    def close(self, acknowledgements: Acknowledgements) -> None:
        """Acknowledge, and end the session: what was acquired and not acknowledged is free. Raises as ``answer``."""
        if self._epoch == 0:
            return
        request = ShareAcknowledgeRequest(
            group_id=self._group_id,
            member_id=self._member_id,
            share_session_epoch=_FINAL_EPOCH,
            topics=[
                ShareAcknowledgeRequest.AcknowledgeTopic(
                    topic_id=self._topic_id(topic),
                    partitions=[
                        ShareAcknowledgeRequest.AcknowledgePartition(
                            partition_index=index,
                            acknowledgement_batches=[
                                ShareAcknowledgeRequest.AcknowledgementBatch(
                                    first_offset=first, last_offset=last, acknowledge_types=types
                                )
                                for first, last, types in acknowledgement_batches_of(acknowledgements[topic, index])
                            ],
                        )
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(sorted(acknowledgements)).items()
            ],
        )
        self._epoch = 0
        response = self.connection.call(request)
        if response.error_code not in (NONE, *_LOST):
            raise ApiError(response.error_code, response.error_message)

    def _topic_id(self, topic: str) -> bytes:
        found = self._leaders.topic(topic)
        return ZERO_UUID if found is None else found.topic_id


def acknowledgement_batches_of(types: Mapping[int, int]) -> list[tuple[int, int, list[int]]]:
    """First and last offset of those that follow each other, and their types: one, when it is the same for all."""
    found: list[tuple[int, int, list[int]]] = []
    for offset in sorted(types):
        if found and found[-1][1] == offset - 1:
            first, _, before = found[-1]
            found[-1] = (first, offset, [*before, types[offset]])
        else:
            found.append((offset, offset, [types[offset]]))
    return [(first, last, given[:1] if len(set(given)) == 1 else given) for first, last, given in found]
