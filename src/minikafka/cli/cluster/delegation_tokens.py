"""``kafka-delegation-tokens``: create, renew, expire and show delegation tokens (DelegationTokenCommand)."""

from __future__ import annotations

import sys
import time
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Option, Options, Tool, UsageError, flag
from minikafka.cli.toolkit.tables import Column, table
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.delegation_tokens import (
    DelegationToken,
    Principal,
    create_token,
    describe_tokens,
    expire_token,
    renew_token,
)
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import ApiError


def _optional(name: str, text: str, kind: str = "String") -> Option:
    return Option(name, text, "", kind, argument_is_optional=kind == "String")


_TOOL: Final = Tool(
    "kafka-delegation-tokens",
    "This tool helps to create, renew, expire, or describe delegation tokens.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        flag("create", "Create a token."),
        flag("renew", "Let a token live on."),
        flag("expire", "Let a token end."),
        flag("describe", "Show tokens: those of --owner-principal, or all one may see."),
        _optional("owner-principal", "Whose token it is: User:alice. With --describe any number of times."),
        _optional("renewer-principal", "Who may renew it, besides its owner; any number of times."),
        _optional(
            "max-life-time-period", "With --create: how long it may be renewed (ms); -1: as the broker says.", "Long"
        ),
        _optional("renew-time-period", "With --renew: how long from now (ms); -1: as the broker says.", "Long"),
        _optional("expiry-time-period", "With --expire: how long from now (ms); -1: it ends at once.", "Long"),
        _optional("hmac", "The token's HMAC, in Base64."),
    ),
)
_NEEDS: Final = {
    "create": ("max-life-time-period",),
    "renew": ("hmac", "renew-time-period"),
    "expire": ("hmac", "expiry-time-period"),
    "describe": (),
}
_GOES_NOT_WITH: Final = {
    "create": ("hmac", "renew-time-period", "expiry-time-period"),
    "renew": ("renewer-principal", "max-life-time-period", "expiry-time-period", "owner-principal"),
    "expire": ("renew", "max-life-time-period", "renew-time-period", "owner-principal"),
    "describe": ("renew-time-period", "max-life-time-period", "hmac", "expiry-time-period"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act)


def _act(options: Options) -> int:
    actions = [action for action in _NEEDS if options.has(action)]
    if len(actions) != 1:
        raise UsageError("Command must include exactly one action: --create, --renew, --expire or --describe")
    options.require("bootstrap-server", "command-config", *_NEEDS[actions[0]])
    for action in _NEEDS:
        options.forbid_with(action, _GOES_NOT_WITH[action])
    with cluster_of(options) as cluster:
        try:
            _ACTIONS[actions[0]](cluster, options)
        except ApiError as error:
            raise ClientError(as_thrown(error)) from error
    return 0


def _create(cluster: Cluster, options: Options) -> None:
    renewers, owners = _principals(options, "renewer-principal"), _principals(options, "owner-principal")
    max_lifetime_ms = options.number("max-life-time-period") or 0
    print(
        f"Calling create token operation with renewers :{_listed(renewers)} , max-life-time-period :{max_lifetime_ms}"
    )
    token = create_token(
        cluster, owner=owners[0] if owners else None, renewers=renewers, max_lifetime_ms=max_lifetime_ms
    )
    print(f"Created delegation token with tokenId : {token.token_id}")
    print_tokens([token])


def _renew(cluster: Cluster, options: Options) -> None:
    period_ms = options.number("renew-time-period") or 0
    print(f"Calling renew token operation with hmac :{options.value('hmac')} , renew-time-period :{period_ms}")
    expires_ms = renew_token(cluster, _hmac(options), period_ms)
    print(f"Completed renew operation. New expiry date : {_date(expires_ms)}")


def _expire(cluster: Cluster, options: Options) -> None:
    period_ms = options.number("expiry-time-period") or 0
    print(f"Calling expire token operation with hmac :{options.value('hmac')} , expire-time-period :{period_ms}")
    expires_ms = expire_token(cluster, _hmac(options), period_ms)
    print(f"Completed expire operation. New expiry date : {_date(expires_ms)}")


def _describe(cluster: Cluster, options: Options) -> None:
    owners = _principals(options, "owner-principal")
    if owners:
        print(f"Calling describe token operation for owners: {_listed(owners)}")
    else:
        print("Calling describe token operation for current user.")
    # Kafka's tool names no owners then, which its brokers answer with no tokens; what its help promises is all.
    tokens = describe_tokens(cluster, owners or None)
    print(f"Total number of tokens : {len(tokens)}", end="")
    print_tokens(tokens)


def print_tokens(tokens: Iterable[DelegationToken]) -> None:
    """A table with a blank line before each row."""
    columns = (
        Column("TOKENID", 15),
        Column("HMAC", 30),
        Column("OWNER", 15),
        Column("REQUESTER", 15),
        Column("RENEWERS", 25),
        Column("ISSUEDATE", 15),
        Column("EXPIRYDATE", 15),
        Column("MAXDATE", 15),
    )
    rows = [
        (
            token.token_id,
            b2a_base64(token.hmac, newline=False).decode(),
            token.owner,
            token.requester,
            _listed(token.renewers),
            *map(_date, (token.issued_ms, token.expires_ms, token.max_ms)),
        )
        for token in tokens
    ]
    for line in table(columns, rows):
        print(f"\n{line}")


def _principals(options: Options, name: str) -> list[Principal]:
    found = []
    for text in options.values(name):
        kind, colon, principal = text.strip().partition(":")
        if not colon:
            raise ClientError(f"expected a string in format principalType:principalName but got {text.strip()}")
        found.append(Principal(kind, principal))
    return found


def _hmac(options: Options) -> bytes:
    text = options.value("hmac") or ""
    try:
        return a2b_base64(text.encode(), strict_mode=True) if sys.version_info >= (3, 11) else a2b_base64(text.encode())
    except (Base64Error, UnicodeEncodeError) as error:
        raise ClientError(f"--hmac {text} is not Base64: {error}") from error


def _listed(principals: Sequence[Principal]) -> str:
    return f"[{', '.join(map(str, principals))}]"


def _date(timestamp_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M", time.localtime(timestamp_ms / 1000))


_ACTIONS: Final[dict[str, Callable[[Cluster, Options], None]]] = {
    "create": _create,
    "renew": _renew,
    "expire": _expire,
    "describe": _describe,
}


if __name__ == "__main__":
    sys.exit(main())
