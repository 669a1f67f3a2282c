"""A kill after each write, be it the group coordinator's or the share coordinator's: whatever was half done, members go
on, begin where they were told to, and the group can be deleted, with all that was kept for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import ReadSummary
from minikafka.records.batch import RecordBatch
from tests.coordinator.groups import Groups, MemoryLog, Outcome
from tests.coordinator.share_groups.sharers import Sharer, alter, describe_offsets, forget, settle

SESSION_MS = 45_000


def new_groups() -> Groups:
    groups = Groups()
    groups.topics.put("t", 3)
    groups.topics.put("u", 1)
    return groups


def logs_of(groups: Groups) -> list[MemoryLog]:
    return [groups.log, groups.states.logs.logs[0]]


class Journal:
    """What was written to either log, in order."""

    def __init__(self, groups: Groups) -> None:
        self.written: list[tuple[int, bytes]] = []
        self.answered: list[tuple[int, str]] = []
        """How much had been written when something was answered."""
        for index, log in enumerate(logs_of(groups)):
            self._follow(index, log)

    def _follow(self, index: int, log: MemoryLog) -> None:
        append = log.append

        def noted(buffer: bytearray, **how: Any) -> Any:
            answer = append(buffer, **how)
            self.written.append((index, log.batches[-1]))
            return answer

        log.append = noted  # type: ignore[method-assign]

    def answer(self, what: str) -> None:
        self.answered.append((len(self.written), what))

    def killed_after(self, count: int) -> Groups:
        """A broker that finds what had been written when ``count`` writes were done."""
        groups = new_groups()
        logs = logs_of(groups)
        for index, batch in self.written[:count]:
            logs[index].batches.append(batch)
            logs[index].log_end_offset += RecordBatch(memoryview(batch), 0).last_offset_delta + 1
        groups.restart()
        groups.states.restart()
        return groups


def life_of_a_group() -> Journal:
    groups = new_groups()
    journal = Journal(groups)
    a, b = Sharer(groups, "a", "t"), Sharer(groups, "b", "t", "u")
    settle(a)
    settle(a, b)
    a.leave()
    settle(b)
    b.leave()
    assert alter(groups, "t", {0: 5, 1: 6, 2: 7}).error_code == errors.NONE
    journal.answer("offsets in t")
    assert forget(groups, "u").error_code == errors.NONE
    assert alter(groups, "u", {0: 9}).error_code == errors.NONE
    journal.answer("offset in u")
    settle(a, b)
    a.leave()
    b.leave()
    journal.answer("end")
    [deleted] = Outcome(groups.coordinator.delete_groups(["s"])).value
    assert deleted.error_code == errors.NONE
    journal.answer("deleted")
    return journal


JOURNAL = life_of_a_group()


def test_there_is_something_to_kill_in_between() -> None:
    assert len(JOURNAL.written) > 30
    assert {index for index, _ in JOURNAL.written} == {0, 1}


@pytest.mark.parametrize("count", range(len(JOURNAL.written) + 1))
def test_a_kill_after_each_write(count: int) -> None:
    groups = JOURNAL.killed_after(count)
    told = {what for written, what in JOURNAL.answered if written <= count}
    is_being_deleted = "end" in told and count > dict(map(reversed, JOURNAL.answered))["end"]  # type: ignore[arg-type]
    z = Sharer(groups, "z", "t", "u")
    settle(z)
    groups.advance(SESSION_MS - 1)
    settle(z)
    groups.advance(SESSION_MS - 1)
    settle(z)
    topics = groups.topics.topics_by_name
    assert z.assigned == {topics["t"].topic_id: {0, 1, 2}, topics["u"].topic_id: {0}}
    begins = {place: start_offset for place, (start_offset, _) in describe_offsets(groups).items()}
    if "offsets in t" in told and not is_being_deleted:
        assert [begins["t", partition] for partition in range(3)] == [5, 6, 7]
    if "offset in u" in told and not is_being_deleted:
        assert begins["u", 0] == 9
    z.leave()
    [deleted] = Outcome(groups.coordinator.delete_groups(["s"])).value
    assert deleted.error_code == errors.NONE
    groups.restart()
    groups.states.restart()
    assert groups.shard.groups == {}
    assert {one.start_offset for one in summaries(groups)} == {-1}


def summaries(groups: Groups) -> Iterator[ReadSummary]:
    for topic in groups.topics.topics_by_name.values():
        for partition in range(len(topic.partitions)):
            yield Outcome(groups.states.coordinator.read_summary("s", topic.topic_id, partition, 0)).value
