"""Delegation tokens: short-lived secrets that stand for a user (KIP-48)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.errors import UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    CreateDelegationTokenRequest,
    DescribeDelegationTokenRequest,
    ExpireDelegationTokenRequest,
    RenewDelegationTokenRequest,
)

_FIRST_VERSION_WITH_OWNERS: Final = 3


class Principal(NamedTuple):
    """Its text is ``User:alice``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


class DelegationToken(NamedTuple):
    """Times are in ms; ``requester`` is None where the broker does not tell."""

    token_id: str
    hmac: bytes
    owner: Principal
    requester: Principal | None
    renewers: list[Principal]
    issued_ms: int
    expires_ms: int
    max_ms: int


def create_token(
    cluster: Cluster, *, owner: Principal | None, renewers: Sequence[Principal], max_lifetime_ms: int
) -> DelegationToken:
    """``owner`` None: who asks. ``max_lifetime_ms`` -1: as the broker is configured. Raises ApiError, ClientError."""
    request = CreateDelegationTokenRequest(
        renewers=[
            CreateDelegationTokenRequest.CreatableRenewers(principal_type=kind, principal_name=name)
            for kind, name in renewers
        ],
        max_lifetime_ms=max_lifetime_ms,
    )
    tells_requester = cluster.any_broker().highest_version(request) >= _FIRST_VERSION_WITH_OWNERS
    if tells_requester:
        request.owner_principal_type, request.owner_principal_name = owner or (None, None)
    elif owner is not None:
        raise ApiError(UNSUPPORTED_VERSION)
    answer = cluster.call(request)
    check(answer.error_code)
    requester = Principal(answer.token_requester_principal_type, answer.token_requester_principal_name)
    return DelegationToken(
        answer.token_id,
        bytes(answer.hmac),
        Principal(answer.principal_type, answer.principal_name),
        requester if tells_requester else None,
        list(renewers),
        answer.issue_timestamp_ms,
        answer.expiry_timestamp_ms,
        answer.max_timestamp_ms,
    )


def renew_token(cluster: Cluster, hmac: bytes, period_ms: int) -> int:
    """When it expires now (ms). ``period_ms`` -1: as the broker is configured. Raises ApiError, ClientError."""
    answer = cluster.call(RenewDelegationTokenRequest(hmac=hmac, renew_period_ms=period_ms))
    check(answer.error_code)
    expires_ms: int = answer.expiry_timestamp_ms
    return expires_ms


def expire_token(cluster: Cluster, hmac: bytes, period_ms: int) -> int:
    """When it expires now (ms). ``period_ms`` -1: at once. Raises ApiError, ClientError."""
    answer = cluster.call(ExpireDelegationTokenRequest(hmac=hmac, expiry_time_period_ms=period_ms))
    check(answer.error_code)
    expires_ms: int = answer.expiry_timestamp_ms
    return expires_ms


def describe_tokens(cluster: Cluster, owners: Sequence[Principal] | None) -> list[DelegationToken]:
    """Those of ``owners``; None: all that who asks may see. Raises ApiError, ClientError."""
    request = DescribeDelegationTokenRequest(owners=None)
    if owners is not None:
        request.owners = [
            DescribeDelegationTokenRequest.DescribeDelegationTokenOwner(principal_type=kind, principal_name=name)
            for kind, name in owners
        ]
    tells_requester = cluster.any_broker().highest_version(request) >= _FIRST_VERSION_WITH_OWNERS
    answer = cluster.call(request)
    check(answer.error_code)
    return [
        DelegationToken(
            token.token_id,
            bytes(token.hmac),
            Principal(token.principal_type, token.principal_name),
            Principal(token.token_requester_principal_type, token.token_requester_principal_name)
            if tells_requester
            else None,
            [Principal(renewer.principal_type, renewer.principal_name) for renewer in token.renewers],
            token.issue_timestamp,
            token.expiry_timestamp,
            token.max_timestamp,
        )
        for token in answer.tokens
    ]
