from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from minikafka.errors import ConfigError
from minikafka.security.oauthbearer_client import OAuthBearerClient, extensions_of, unsecured_token
from minikafka.security.sasl import SaslError


def part(token: str, index: int) -> Any:
    text = token.split(".")[index]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_the_token_is_shown_with_its_extensions() -> None:
    client = OAuthBearerClient("abc.def.", {"traceId": "7"})
    assert client.step(b"") == b"n,,\x01auth=Bearer abc.def.\x01traceId=7\x01\x01"
    assert not client.is_complete
    assert client.step(b"") is None
    assert client.is_complete
    with pytest.raises(SaslError):
        client.step(b"more")


def test_a_refusal_is_answered_and_then_told() -> None:
    client = OAuthBearerClient("abc")
    client.step(b"")
    assert client.step(b'{"status":"invalid_token"}') == b"\x01"
    assert not client.is_complete
    with pytest.raises(SaslError, match="invalid_token"):
        client.step(b"")


@pytest.mark.parametrize(
    ("token", "extensions", "sentence"),
    [
        ("two words", {}, "characters that no token has"),
        ("", {}, "characters that no token has"),
        ("a\x01b", {}, "characters that no token has"),
        ("abc", {"auth": "x"}, "cannot be called 'auth'"),
        ("abc", {"trace-id": "x"}, "cannot be called 'trace-id'"),
        ("abc", {"trace": "x\x01y"}, "extension trace has characters"),
    ],
)
def test_what_cannot_be_sent_is_refused(token: str, extensions: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        OAuthBearerClient(token, extensions)


def test_an_unsecured_token_has_the_claims_of_its_options() -> None:
    token = unsecured_token(
        {
            "unsecuredLoginStringClaim_sub": "alice",
            "unsecuredLoginNumberClaim_level": "5",
            "unsecuredLoginListClaim_scope": "|read|write",
            "unsecuredLoginListClaim_empty": "|",
            "unsecuredLoginLifetimeSeconds": "60",
            "unsecuredLoginExtension_trace": "7",
        },
        1_700_000_000_500,
    )
    assert part(token, 0) == {"alg": "none"}
    assert part(token, 1) == {
        "iat": 1_700_000_000.5,
        "exp": 1_700_000_060.5,
        "sub": "alice",
        "level": 5.0,
        "scope": ["read", "write"],
        "empty": [],
    }
    assert token.endswith("."), "there is no signature"


def test_a_token_lasts_an_hour_and_the_principal_may_be_another_claim() -> None:
    token = unsecured_token({"unsecuredLoginPrincipalClaimName": "who", "unsecuredLoginStringClaim_who": "bob"}, 0)
    assert part(token, 1) == {"iat": 0, "exp": 3600, "who": "bob"}


def test_extensions_are_options_too() -> None:
    assert extensions_of({"unsecuredLoginExtension_trace": "7", "unsecuredLoginStringClaim_sub": "a"}) == {"trace": "7"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "names no principal for OAUTHBEARER: set unsecuredLoginStringClaim_sub"),
        ({"unsecuredLoginStringClaim_exp": "1"}, "the claim 'exp' cannot be set"),
        ({"unsecuredLoginNumberClaim_n": "x"}, "'x' is no number"),
        ({"unsecuredLoginLifetimeSeconds": "long"}, "unsecuredLoginLifetimeSeconds=long"),
    ],
)
def test_wrong_options_are_named(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        unsecured_token(options, 0)
