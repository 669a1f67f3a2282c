"""SCRAM credentials of users (KIP-554): passwords are salted here and never sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.errors import RESOURCE_NOT_FOUND
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest

MECHANISMS: Final = {"SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2}
MIN_ITERATIONS: Final = 4096
_NAMES: Final = {number: name for name, number in MECHANISMS.items()}
_DIGESTS: Final = {1: "sha256", 2: "sha512"}


class Credential(NamedTuple):
    """What is set: ``mechanism`` is a name of MECHANISMS."""

    mechanism: str
    iterations: int
    password: str


def describe_credentials(cluster: Cluster, users: Iterable[str]) -> dict[str, dict[str, int]]:
    """User -> mechanism -> iterations; no ``users``: all. A user without credentials is not there.

    Raises ApiError, ClientError.
    """
    names = list(users)
    wanted = [DescribeUserScramCredentialsRequest.UserName(name=user) for user in names] if names else None
    answer = cluster.call(DescribeUserScramCredentialsRequest(users=wanted))
    check(answer.error_code, answer.error_message)
    found = {}
    for result in answer.results:
        if result.error_code != RESOURCE_NOT_FOUND:
            check(result.error_code, result.error_message)
            found[result.user] = {
                _NAMES.get(info.mechanism, "UNKNOWN"): info.iterations for info in result.credential_infos
            }
    return found


def alter_credentials(
    cluster: Cluster, user: str, credentials: Iterable[Credential], deleted_mechanisms: Iterable[str]
) -> None:
    """Raises ApiError, ClientError."""
    request = AlterUserScramCredentialsRequest(
        deletions=[
            AlterUserScramCredentialsRequest.ScramCredentialDeletion(name=user, mechanism=MECHANISMS[name])
            for name in deleted_mechanisms
        ],
        upsertions=[_upsertion(user, credential) for credential in credentials],
    )
    answer = cluster.call_controller(request, lambda response: [result.error_code for result in response.results])
    for result in answer.results:
        check(result.error_code, result.error_message)


def _upsertion(user: str, credential: Credential) -> AlterUserScramCredentialsRequest.ScramCredentialUpsertion:
    mechanism = MECHANISMS[credential.mechanism]
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac(_DIGESTS[mechanism], credential.password.encode(), salt, credential.iterations)
    return AlterUserScramCredentialsRequest.ScramCredentialUpsertion(
        name=user, mechanism=mechanism, iterations=credential.iterations, salt=salt, salted_password=salted
    )
