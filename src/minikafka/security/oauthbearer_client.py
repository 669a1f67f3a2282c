"""SASL OAUTHBEARER, the client's side (RFC 7628, KIP-255): a token that somebody else has issued.

Also tokens that nobody has signed, which are for tests only; Kafka's client makes those from options of its JAAS
configuration (``OAuthBearerUnsecuredLoginCallbackHandler``).
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from minikafka.errors import ConfigError
from minikafka.security.sasl import SaslError

MECHANISM: Final = "OAUTHBEARER"

_SEPARATOR: Final = "\x01"
_ABORT: Final = b"\x01"
_TOKEN: Final = re.compile(r"[-_~+/.a-zA-Z0-9]+=*")
_EXTENSION_KEY: Final = re.compile("[A-Za-z]+")
_EXTENSION_VALUE: Final = re.compile("[\x21-\x7e \t\r\n]+")
_RESERVED_CLAIMS: Final = ("iat", "exp")
_LIFETIME_S: Final = 3600


class OAuthBearerClient:
    """Shows ``token``; ``extensions`` are further pairs for the server (KIP-342).

    Raises ConfigError when one of them cannot be sent.
    """

    def __init__(self, token: str, extensions: Mapping[str, str] | None = None) -> None:
        if not _TOKEN.fullmatch(token):
            raise ConfigError("the OAUTHBEARER token has characters that no token has")
        pairs = {"auth": f"Bearer {token}"}
        for key, value in (extensions or {}).items():
            if key == "auth" or not _EXTENSION_KEY.fullmatch(key):
                raise ConfigError(
                    f"an OAUTHBEARER extension cannot be called {key!r}: letters are allowed, save 'auth'"
                )
            if not _EXTENSION_VALUE.fullmatch(value):
                raise ConfigError(f"the OAUTHBEARER extension {key} has characters outside of printable ASCII")
            pairs[key] = value
        joined = "".join(f"{key}={value}{_SEPARATOR}" for key, value in pairs.items())
        self.is_complete = False
        self._message: bytes | None = f"n,,{_SEPARATOR}{joined}{_SEPARATOR}".encode()
        self._refusal: str | None = None

    def step(self, challenge: bytes) -> bytes | None:
        """See ``SaslClient.step``. A server that refuses the token says so in JSON, and waits for an empty answer."""
        if self._message is not None:
            message, self._message = self._message, None
            return message
        if self._refusal is not None or self.is_complete:
            raise SaslError(f"the server refuses the token: {self._refusal}")
        if challenge:
            self._refusal = challenge.decode(errors="replace")
            return _ABORT
        self.is_complete = True
        return None


def unsecured_token(options: Mapping[str, str], now_ms: int) -> str:
    """A token without a signature, as the ``unsecuredLogin...`` options of a JAAS configuration say.

    Raises ConfigError.
    """
    claims: dict[str, Any] = {"iat": now_ms / 1000, "exp": now_ms / 1000 + _lifetime_s(options)}
    for option, text in options.items():
        for prefix, convert in (
            ("unsecuredLoginStringClaim_", str),
            ("unsecuredLoginNumberClaim_", _number),
            ("unsecuredLoginListClaim_", _list),
        ):
            name = option.removeprefix(prefix)
            if option.startswith(prefix) and name:
                if name in _RESERVED_CLAIMS:
                    raise ConfigError(f"sasl.jaas.config: the claim {name!r} cannot be set")
                claims[name] = convert(text)
    principal = options.get("unsecuredLoginPrincipalClaimName", "").strip() or "sub"
    if not claims.get(principal):
        raise ConfigError(
            f"sasl.jaas.config names no principal for OAUTHBEARER: set unsecuredLoginStringClaim_{principal}"
        )
    return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}."


def extensions_of(options: Mapping[str, str]) -> dict[str, str]:
    """The extensions that ``unsecuredLoginExtension_...`` options name."""
    prefix = "unsecuredLoginExtension_"
    return {name.removeprefix(prefix): value for name, value in options.items() if name.startswith(prefix)}


def _lifetime_s(options: Mapping[str, str]) -> int:
    text = options.get("unsecuredLoginLifetimeSeconds", str(_LIFETIME_S))
    if not text.isdecimal():
        raise ConfigError(f"sasl.jaas.config: unsecuredLoginLifetimeSeconds={text} is no number of seconds")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"sasl.jaas.config: the number claim {text!r} is no number") from None


def _list(text: str) -> list[str]:
    """The first character divides the others."""
    return text[1:].split(text[0]) if len(text) > 1 else []


def _encoded(value: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
