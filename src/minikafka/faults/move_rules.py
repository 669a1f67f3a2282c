"""Leaders and coordinators that have moved, for clients that do not know it yet."""

from __future__ import annotations

from typing import Any

from minikafka.errors import NOT_COORDINATOR, NOT_LEADER_OR_FOLLOWER
from minikafka.faults import names, refusals
from minikafka.faults.calls import Call, GoOn
from minikafka.faults.rule import Rule
from minikafka.faults.selection import Selection

_TELLING_LEADERS = names.api_keys(("Metadata", "DescribeTopicPartitions"))
_ASKING_LEADERS = names.api_keys(
    ("Produce", "Fetch", "ListOffsets", "DeleteRecords", "OffsetForLeaderEpoch", "ShareFetch", "ShareAcknowledge")
)
_TELLING_COORDINATORS = names.api_keys("FindCoordinator")
_ASKING_GROUP_COORDINATOR = names.api_keys(
    (
        "AlterShareGroupOffsets",
        "ConsumerGroupDescribe",
        "ConsumerGroupHeartbeat",
        "DeleteGroups",
        "DeleteShareGroupOffsets",
        "DescribeGroups",
        "DescribeShareGroupOffsets",
        "Heartbeat",
        "JoinGroup",
        "LeaveGroup",
        "OffsetCommit",
        "OffsetDelete",
        "OffsetFetch",
        "ShareGroupDescribe",
        "ShareGroupHeartbeat",
        "SyncGroup",
        "TxnOffsetCommit",
    )
)
_ASKING_TRANSACTION_COORDINATOR = names.api_keys(
    ("AddOffsetsToTxn", "AddPartitionsToTxn", "DescribeTransactions", "EndTxn", "InitProducerId")
)


class _Moved(Rule):
    """A client id is sent away until it has asked where to go.

    :param telling: the APIs that tell it.
    """

    def __init__(self, selection: Selection, telling: frozenset[int]) -> None:
        super().__init__(selection)
        self._telling = telling
        self._knowing: set[tuple[str, str | None]] = set()

    def is_meant_for(self, call: Call) -> bool:
        client = call.connection.client_host, call.request.client_id
        if call.request.api_key not in self._telling:
            return client not in self._knowing and super().is_meant_for(call)
        if self.selection.fits(call.request, call.node.services.image, ()):
            self._knowing.add(client)
        return False


class LeaderMoved(_Moved):
    """NOT_LEADER_OR_FOLLOWER for who has not asked for the metadata of the topic since."""

    def __init__(self, topic: str, partition: int | None) -> None:
        super().__init__(
            Selection(_ASKING_LEADERS | _TELLING_LEADERS, topic=topic, partition=partition), _TELLING_LEADERS
        )

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return refusals.refuse(call, go_on, self.selection, NOT_LEADER_OR_FOLLOWER, None)

    def __str__(self) -> str:
        return f"the leader of topic {self.selection.topic!r} moved"


class CoordinatorMoved(_Moved):
    """NOT_COORDINATOR for who has not asked for the coordinator of the group, or of the transactional id, since."""

    def __init__(self, group: str | None, transactional_id: str | None) -> None:
        asking = _ASKING_GROUP_COORDINATOR if group is not None else _ASKING_TRANSACTION_COORDINATOR
        selection = Selection(asking | _TELLING_COORDINATORS, group=group, transactional_id=transactional_id)
        super().__init__(selection, _TELLING_COORDINATORS)

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return call.refuse(NOT_COORDINATOR)

    def __str__(self) -> str:
        if self.selection.group is not None:
            return f"the coordinator of group {self.selection.group!r} moved"
        return f"the coordinator of transactional id {self.selection.transactional_id!r} moved"
