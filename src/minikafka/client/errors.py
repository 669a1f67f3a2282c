"""What a client call can end with. Error codes inside an answer are the caller's to read: an answer is no failure."""

from __future__ import annotations

from minikafka.errors import MinikafkaError


class ClientError(MinikafkaError):
    """A broker could not be asked. The text says which one, what was asked, and what went wrong."""


class BrokerUnreachable(ClientError):
    """No connection could be made, or it ended before the answer came."""


class UnsupportedByBroker(ClientError):
    """The broker does not serve the API, or none of the versions this client speaks."""


class MalformedAnswer(ClientError):
    """What came is no answer to the request."""
