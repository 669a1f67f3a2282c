"""The groups of a cluster, which each broker knows of those it coordinates: list and delete them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.coordinator import GroupCoordinator, ask_when_loaded
from minikafka.errors import NONE, UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import DeleteGroupsRequest, ListGroupsRequest

CLASSIC: Final = "classic"
CONSUMER: Final = "consumer"
SHARE: Final = "share"
STREAMS: Final = "streams"

_FIRST_VERSION_WITH_STATES: Final = 4
_FIRST_VERSION_WITH_TYPES: Final = 5


class ListedGroup(NamedTuple):
    """``state`` and ``group_type`` are "" where the broker is too old to tell."""

    group_id: str
    protocol_type: str
    state: str
    group_type: str


def list_groups(cluster: Cluster, *, states: Collection[str] = (), types: Collection[str] = ()) -> list[ListedGroup]:
    """Groups by id; with ``states`` and ``types`` only these.

    :raises ApiError: a broker cannot tell, or not yet about states (Kafka 2.6) or types (3.8). ClientError.
    """
    found = []
    for node_id in cluster.broker_ids():
        connection = cluster.broker(node_id)
        request = ListGroupsRequest()
        version = connection.highest_version(request)
        if states and version < _FIRST_VERSION_WITH_STATES:
            raise ApiError(UNSUPPORTED_VERSION, _too_old(version, _FIRST_VERSION_WITH_STATES, "states"))
        if version >= _FIRST_VERSION_WITH_STATES:
            request.states_filter = sorted(states)
        if version >= _FIRST_VERSION_WITH_TYPES:
            request.types_filter = sorted(types)
        elif types:
            raise ApiError(UNSUPPORTED_VERSION, _too_old(version, _FIRST_VERSION_WITH_TYPES, "type"))
        answer = ask_when_loaded(connection, request, version)
        check(answer.error_code)
        found += [
            ListedGroup(group.group_id, group.protocol_type, group.group_state, group.group_type)
            for group in answer.groups
        ]
    return sorted(found)


def delete_groups(cluster: Cluster, group_ids: Iterable[str], *, timeout_s: float = 60.0) -> dict[str, ApiError | None]:
    """Group -> why it is still there, None where it is not. Raises ClientError."""
    outcomes: dict[str, ApiError | None] = {}
    for group_id in group_ids:
        request = DeleteGroupsRequest(groups_names=[group_id])
        try:
            answer = GroupCoordinator(cluster, group_id, timeout_s=timeout_s).call(
                request, lambda response: response.results[0].error_code
            )
            code = answer.results[0].error_code
            outcomes[group_id] = None if code == NONE else ApiError(code)
        except ApiError as error:
            outcomes[group_id] = error
    return outcomes


def _too_old(version: int, needed: int, what: str) -> str:
    return (
        f"The broker only supports ListGroups v{version}, but we need v{needed} or newer to request groups by {what}."
    )
