"""DescribeUserScramCredentials (key 50), version 0: which users can authenticate with SCRAM (KIP-554).

Source: Kafka's ScramImage.describe.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.state.scram import ScramImage

_Result = DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult
_Info = DescribeUserScramCredentialsResponse.CredentialInfo


def handle(ctx: RequestContext, request: DescribeUserScramCredentialsRequest) -> DescribeUserScramCredentialsResponse:
    scram = ctx.broker.image.scram
    counts = Counter(user.name for user in request.users or [])
    if not counts:
        counts = Counter({name for users in scram.by_mechanism.values() for name in users})
    return DescribeUserScramCredentialsResponse(results=[_result(scram, *item) for item in counts.items()])


def _result(scram: ScramImage, user: str, mentions: int) -> _Result:
    if mentions > 1:
        return _Result(
            user=user,
            error_code=errors.DUPLICATE_RESOURCE,
            error_message=f"Cannot describe SCRAM credentials for the same user twice in a single request: {user}",
        )
    infos = [
        _Info(mechanism=mechanism, iterations=users[user].iterations)
        for mechanism, users in scram.by_mechanism.items()
        if user in users
    ]
    if not infos:
        return _Result(
            user=user,
            error_code=errors.RESOURCE_NOT_FOUND,
            error_message=f"Attempt to describe a user credential that does not exist: {user}",
        )
    return _Result(user=user, credential_infos=infos)
