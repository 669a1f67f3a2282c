"""What the share coordinator answers, for one partition of one share group. Codes are Kafka's error codes."""

from __future__ import annotations

from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.errors import NONE
from minikafka.named_tuple import NamedTuple


class Outcome(NamedTuple):
    """Of what changes the state: whether it is written."""

    code: int = NONE
    message: str | None = None


class ReadState(NamedTuple):
    """The whole state; all fields but the first two are 0 or empty after an error."""

    code: int = NONE
    message: str | None = None
    state_epoch: int = 0
    start_offset: int = 0
    """-1 while nobody has said where the group begins."""
    batches: tuple[StateBatch, ...] = ()


class ReadSummary(NamedTuple):
    """The state without its batches. Of a partition that is not initialized: no error, and start offset -1."""

    code: int = NONE
    message: str | None = None
    state_epoch: int = 0
    leader_epoch: int = 0
    start_offset: int = 0
    delivery_complete_count: int = -1
    """How many records from the start offset on are done with; -1 where nobody has said."""
