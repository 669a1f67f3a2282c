"""SCRAM-SHA-256 and -512, the client's side (RFC 5802): the password is proved and never sent, and so is the server.

```
client first  n,,n=USER,r=NONCE[,tokenauth=true]   ->
                                                   <-  r=NONCE+MORE,s=SALT,i=ITERATIONS   server first
client final  c=biws,r=NONCE+MORE,p=PROOF          ->
                                                   <-  v=SIGNATURE, or e=ERROR            server final
```

``tokenauth`` is Kafka's: the user and password are a delegation token's id and HMAC (KIP-48).
Source: ``ScramSaslClient``, ``ScramMessages``.
"""

from __future__ import annotations

import binascii
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable

from minikafka.security.sasl import SaslError
from minikafka.security.scram import MIN_ITERATIONS, client_proof, escaped_name, salted_password, server_signature

_SERVER_FIRST = re.compile(r"(?:m=[^,]+,)?r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9/+]+=*),i=([0-9]{1,9})(?:,.*)?")
_SERVER_FINAL = re.compile(r"(?:v=([A-Za-z0-9/+]+=*)|e=([^,]*))(?:,.*)?")
_WITHOUT_CHANNEL_BINDING = "c=biws"  # "n,,": the client does not support channel binding


class ScramClient:
    """One of the two mechanisms of ``scram.DIGESTS``.

    :param make_nonce: gives printable ASCII without commas, new for each exchange.
    """

    def __init__(
        self,
        mechanism: str,
        user: str,
        password: str,
        *,
        is_delegation_token: bool = False,
        make_nonce: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self.is_complete = False
        self._mechanism = mechanism
        self._password = password
        self._nonce = make_nonce()
        self._first_bare = f"n={escaped_name(user)},r={self._nonce}" + (
            ",tokenauth=true" if is_delegation_token else ""
        )
        self._expected_signature = b""
        self._next = self._send_first

    def step(self, challenge: bytes) -> bytes | None:
        """See ``SaslClient.step``."""
        try:
            text = challenge.decode()
        except UnicodeDecodeError:
            raise SaslError(f"the server's {self._mechanism} message is no text") from None
        return self._next(text)

    def _send_first(self, challenge: str) -> bytes | None:
        if challenge:
            raise SaslError(f"the server speaks first, and in {self._mechanism} the client does")
        self._next = self._send_final
        return f"n,,{self._first_bare}".encode()

    def _send_final(self, challenge: str) -> bytes | None:
        match = _SERVER_FIRST.fullmatch(challenge)
        if match is None:
            raise SaslError(f"the server's first {self._mechanism} message has not the form r=...,s=...,i=...")
        nonce, salt, iterations = match[1], _from_base64(match[2], "salt"), int(match[3])
        if not nonce.startswith(self._nonce):
            raise SaslError("Invalid server nonce: does not start with client nonce")
        if iterations < MIN_ITERATIONS:
            raise SaslError(
                f"Requested iterations {iterations} is less than the minimum {MIN_ITERATIONS} for {self._mechanism}"
            )
        final = f"{_WITHOUT_CHANNEL_BINDING},r={nonce}"
        auth_message = f"{self._first_bare},{challenge},{final}".encode()
        salted = salted_password(self._mechanism, self._password, salt, iterations)
        proof = b64encode(client_proof(self._mechanism, salted, auth_message)).decode()
        self._expected_signature = server_signature(self._mechanism, salted, auth_message)
        self._next = self._verify
        return f"{final},p={proof}".encode()

    def _verify(self, challenge: str) -> bytes | None:
        match = _SERVER_FINAL.fullmatch(challenge)
        if match is None:
            raise SaslError(f"the server's last {self._mechanism} message has not the form v=...")
        if match[1] is None:
            raise SaslError(f"Sasl authentication using {self._mechanism} failed with error: {match[2]}")
        if not hmac.compare_digest(_from_base64(match[1], "signature"), self._expected_signature):
            raise SaslError("Invalid server signature in server final message: it does not know this user's password")
        self.is_complete = True
        self._next = self._refuse
        return None

    def _refuse(self, challenge: str) -> bytes | None:
        raise SaslError(f"the server goes on although {self._mechanism} is at its end")


def _from_base64(text: str, what: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise SaslError(f"the server's {what} is not base64") from None
