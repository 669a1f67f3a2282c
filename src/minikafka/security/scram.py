"""The arithmetic of SCRAM (RFC 5802), and the names of its mechanisms (RFC 7677).

Kafka takes user names and passwords as UTF-8, without SASLprep (``ScramFormatter.normalize``).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

SCRAM_SHA_256: Final = "SCRAM-SHA-256"
SCRAM_SHA_512: Final = "SCRAM-SHA-512"

DIGESTS: Final = {SCRAM_SHA_256: "sha256", SCRAM_SHA_512: "sha512"}
"""Mechanism -> the name of its hash in ``hashlib``."""

MIN_ITERATIONS: Final = 4096
"""``ScramMechanism.minIterations``, of both."""


def salted_password(mechanism: str, password: str, salt: bytes, iterations: int) -> bytes:
    """Hi(password, salt, iterations)."""
    return hashlib.pbkdf2_hmac(DIGESTS[mechanism], password.encode(), salt, iterations)


def client_proof(mechanism: str, salted: bytes, auth_message: bytes) -> bytes:
    """What the client shows instead of the password."""
    signature = _hmac(mechanism, stored_key(mechanism, salted), auth_message)
    return bytes(left ^ right for left, right in zip(_client_key(mechanism, salted), signature, strict=True))


def server_signature(mechanism: str, salted: bytes, auth_message: bytes) -> bytes:
    """What only a server can show that knows the user."""
    return _hmac(mechanism, server_key(mechanism, salted), auth_message)


def stored_key(mechanism: str, salted: bytes) -> bytes:
    """What a server keeps to check the client's proof."""
    return hashlib.new(DIGESTS[mechanism], _client_key(mechanism, salted)).digest()


def server_key(mechanism: str, salted: bytes) -> bytes:
    """What a server keeps to prove itself."""
    return _hmac(mechanism, salted, b"Server Key")


def escaped_name(name: str) -> str:
    """A user name as a message has it (a ``saslname``)."""
    return name.replace("=", "=3D").replace(",", "=2C")


def _client_key(mechanism: str, salted: bytes) -> bytes:
    return _hmac(mechanism, salted, b"Client Key")


def _hmac(mechanism: str, key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, DIGESTS[mechanism])
