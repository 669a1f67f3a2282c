"""What SASL machines have in common: bytes of the other side go in, bytes for the other side come out.

A machine does no input and output and knows no frames: whoever holds the connection carries its bytes, in
SaslAuthenticate requests (KIP-152) or bare. Source: RFC 4422, ``javax.security.sasl.SaslClient``.
"""

from __future__ import annotations

from typing import Protocol

from minikafka.errors import MinikafkaError


class SaslError(MinikafkaError):
    """The exchange cannot go on: the other side sent what the mechanism does not allow, or failed to prove itself."""


class SaslClient(Protocol):
    """The client's side of one authentication; a new one is made for each."""

    is_complete: bool
    """Whether nothing more is to be said, and the server has proved itself where the mechanism lets it."""

    def step(self, challenge: bytes) -> bytes | None:
        """The answer to what the server sent, at first to ``b""``; None where there is none to send.

        Raises SaslError.
        """
        ...
