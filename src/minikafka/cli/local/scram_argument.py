"""``--add-scram 'SCRAM-SHA-256=[name=alice,password=secret]'``: a credential that a directory is formatted with.

Source: ``ScramParser``, whose sentences are kept.
"""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode
from typing import Final

from minikafka.errors import ConfigError
from minikafka.protocol.messages import UserScramCredentialRecord
from minikafka.security.scram import DIGESTS, MIN_ITERATIONS, salted_password, server_key, stored_key

_NUMBERS: Final = {"SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2}
_MAX_ITERATIONS: Final = 16384
_SALT_BYTES: Final = 24


def credential_record(argument: str) -> UserScramCredentialRecord:
    """Raises ConfigError."""
    mechanism, parts = _mechanism_and_parts(argument.strip())
    name = parts.pop("name", None)
    if name is None:
        raise ConfigError("You must supply 'name' to add-scram")
    given_salt = parts.pop("salt", None)
    salt = None if given_salt is None else _decoded(given_salt, "salt")
    iterations = _iterations(parts.pop("iterations", str(MIN_ITERATIONS)))
    password, given_salted = parts.pop("password", None), parts.pop("saltedpassword", None)
    if password is None and given_salted is None:
        raise ConfigError("You must supply one of 'password' or 'saltedpassword' to add-scram")
    if password is None and salt is None:
        raise ConfigError("You must supply 'salt' with 'saltedpassword' to add-scram")
    if parts:
        raise ConfigError(f"Unknown SCRAM configurations: {', '.join(sorted(parts))}")
    _check_iterations(mechanism, iterations)
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    if password is not None:
        salted = salted_password(mechanism, password, salt, iterations)
    else:
        salted = _decoded(given_salted or "", "saltedPassword")
    return UserScramCredentialRecord(
        name=name,
        mechanism=_NUMBERS[mechanism],
        salt=salt,
        stored_key=stored_key(mechanism, salted),
        server_key=server_key(mechanism, salted),
        iterations=iterations,
    )


def _mechanism_and_parts(argument: str) -> tuple[str, dict[str, str]]:
    mechanism, equals, text = argument.partition("=")
    if not equals:
        raise ConfigError(f"Failed to find equals sign in SCRAM argument '{argument}'")
    if mechanism not in DIGESTS:
        raise ConfigError(f"The add-scram mechanism {mechanism} is not supported.")
    if not text.startswith("["):
        raise ConfigError("Expected configuration string to start with [")
    if not text.endswith("]"):
        raise ConfigError("Expected configuration string to end with ]")
    return mechanism, dict(_part(part) for part in text[1:-1].split(","))


def _part(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"No equals sign found in SCRAM component: {text}")
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return name, value


def _iterations(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"Failed to parse iterations count: {text}") from None


def _check_iterations(mechanism: str, iterations: int) -> None:
    words = mechanism.replace("-", "_")
    if iterations < MIN_ITERATIONS:
        raise ConfigError(f"The 'iterations' value must be >= {MIN_ITERATIONS} for add-scram using {words}")
    if iterations > _MAX_ITERATIONS:
        raise ConfigError(f"The 'iterations' value must be <= {_MAX_ITERATIONS} for add-scram using {words}")


def _decoded(text: str, what: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise ConfigError(f"Failed to decode given {what}: {text}") from None
