"""Reads what a consumer says in its JoinGroup metadata (``ConsumerProtocolSubscription``)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from minikafka.errors import ProtocolError

_logger = logging.getLogger(__name__)


def subscribed_topics_of(metadata: Iterable[bytes]) -> frozenset[str] | None:
    """The topics of all subscriptions together; None when one of them cannot be read.

    Each is an int16 version and a body. Version 0 is a prefix of all later ones, so every body is read as that: the
    broker stays independent of what newer clients add (Kafka: ``ClassicGroup.computeSubscribedTopics``).
    """
    from minikafka.protocol.messages import ConsumerProtocolSubscription

    topics: set[str] = set()
    try:
        for one in metadata:
            if len(one) < 2:
                raise ProtocolError(f"subscription of {len(one)} bytes has no version")
            topics.update(ConsumerProtocolSubscription.decode_from(one, 2, 0)[0].topics)
    except ProtocolError as error:
        # Assignors may use the protocol type "consumer" with metadata of their own: that is legal, and no news.
        _logger.debug(
            "Cannot read the topics of a consumer's subscription, so the group counts as reading all: %s", error
        )
        return None
    return frozenset(topics)
