"""Members of the classic protocol, as consumers are: they say what they own, lead, assign, and give up."""

from __future__ import annotations

from typing import Any

from minikafka import errors
from minikafka.protocol.messages import ConsumerProtocolAssignment, ConsumerProtocolSubscription, JoinGroupResponse
from tests.coordinator.groups import Groups, Outcome

LOST = (
    errors.UNKNOWN_MEMBER_ID,
    errors.ILLEGAL_GENERATION,
    errors.FENCED_INSTANCE_ID,
    errors.INCONSISTENT_GROUP_PROTOCOL,
)
AGAIN = (errors.REBALANCE_IN_PROGRESS, errors.MEMBER_ID_REQUIRED)


class ClassicConsumer:
    """One client. ``beat`` does its next step: join, ask for its assignment, or send a heartbeat."""

    def __init__(
        self,
        groups: Groups,
        *topics: str,
        group_id: str = "c",
        instance: str | None = None,
        cooperative: bool = True,
        session_timeout_ms: int = 10_000,
    ) -> None:
        self.groups = groups
        self.topics = list(topics)
        self.group_id = group_id
        self.instance = instance
        self.cooperative = cooperative
        self.session_timeout_ms = session_timeout_ms
        self.member_id = ""
        self.generation = -1
        self.owned: dict[bytes, set[int]] = {}
        self.joining: Outcome[Any] | None = None
        self.syncing: Outcome[Any] | None = None
        self.must_join = True

    @property
    def count(self) -> int:
        return sum(map(len, self.owned.values()))

    @property
    def protocol(self) -> str:
        return "cooperative-sticky" if self.cooperative else "range"

    @property
    def metadata(self) -> bytes:
        topics_by_id = self.groups.topics.topics_by_id
        owned = [
            ConsumerProtocolSubscription.TopicPartition(
                topic=topics_by_id[topic_id].name, partitions=sorted(partitions)
            )
            for topic_id, partitions in self.owned.items()
            if topic_id in topics_by_id and partitions
        ]
        message = ConsumerProtocolSubscription(topics=self.topics, user_data=None, owned_partitions=owned)
        return b"\0\1" + message.encode(1)

    def beat(self) -> int:
        """Returns the error code of what was answered last; 0 while it waits."""
        if self.joining is not None:
            return self._hear_of_generation(self.joining)
        if self.syncing is not None:
            return self._hear_of_assignment(self.syncing)
        if self.must_join:
            return self.join()
        code = self.groups.heartbeat(self.member_id, self.generation, group_id=self.group_id, instance=self.instance)
        return self._after(code)

    def join(self) -> int:
        if not self.cooperative:
            self.owned = {}
        self.must_join = False
        # Every client has both, so that groups of both kinds have one in common.
        names = [self.protocol, *({"cooperative-sticky", "range"} - {self.protocol})]
        self.joining = self.groups.join(
            self.member_id,
            group_id=self.group_id,
            instance=self.instance,
            protocols=[(name, self.metadata) for name in names],
            session_timeout_ms=self.session_timeout_ms,
        )
        return self._hear_of_generation(self.joining)

    def leave(self) -> None:
        self.groups.leave((self.member_id, self.instance), group_id=self.group_id)
        self._lose()
        self.member_id = ""

    def _hear_of_generation(self, joining: Outcome[JoinGroupResponse]) -> int:
        if not joining.is_there:
            return errors.NONE
        self.joining = None
        answer = joining.value
        if answer.error_code:
            if answer.error_code == errors.MEMBER_ID_REQUIRED:
                self.member_id = answer.member_id
                return self.join()
            return self._after(answer.error_code)
        self.member_id, self.generation = answer.member_id, answer.generation_id
        assignments = self._assign(answer) if answer.leader == self.member_id else {}
        self.syncing = self.groups.sync(
            self.member_id,
            self.generation,
            assignments,
            group_id=self.group_id,
            instance=self.instance,
            protocol_name=answer.protocol_name,
        )
        return self._hear_of_assignment(self.syncing)

    def _hear_of_assignment(self, syncing: Outcome[Any]) -> int:
        if not syncing.is_there:
            return errors.NONE
        self.syncing = None
        answer = syncing.value
        if answer.error_code:
            return self._after(answer.error_code)
        before, self.owned = self.owned, self._owned_of(answer.assignment)
        if any(partitions - self.owned.get(topic_id, set()) for topic_id, partitions in before.items()):
            # Having given partitions up, a cooperative consumer joins again so that others get them.
            self.must_join = True
        return errors.NONE

    def _after(self, code: int) -> int:
        if code in LOST:
            self._lose()
            if code == errors.UNKNOWN_MEMBER_ID:
                self.member_id = ""
        elif code in AGAIN:
            self.must_join = True
        else:
            assert code == errors.NONE
        return code

    def _lose(self) -> None:
        self.owned, self.generation, self.must_join = {}, -1, True
        self.joining = self.syncing = None

    def _owned_of(self, data: bytes) -> dict[bytes, set[int]]:
        if not data:
            return {}
        topics = self.groups.topics.topics_by_name
        assignment = ConsumerProtocolAssignment.decode_from(data, 2, data[1])[0]
        return {
            topics[one.topic].topic_id: set(one.partitions)
            for one in assignment.assigned_partitions
            if one.topic in topics
        }

    def _assign(self, answer: JoinGroupResponse) -> dict[str, bytes]:
        """In turn, and nothing that somebody else still owns."""
        subscriptions = {
            one.member_id: ConsumerProtocolSubscription.decode_from(one.metadata, 2, 1)[0] for one in answer.members
        }
        owner = {
            (topic.topic, partition): member_id
            for member_id, subscription in subscriptions.items()
            for topic in subscription.owned_partitions
            for partition in topic.partitions
        }
        places: dict[str, dict[str, list[int]]] = {member_id: {} for member_id in subscriptions}
        for name, topic in self.groups.topics.topics_by_name.items():
            readers = sorted(member_id for member_id, one in subscriptions.items() if name in one.topics)
            for partition in range(len(topic.partitions) if readers else 0):
                member_id = readers[partition % len(readers)]
                if owner.get((name, partition), member_id) == member_id:
                    places[member_id].setdefault(name, []).append(partition)
        return {
            member_id: b"\0\1"
            + ConsumerProtocolAssignment(
                assigned_partitions=[
                    ConsumerProtocolAssignment.TopicPartition(topic=name, partitions=partitions)
                    for name, partitions in topics.items()
                ],
                user_data=None,
            ).encode(1)
            for member_id, topics in places.items()
        }


def settle_all(groups: Groups, *consumers: Any) -> None:
    """Steps of all until nothing changes any more; what waits for company in a new group gets the time."""
    for _ in range(60):
        before = [_picture(one) for one in consumers]
        for one in consumers:
            one.beat()
        if before == [_picture(one) for one in consumers]:
            waiting = [one.joining for one in consumers if isinstance(one, ClassicConsumer) and one.joining is not None]
            if not waiting and not any(
                getattr(one, "syncing", None) or getattr(one, "must_join", 0) for one in consumers
            ):
                return
            groups.advance(1_000)
    raise AssertionError("the group does not settle")


def _picture(one: Any) -> Any:
    owned = {topic_id: set(partitions) for topic_id, partitions in one.owned.items() if partitions}
    return (
        one.member_id,
        getattr(one, "generation", None),
        getattr(one, "epoch", None),
        owned,
        vars(one).get("must_join"),
    )
