"""A connection that sends any request in any version, and gives the answer decoded, or as it came."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Any

from minikafka import Broker
from minikafka.protocol.headers import request_header_version, response_header_version
from minikafka.protocol.messages import RequestHeaderData, response_class


class RawClient:
    """Use it in a ``with`` block."""

    def __init__(self, broker: Broker, client_id: str = "raw", timeout_s: float = 10.0) -> None:
        [address] = broker.addresses.values()
        self._socket = socket.create_connection(address, timeout=timeout_s)
        self._client_id = client_id
        self._correlation_id = 0

    def call(self, request: Any, version: int) -> Any:
        """Raises ConnectionError: the connection ended before the answer did."""
        self.send(request, version)
        return self.receive(request, version)

    def send(self, request: Any, version: int) -> None:
        self._correlation_id += 1
        header = RequestHeaderData(
            request_api_key=request.api_key,
            request_api_version=version,
            correlation_id=self._correlation_id,
            client_id=self._client_id,
        )
        frame = header.encode(request_header_version(request.api_key, version)) + request.encode(version)
        self._socket.sendall(struct.pack(">i", len(frame)) + frame)

    def receive(self, request: Any, version: int) -> Any:
        """The answer to what was sent last."""
        frame = self.receive_frame()
        assert int.from_bytes(frame[:4], "big") == self._correlation_id
        start = 4 + response_header_version(request.api_key, version)
        return response_class(request.api_key).decode(frame[start:], version)

    def receive_frame(self) -> bytes:
        [size] = struct.unpack(">i", self.receive_bytes(4))
        return self.receive_bytes(size)

    def receive_bytes(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            part = self._socket.recv(size - len(received))
            if not part:
                raise ConnectionError(f"the connection ended after {len(received)} of {size} bytes")
            received += part
        return received

    def receive_rest(self) -> bytes:
        """All until the connection ends."""
        received = b""
        while part := self._socket.recv(1 << 16):
            received += part
        return received

    @property
    def correlation_id(self) -> int:
        """Of what was sent last."""
        return self._correlation_id

    def __enter__(self) -> RawClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()
