"""Creating, changing and deleting SCRAM credentials (Kafka: ScramControlManager; KIP-554, KIP-900)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from minikafka.controller.topic_control import Outcome
from minikafka.errors import (
    DUPLICATE_RESOURCE,
    RESOURCE_NOT_FOUND,
    UNACCEPTABLE_CREDENTIAL,
    UNSUPPORTED_SASL_MECHANISM,
    ApiError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.state.scram import SCRAM_SHA_256, SCRAM_SHA_512

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.state.metadata_image import MetadataImage

_HASHES: Final = {SCRAM_SHA_256: "sha256", SCRAM_SHA_512: "sha512"}
_MIN_ITERATIONS: Final = 4096
_MAX_ITERATIONS: Final = 16384


class ScramDeletion(NamedTuple):
    """``mechanism`` is SCRAM_SHA_256 or SCRAM_SHA_512 of ``state.scram``."""

    user: str
    mechanism: int


class ScramUpsertion(NamedTuple):
    """``salted_password`` is what RFC 5802 calls so; the password itself never leaves the client."""

    user: str
    mechanism: int
    iterations: int
    salt: bytes
    salted_password: bytes


def decide(
    image: MetadataImage, deletions: Sequence[ScramDeletion], upsertions: Sequence[ScramUpsertion]
) -> tuple[dict[str, Outcome], list[VersionedRecord]]:
    """The outcome for each user, and the records of what is not refused. A user can be altered once in a request."""
    outcomes: dict[str, Outcome] = {}
    records: dict[str, VersionedRecord] = {}
    alterations: list[ScramDeletion | ScramUpsertion] = [*deletions, *upsertions]
    for alteration in alterations:
        user = alteration.user
        try:
            if user in records:
                del records[user]
                raise ApiError(DUPLICATE_RESOURCE, "A user credential cannot be altered twice in the same request")
            if user in outcomes:
                continue
            records[user] = _record(image, alteration), 0
            outcomes[user] = Outcome()
        except ApiError as error:
            outcomes[user] = Outcome(error.code, error.message)
    return outcomes, list(records.values())


def _record(image: MetadataImage, alteration: ScramDeletion | ScramUpsertion) -> Any:
    from minikafka.protocol.messages import RemoveUserScramCredentialRecord, UserScramCredentialRecord

    user, mechanism = alteration.user, alteration.mechanism
    if not user:
        raise ApiError(UNACCEPTABLE_CREDENTIAL, "Username must not be empty")
    if mechanism not in _HASHES:
        raise ApiError(UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism")
    if isinstance(alteration, ScramDeletion):
        if user not in image.scram.by_mechanism.get(mechanism, {}):
            raise ApiError(RESOURCE_NOT_FOUND, "Attempt to delete a user credential that does not exist")
        return RemoveUserScramCredentialRecord(name=user, mechanism=mechanism)
    if alteration.iterations < _MIN_ITERATIONS:
        raise ApiError(UNACCEPTABLE_CREDENTIAL, "Too few iterations")
    if alteration.iterations > _MAX_ITERATIONS:
        raise ApiError(UNACCEPTABLE_CREDENTIAL, "Too many iterations")
    hash_name = _HASHES[mechanism]
    client_key = hmac.digest(alteration.salted_password, b"Client Key", hash_name)
    return UserScramCredentialRecord(
        name=user,
        mechanism=mechanism,
        salt=alteration.salt,
        stored_key=hashlib.new(hash_name, client_key).digest(),
        server_key=hmac.digest(alteration.salted_password, b"Server Key", hash_name),
        iterations=alteration.iterations,
    )
