"""SASL PLAIN, the client's side: user name and password as they are (RFC 4616)."""

from __future__ import annotations

from minikafka.security.sasl import SaslError

MECHANISM = "PLAIN"


class PlainClient:
    """Says all it has to say in its first message; the server has nothing to prove."""

    def __init__(self, user: str, password: str) -> None:
        self.is_complete = False
        self._message = b"\0" + user.encode() + b"\0" + password.encode()

    def step(self, challenge: bytes) -> bytes | None:
        """See ``SaslClient.step``."""
        if self.is_complete or challenge:
            raise SaslError("the server asks a question, and PLAIN has none")
        self.is_complete = True
        return self._message
