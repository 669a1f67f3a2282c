from __future__ import annotations

import pytest

from minikafka.security.plain_client import PlainClient
from minikafka.security.sasl import SaslError


def test_user_and_password_go_out_at_once() -> None:
    client = PlainClient("älice", "se cret")
    assert client.step(b"") == "\0älice\0se cret".encode()
    assert client.is_complete


@pytest.mark.parametrize("steps", [[b"who?"], [b"", b""], [b"", b"more"]])
def test_there_is_nothing_to_ask(steps: list[bytes]) -> None:
    client = PlainClient("u", "p")
    for challenge in steps[:-1]:
        client.step(challenge)
    with pytest.raises(SaslError, match="PLAIN has none"):
        client.step(steps[-1])
