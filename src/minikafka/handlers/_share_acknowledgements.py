"""Acknowledgements of records that were acquired before, as ShareFetch and ShareAcknowledge bring them.

Source: Kafka's KafkaApis (validateAcknowledgementBatches, handleAcknowledgements).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.coordinator.gathering import gather, map_pending
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.handlers._share_partitions import PartitionKey, code_of_partition, topic_name
from minikafka.sharing.acknowledgement import GAP, REJECT, RENEW, AcknowledgementBatch

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ShareAcknowledgeRequest, ShareFetchRequest
    from minikafka.sharing.share_sessions import SessionKey

Outcomes = dict[PartitionKey, Outcome]

_RENEW_SINCE_VERSION = 2


def acknowledge(
    ctx: RequestContext, session: SessionKey, request: ShareFetchRequest | ShareAcknowledgeRequest
) -> Outcomes | Pending[Outcomes]:
    """Take the acknowledgements of a request; what came of them for each partition it names.

    A partition without any is among the outcomes only where another has some, as in Kafka.
    """
    allows_renewal = ctx.api_version >= _RENEW_SINCE_VERSION
    outcomes: Outcomes = {}
    without: Outcomes = {}
    wanted: dict[PartitionKey, list[AcknowledgementBatch]] = {}
    for (topic_id, index), batches in _batches_of(request).items():
        key = (topic_id, index)
        topic = topic_name(ctx, topic_id)
        if topic is None:
            outcomes[key] = Outcome(errors.UNKNOWN_TOPIC_ID)
        elif not _are_valid(batches, allows_renewal, request.is_renew_ack):
            outcomes[key] = Outcome(errors.INVALID_REQUEST)
        elif (code := code_of_partition(ctx, topic, index)) != errors.NONE:
            outcomes[key] = Outcome(code)
        elif batches:
            wanted[key] = batches
        else:
            without[key] = Outcome()
    if not wanted:
        return outcomes
    taken = ctx.broker.share_partitions.acknowledge(session, wanted)
    return map_pending(
        gather(list(taken.values())),
        lambda values: {**without, **outcomes, **dict(zip(taken, values, strict=True))},
    )


def _batches_of(
    request: ShareFetchRequest | ShareAcknowledgeRequest,
) -> dict[PartitionKey, list[AcknowledgementBatch]]:
    """A partition that is named twice counts the first time, as in Kafka's collections."""
    found: dict[PartitionKey, list[AcknowledgementBatch]] = {}
    for topic in request.topics:
        for partition in topic.partitions:
            key = (topic.topic_id, partition.partition_index)
            if key not in found:
                found[key] = [
                    AcknowledgementBatch(batch.first_offset, batch.last_offset, batch.acknowledge_types)
                    for batch in partition.acknowledgement_batches
                ]
    return found


def _are_valid(batches: Sequence[AcknowledgementBatch], allows_renewal: bool, is_renewal: bool) -> bool:
    """Whether batches are in order, and their types those that the version and the request allow."""
    highest = RENEW if allows_renewal else REJECT
    last_offset = -1
    for batch in batches:
        types = batch.types
        if not types or not last_offset <= batch.first_offset <= batch.last_offset:
            return False
        if len(types) > 1 and len(types) != batch.last_offset - batch.first_offset + 1:
            return False
        if any(not GAP <= each <= highest for each in types) or (RENEW in types and not is_renewal):
            return False
        last_offset = batch.last_offset
    return True
