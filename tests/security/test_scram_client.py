"""The client's side of SCRAM: the vector of RFC 7677, exchanges recorded from Apache Kafka 4.2, and refusals."""

from __future__ import annotations

import pytest

from minikafka.security.sasl import SaslError
from minikafka.security.scram_client import ScramClient

RFC_7677 = (
    "SCRAM-SHA-256",
    "user",
    "pencil",
    "rOprNGfwEbeRWgbNEkqO",
    b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)
KAFKA_SHA_256 = (
    "SCRAM-SHA-256",
    "alice",
    "alice-secret",
    "fyko+d2lbbFgONRv9qkxdawL",
    b"n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL",
    b"r=fyko+d2lbbFgONRv9qkxdawL2vr0oh0ctzi3igif7h43eszn4,s=dnBkczAzb3d6eHJlazg1eGFjYml3aDllag==,i=4096",
    b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL2vr0oh0ctzi3igif7h43eszn4,p=jTvwWfXjbwKAANCv8nomLv0y2bE0y/rbx4Wju5xF4QA=",
    b"v=7BKkjmqW0QA292e1eOiDR7k2teY8oDTqCWVY8l55m4k=",
)
KAFKA_SHA_512 = (
    "SCRAM-SHA-512",
    "alice",
    "alice-secret",
    "fyko+d2lbbFgONRv9qkxdawL",
    b"n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL",
    b"r=fyko+d2lbbFgONRv9qkxdawL3f1o63f8oe7ea5xy4nl97xa76,s=b3duM3k1a2VxcDRycGZzNHhkb3p2dWZs,i=4096",
    b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3f1o63f8oe7ea5xy4nl97xa76,p=rwLOVP7xy+8ucWbcA0nuQlKOnSBbXOZQv0arh1QRa8g6AjRoOVAP"
    b"WLAc+wwTSabGn/ECOxtlWBwOvA5OYY7DAQ==",
    b"v=m+8j3XVAsojTACEjA5I47VOs5/OewaJT0k+sCvHQyzH15/eZw2333ZCK3BEaQjMtL1awX3jbG5w4iE4F8lNKyQ==",
)


def after_first(nonce: str = "abc") -> ScramClient:
    client = ScramClient("SCRAM-SHA-256", "user", "pencil", make_nonce=lambda: nonce)
    client.step(b"")
    return client


@pytest.mark.parametrize("exchange", [RFC_7677, KAFKA_SHA_256, KAFKA_SHA_512], ids=["rfc", "kafka-256", "kafka-512"])
def test_an_exchange_goes_as_recorded(exchange: tuple[str, str, str, str, bytes, bytes, bytes, bytes]) -> None:
    mechanism, user, password, nonce, first, server_first, final, server_final = exchange
    client = ScramClient(mechanism, user, password, make_nonce=lambda: nonce)
    assert client.step(b"") == first
    assert client.step(server_first) == final
    assert not client.is_complete, "the server has not proved itself yet"
    assert client.step(server_final) is None
    assert client.is_complete
    with pytest.raises(SaslError, match="at its end"):
        client.step(b"v=again")


def test_names_are_escaped_and_tokens_announced() -> None:
    client = ScramClient("SCRAM-SHA-512", "a=b,c", "p", is_delegation_token=True, make_nonce=lambda: "N")
    assert client.step(b"") == b"n,,n=a=3Db=2Cc,r=N,tokenauth=true"


def test_each_exchange_has_a_nonce_of_its_own() -> None:
    messages = {ScramClient("SCRAM-SHA-256", "u", "p").step(b"") for _ in range(10)}
    assert len(messages) == 10


@pytest.mark.parametrize(
    ("server_first", "sentence"),
    [
        (b"r=abX,s=AAAA,i=4096", "does not start with client nonce"),
        (b"r=abcX,s=AAAA,i=4095", "Requested iterations 4095 is less than the minimum 4096"),
        (b"r=abcX,s=AAAA", "not the form r=...,s=...,i=..."),
        (b"r=abcX,s=AAA,i=4096", "salt is not base64"),
        (b"v=AAAA", "not the form"),
        (b"\xff", "no text"),
        (b"", "not the form"),
    ],
)
def test_a_first_message_that_cannot_be_trusted_is_refused(server_first: bytes, sentence: str) -> None:
    with pytest.raises(SaslError, match=sentence):
        after_first().step(server_first)


@pytest.mark.parametrize(
    ("server_final", "sentence"),
    [
        (b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "Invalid server signature"),
        (b"v=AAA", "signature is not base64"),
        (b"e=invalid-proof", "failed with error: invalid-proof"),
        (b"", "not the form v=..."),
    ],
)
def test_a_server_that_does_not_prove_itself_is_refused(server_final: bytes, sentence: str) -> None:
    client = after_first()
    client.step(b"r=abcX,s=AAAA,i=4096")
    with pytest.raises(SaslError, match=sentence):
        client.step(server_final)
    assert not client.is_complete


def test_the_server_does_not_speak_first() -> None:
    with pytest.raises(SaslError, match="the server speaks first"):
        ScramClient("SCRAM-SHA-256", "u", "p").step(b"r=abc,s=AAAA,i=4096")
