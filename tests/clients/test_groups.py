"""Consumer groups: partitions are shared out, offsets are kept, and members come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.drivers import DRIVER_MODULES, Driver, GroupMember, Message, Received, driver
from tests.conftest import PROMPT_GROUPS, BrokerMaker
from tests.support.brokers import BrokerProcess
from tests.support.polling import wait_until

Join = Callable[..., GroupMember]


@pytest.fixture(params=DRIVER_MODULES)
def library(request: pytest.FixtureRequest) -> str:
    """Here also the libraries that speak more than one group protocol, once with each."""
    name: str = request.param
    return name


@pytest.fixture
def join(client: Driver) -> Iterator[Join]:
    """``join(group_id, topics)``: a member, which leaves at the end of the test unless it was closed before."""
    with ExitStack() as members:

        def joined(group_id: str, topics: list[str], **settings: bool) -> GroupMember:
            member = OnceClosed(client.join(group_id, topics, **settings))
            members.callback(member.close)
            return member

        yield joined


class OnceClosed:
    """A member that may be closed again."""

    def __init__(self, member: GroupMember) -> None:
        self.member = member
        self.is_closed = False
        self.poll, self.assigned, self.commit = member.poll, member.assigned, member.commit

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.member.close()


def take(members: list[GroupMember], count: int) -> list[Received]:
    """Poll the members in turn until they have ``count`` messages."""
    taken: list[Received] = []

    def enough() -> bool:
        for member in members:
            taken.extend(member.poll())
        return len(taken) >= count

    wait_until(enough, timeout_s=40, what=f"{count} messages through the group")
    return taken


def wait_for_shares(members: list[GroupMember], shares: list[int]) -> list[Received]:
    """Poll the members in turn until they own so many partitions each, in any order, and none is owned twice."""
    taken: list[Received] = []

    def shared_out() -> bool:
        for member in members:
            taken.extend(member.poll())
        owned = [member.assigned() for member in members]
        return sorted(map(len, owned)) == sorted(shares) and len(frozenset().union(*owned)) == sum(shares)

    wait_until(shared_out, timeout_s=40, what=f"shares of {shares} partitions")
    return taken


def numbered(count: int, partitions: int) -> list[Message]:
    return [Message(b"%d" % number, partition=number % partitions) for number in range(count)]


def test_one_member_gets_everything_in_order(client: Driver, topic: str, join: Join) -> None:
    client.create_topic(topic, partitions=3)
    client.produce(topic, numbered(300, 3))
    taken = take([join(topic, [topic])], 300)
    for partition in range(3):
        expected = [b"%d" % number for number in range(partition, 300, 3)]
        assert [message.value for message in taken if message.partition == partition] == expected


def test_committed_offsets_are_where_the_next_member_begins(client: Driver, topic: str, join: Join) -> None:
    client.create_topic(topic)
    client.produce(topic, numbered(10, 1))
    assert client.committed(topic, topic, 0) is None
    first = join(topic, [topic])
    take([first], 10)
    first.commit()
    first.close()
    assert client.committed(topic, topic, 0) == 10
    client.produce(topic, [Message(b"after")])
    assert [message.value for message in take([join(topic, [topic])], 1)] == [b"after"]


def test_without_a_commit_the_next_member_begins_anew(client: Driver, topic: str, join: Join) -> None:
    client.create_topic(topic)
    client.produce(topic, numbered(5, 1))
    first = join(topic, [topic])
    take([first], 5)
    first.close()
    assert client.committed(topic, topic, 0) is None
    assert len(take([join(topic, [topic])], 5)) == 5


def test_two_groups_each_get_everything(client: Driver, topic: str, join: Join) -> None:
    client.create_topic(topic)
    client.produce(topic, numbered(20, 1))
    for group_id in (f"{topic}-a", f"{topic}-b"):
        assert [message.offset for message in take([join(group_id, [topic])], 20)] == list(range(20))


@pytest.mark.parametrize(("partitions", "shares"), [(1, [1, 0]), (2, [1, 1, 0]), (5, [3, 2])])
def test_members_share_the_partitions(
    client: Driver, topic: str, join: Join, partitions: int, shares: list[int]
) -> None:
    client.create_topic(topic, partitions=partitions)
    members = [join(topic, [topic]) for _ in shares]
    wait_for_shares(members, shares)
    client.produce(topic, numbered(100, partitions))
    taken = take(members, 100)
    assert sorted(int(message.value or b"") for message in taken) == list(range(100)), "each message once"


def test_partitions_of_a_member_that_leaves_go_to_the_others(client: Driver, topic: str, join: Join) -> None:
    client.create_topic(topic, partitions=4)
    staying, leaving = join(topic, [topic]), join(topic, [topic])
    wait_for_shares([staying, leaving], [2, 2])
    leaving.close()
    wait_for_shares([staying], [4])
    client.produce(topic, numbered(40, 4))
    assert len(take([staying], 40)) == 40


def test_one_group_over_two_topics(client: Driver, topic: str, join: Join) -> None:
    topics = [f"{topic}-a", f"{topic}-b"]
    for name in topics:
        client.create_topic(name, partitions=2)
        client.produce(name, numbered(10, 2))
    member = join(topic, topics)
    assert len(take([member], 20)) == 20
    assert member.assigned() == {(name, partition) for name in topics for partition in range(2)}


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_committed_offsets_outlive_the_broker(
    make_broker: BrokerMaker, tmp_path: Path, library: str, ending: str
) -> None:
    with make_broker(tmp_path, PROMPT_GROUPS) as broker:
        client = driver(library, broker.bootstrap)
        client.create_topic("kept")
        client.produce("kept", numbered(10, 1))
        member = client.join("group", ["kept"])
        take([member], 10)
        member.commit()
        member.close()
        end(broker, ending)
        broker.start()
        assert client.committed("group", "kept", 0) == 10
        client.produce("kept", [Message(b"after")])
        member = client.join("group", ["kept"])
        assert [message.value for message in take([member], 1)] == [b"after"]
        member.close()


def end(broker: BrokerProcess, ending: str) -> None:
    if ending == "stop":
        broker.stop()
    else:
        broker.kill()
