"""How a client secures its connections: Kafka's four security protocols, as what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from ssl import SSLContext

    from minikafka.security.sasl import SaslClient


class Sasl(NamedTuple):
    """``make_client`` gives a new machine for each authentication; a token may have been renewed in between."""

    mechanism: str
    make_client: Callable[[], SaslClient]


class Security(NamedTuple):
    """``tls`` is None for PLAINTEXT and SASL_PLAINTEXT, ``sasl`` for PLAINTEXT and SSL."""

    tls: SSLContext | None = None
    sasl: Sasl | None = None

    @property
    def protocol(self) -> str:
        """``security.protocol``."""
        names = ("PLAINTEXT", "SSL") if self.sasl is None else ("SASL_PLAINTEXT", "SASL_SSL")
        return names[self.tls is not None]


UNSECURED = Security()
