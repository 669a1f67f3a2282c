"""The groups of a cluster, which each broker knows of those it coordinates."""

from __future__ import annotations

from typing import NamedTuple

from minikafka.client.cluster import Cluster, check
from minikafka.protocol.messages import ListGroupsRequest


class ListedGroup(NamedTuple):
    """``state`` and ``group_type`` are "" where the broker is too old to tell."""

    group_id: str
    protocol_type: str
    state: str
    group_type: str


def list_groups(cluster: Cluster) -> list[ListedGroup]:
    """All groups by id. Raises ApiError, ClientError."""
    found = []
    for node_id in cluster.broker_ids():
        answer = cluster.broker(node_id).call(ListGroupsRequest())
        check(answer.error_code)
        found += [
            ListedGroup(group.group_id, group.protocol_type, group.group_state, group.group_type)
            for group in answer.groups
        ]
    return sorted(found)
