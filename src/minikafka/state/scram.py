"""SCRAM credentials of the metadata image (Kafka: ScramImage)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.protocol.messages import RemoveUserScramCredentialRecord, UserScramCredentialRecord

SCRAM_SHA_256: Final = 1
SCRAM_SHA_512: Final = 2


class ScramCredential(NamedTuple):
    """What the server keeps of a password (RFC 5802)."""

    salt: bytes
    stored_key: bytes
    server_key: bytes
    iterations: int


class ScramImage:
    """``by_mechanism``: SCRAM_SHA_256 or _512 -> user -> credential."""

    def __init__(self) -> None:
        self.by_mechanism: dict[int, dict[str, ScramCredential]] = {}

    def replay(self, record: UserScramCredentialRecord) -> None:
        self.by_mechanism.setdefault(record.mechanism, {})[record.name] = ScramCredential(
            bytes(record.salt), bytes(record.stored_key), bytes(record.server_key), record.iterations
        )

    def replay_remove(self, record: RemoveUserScramCredentialRecord) -> None:
        self.by_mechanism.get(record.mechanism, {}).pop(record.name, None)

    def records(self) -> Iterator[tuple[Any, int]]:
        from minikafka.protocol.messages import UserScramCredentialRecord

        for mechanism, users in self.by_mechanism.items():
            for name, credential in users.items():
                yield UserScramCredentialRecord(name=name, mechanism=mechanism, **credential._asdict()), 0
