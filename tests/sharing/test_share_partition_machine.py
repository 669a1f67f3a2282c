"""A share partition against a model that knows nothing but single records: whatever members, locks, the persister and
restarts do, no record is lost, none is in two hands, delivery counts are right, and what was acknowledged stays so."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.pending import Pending
from minikafka.sharing.acknowledgement import ACCEPT, REJECT, RELEASE, RENEW
from minikafka.sharing.acquisition import BATCH_OPTIMIZED, RECORD_LIMIT
from tests.sharing.shared_log import SharedLog

LOCK_MS = 30_000
MAX_DELIVERIES = 3
MEMBERS = ("a", "b")
FINAL_KINDS = st.sampled_from([ACCEPT, RELEASE, REJECT])
KINDS = st.sampled_from([ACCEPT, RELEASE, REJECT, RENEW])
LOADING = Outcome(errors.COORDINATOR_LOAD_IN_PROGRESS, "loading")


class Record:
    """One record of the model. ``holder`` has it until ``deadline_ms``."""

    def __init__(self) -> None:
        self.deliveries = 0
        self.stored_deliveries = 0
        self.holder: str | None = None
        self.deadline_ms = 0
        self.end: str | None = None

    def give_back(self, *, is_stored: bool) -> None:
        self.holder = None
        if self.deliveries >= MAX_DELIVERIES:
            self.end = self.end or "archived"
        if is_stored:
            self.stored_deliveries = self.deliveries


class SharePartitionMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.shared = SharedLog(**{"group.share.delivery.count.limit": MAX_DELIVERIES}).load()
        self.records: list[Record] = []

    @property
    def now_ms(self) -> int:
        return self.shared.clock.monotonic_ms()

    @rule(count=st.integers(1, 6))
    def produce(self, count: int) -> None:
        self.shared.produce(count)
        self.records += [Record() for _ in range(count)]

    @rule(
        member=st.sampled_from(MEMBERS),
        max_records=st.integers(1, 8),
        batch_size=st.integers(1, 5),
        mode=st.sampled_from([BATCH_OPTIMIZED, RECORD_LIMIT]),
        max_bytes=st.integers(1, 300),
    )
    def fetch(self, member: str, max_records: int, batch_size: int, mode: int, max_bytes: int) -> None:
        acquired = self.shared.fetch(
            member, max_records=max_records, batch_size=batch_size, mode=mode, max_bytes=max_bytes
        )
        count = sum(last - first + 1 for first, last, _ in acquired)
        assert mode == BATCH_OPTIMIZED or count <= max_records
        for first, last, delivery_count in acquired:
            assert first <= last
            for offset in range(first, last + 1):
                record = self.records[offset]
                assert record.holder is None, f"{offset} is in two hands"
                assert record.end is None, f"{offset} is settled"
                record.holder, record.deadline_ms = member, self.now_ms + LOCK_MS
                record.deliveries += 1
                assert delivery_count == record.deliveries, f"{offset}"

    @rule(data=st.data(), member=st.sampled_from(MEMBERS), is_uniform=st.booleans(), is_refused=st.booleans())
    def acknowledge_what_is_held(self, data: st.DataObject, member: str, is_uniform: bool, is_refused: bool) -> None:
        start = self.shared.partition.window.start_offset
        held = [offset for offset, each in enumerate(self.records) if each.holder == member and offset >= start]
        if not held:
            return
        first = data.draw(st.sampled_from(held))
        longest = next(length for length in range(1, len(self.records) + 2) if first + length not in held)
        offsets = range(first, first + data.draw(st.integers(1, longest)))
        kinds = data.draw(st.lists(KINDS, min_size=len(offsets), max_size=len(offsets)))
        if is_uniform:
            kinds = [kinds[0]] * len(kinds)
        self.shared.persister.refusal = LOADING if is_refused else None
        code = self.shared.acknowledge(member, (first, offsets[-1], kinds[:1] if is_uniform else kinds))
        self.shared.persister.refusal = None
        writes = any(kind != RENEW for kind in kinds)
        assert code == (errors.COORDINATOR_NOT_AVAILABLE if is_refused and writes else errors.NONE)
        for offset, kind in zip(offsets, kinds, strict=True):
            self._take(self.records[offset], kind, is_stored=code == errors.NONE)

    @rule(member=st.sampled_from(MEMBERS), first=st.integers(0, 30), length=st.integers(1, 6), kind=FINAL_KINDS)
    def acknowledge_what_is_not_held(self, member: str, first: int, length: int, kind: int) -> None:
        start = self.shared.partition.window.start_offset
        offsets = range(max(first, start), first + length)
        if all(offset < len(self.records) and self.records[offset].holder == member for offset in offsets):
            return
        code = self.shared.acknowledge(member, (first, first + length - 1, kind))
        assert code in (errors.INVALID_RECORD_STATE, errors.INVALID_REQUEST)

    def _take(self, record: Record, kind: int, *, is_stored: bool) -> None:
        if kind == RENEW:
            record.deadline_ms = self.now_ms + LOCK_MS
        elif not is_stored:
            return
        elif kind == RELEASE:
            record.give_back(is_stored=True)
        else:
            record.holder, record.end = None, "accepted" if kind == ACCEPT else "archived"

    @rule(
        data=st.data(), member=st.sampled_from(MEMBERS), duration_ms=st.integers(0, LOCK_MS), is_refused=st.booleans()
    )
    def acknowledge_while_time_passes(
        self, data: st.DataObject, member: str, duration_ms: int, is_refused: bool
    ) -> None:
        start = self.shared.partition.window.start_offset
        held = [offset for offset, each in enumerate(self.records) if each.holder == member and offset >= start]
        if not held:
            return
        offset, kind = data.draw(st.sampled_from(held)), data.draw(FINAL_KINDS)
        persister = self.shared.persister
        persister.is_slow = True
        persister.refusal = LOADING if is_refused else None
        outcome = self.shared.begin_acknowledge(member, (offset, offset, kind))
        assert isinstance(outcome, Pending)
        persister.refusal = None
        self.shared.clock.advance(duration_ms)
        persister.finish()
        persister.is_slow = False
        changed = self.records[offset]
        for record in self.records:
            if record is not changed and record.holder is not None and record.deadline_ms <= self.now_ms:
                record.give_back(is_stored=True)
        if not is_refused:
            self._take(changed, kind, is_stored=True)
        elif changed.deadline_ms <= self.now_ms:
            self._give_back_unstored(changed)

    @rule(data=st.data())
    def delete_records(self, data: st.DataObject) -> None:
        offset = data.draw(st.integers(0, len(self.records)))
        self.shared.log.delete_records_before(offset)
        for record in self.records[:offset]:
            record.end = record.end or "deleted"

    @rule(member=st.sampled_from(MEMBERS))
    def leave(self, member: str) -> None:
        assert self.shared.partition.release(member) == Outcome()
        for record in self.records:
            if record.holder == member:
                record.give_back(is_stored=True)

    @rule(duration_ms=st.integers(1, LOCK_MS), is_refused=st.booleans())
    def wait(self, duration_ms: int, is_refused: bool) -> None:
        self.shared.persister.refusal = LOADING if is_refused else None
        self.shared.clock.advance(duration_ms)
        self.shared.persister.refusal = None
        for record in self.records:
            if record.holder is not None and record.deadline_ms <= self.now_ms:
                if is_refused:
                    self._give_back_unstored(record)
                else:
                    record.give_back(is_stored=True)

    def _give_back_unstored(self, record: Record) -> None:
        record.give_back(is_stored=False)
        if record.end is not None:
            # Known to this broker alone, until it writes something else.
            record.stored_deliveries = min(record.stored_deliveries, MAX_DELIVERIES - 1)

    @rule()
    def restart(self) -> None:
        stored_to, batches = self.shared.stored
        self.shared.restart()
        for offset, record in enumerate(self.records):
            record.holder = None
            if offset < self.shared.log.log_start_offset:
                record.end = "deleted"
                continue
            state = next((each for each in batches if each[0] <= offset <= each[1]), None)
            if offset < stored_to:
                assert record.end is not None, f"{offset} lies below the start and is not settled"
            elif state is None:
                assert record.end is None or record.end == "archived"
                record.end, record.deliveries, record.stored_deliveries = None, 0, 0
            else:
                assert state[2] in (0, 2, 4)
                if record.end == "accepted":
                    assert state[2] == 2
                record.end = {0: None, 2: "accepted", 4: "archived"}[state[2]]
                record.deliveries = record.stored_deliveries = state[3]

    @invariant()
    def the_window_holds_what_is_not_settled(self) -> None:
        if not hasattr(self, "shared"):
            return
        window = self.shared.partition.window
        for offset, record in enumerate(self.records):
            if offset < window.start_offset:
                assert record.end is not None, f"{offset} lies below the window"
        assert window.delivery_complete_count >= 0
        offsets = [offset for batch in window for offset in range(batch.first_offset, batch.last_offset + 1)]
        assert offsets == sorted(set(offsets)), "batches overlap"

    def teardown(self) -> None:
        """Whatever happened, one member that accepts everything comes to the end."""
        if not hasattr(self, "shared"):
            return
        self.shared.clock.advance(2 * LOCK_MS)
        for record in self.records:
            if record.holder is not None:
                record.give_back(is_stored=True)
        left = {offset for offset, record in enumerate(self.records) if record.end is None}
        while acquired := self.shared.fetch("last"):
            for first, last, _ in acquired:
                assert left >= set(range(first, last + 1))
                left -= set(range(first, last + 1))
            batches = [(first, last, ACCEPT) for first, last, _ in acquired]
            assert self.shared.acknowledge("last", *batches) == errors.NONE
        assert not left, "never delivered"
        assert self.shared.partition.window.start_offset == len(self.records)


TestSharePartitionMachine = SharePartitionMachine.TestCase
TestSharePartitionMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
