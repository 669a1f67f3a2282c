"""What a client call can end with. Error codes inside an answer are the caller's to read: an answer is no failure."""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.errors import MinikafkaError


class ClientError(MinikafkaError):
    """A broker could not be asked. The text says which one, what was asked, and what went wrong."""


class BrokerUnreachable(ClientError):
    """No connection could be made, or it ended before the answer came."""


class TlsFailed(ClientError):
    """The two sides do not agree on TLS; ``__cause__`` is the error of the ssl module. To try again does not help."""


class AuthenticationFailed(ClientError):
    """The broker does not let the client in; to try again does not help.

    ``code`` is the error code the broker gave, if any, and ``offered`` are the mechanisms it named.
    """

    def __init__(self, text: str, code: int | None = None, offered: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.code = code
        self.offered = list(offered)


class UnsupportedByBroker(ClientError):
    """The broker does not serve the API, or none of the versions this client speaks."""


class MalformedAnswer(ClientError):
    """What came is no answer to the request."""
