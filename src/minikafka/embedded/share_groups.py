"""Share groups of an embedded broker (KIP-932): their members, and how many records are left to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.embedded.caller import check
from minikafka.protocol import messages

if TYPE_CHECKING:
    from minikafka.embedded.plain_types import Group
    from minikafka.protocol.messages import Message

    Ask = Callable[[Message, int, Callable[[Any], int]], Any]
    """Gives a coordinator's answer to a request in a version; told where in the answer the error code is."""

_KIND = "share"
_UNKNOWN = -1


def share_group(ask: Ask, group_id: str) -> Group:
    """Raises ApiError: there is none (GROUP_ID_NOT_FOUND)."""
    from minikafka.embedded.plain_types import Group, Member

    request = messages.ShareGroupDescribeRequest(group_ids=[group_id])
    [found] = ask(request, 1, lambda answer: answer.groups[0].error_code).groups
    check(found.error_code, found.error_message)
    members = [Member.described(member, None) for member in found.members]
    return Group(group_id, _KIND, found.group_state, members)


def share_lag(ask: Ask, group_id: str) -> dict[tuple[str, int], int | None]:
    """Topic and partition -> how many records are left, None where nothing was acknowledged yet. Raises ApiError."""
    of_all_topics = messages.DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup(
        group_id=group_id, topics=None
    )
    request = messages.DescribeShareGroupOffsetsRequest(groups=[of_all_topics])
    [found] = ask(request, 1, lambda answer: answer.groups[0].error_code).groups
    check(found.error_code, found.error_message)
    lags: dict[tuple[str, int], int | None] = {}
    for topic in found.topics:
        for partition in topic.partitions:
            check(partition.error_code, partition.error_message)
            lags[topic.topic_name, partition.partition_index] = None if partition.lag == _UNKNOWN else partition.lag
    return lags
