"""A front that clients take for a broker: TLS, SASL and single answers are its own, all else comes from behind it."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import ssl
import struct
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from minikafka.protocol.headers import decode_request_header, write_response_header
from minikafka.protocol.messages import (
    ApiVersionsResponse,
    SaslAuthenticateResponse,
    SaslHandshakeResponse,
    request_class,
)

CERTIFICATES = Path(__file__).parent / "certificates"
API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE = 18, 17, 36
REFUSED, ILLEGAL_STATE, UNSUPPORTED_MECHANISM = 58, 34, 33
_TIMEOUT_S = 10.0

Answer = Callable[[Any, int], Any]
"""(request, version) -> response; None: no answer at all; CLOSE: the connection ends."""

CLOSE = object()


def server_tls(certificate: str = "server", *, wants_client: bool = False) -> ssl.SSLContext:
    """The TLS of a listener with one of ``certificates/``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(CERTIFICATES / "ca.pem")
    return context


class BrokerFront:
    """Listens on a port of 127.0.0.1; ``answers`` are API key -> Answer, and ``backend_port`` has the rest.

    ``users`` are SASL users and passwords, for PLAIN and both kinds of SCRAM; a token of OAUTHBEARER is a password of
    the user "". ``handshake_version`` 0 is that of brokers before 1.0, which take SASL messages bare.
    As with Kafka, who has not logged in may ask for ApiVersions, and be it in version 0, which SASL begins with.
    """

    def __init__(
        self,
        backend_port: int = 0,
        *,
        answers: Mapping[int, Answer] | None = None,
        tls: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
        mechanisms: tuple[str, ...] = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
        handshake_version: int = 1,
        session_lifetime_ms: int = 0,
        is_impostor: bool = False,
    ) -> None:
        self.backend_port = backend_port
        self.answers = dict(answers or {})
        self.logins: list[str] = []
        """The mechanism of every login that was let in."""
        self._tls = tls
        self._users = users
        self._mechanisms = mechanisms
        self._handshake_version = handshake_version
        self._session_lifetime_ms = session_lifetime_ms
        self._is_impostor = is_impostor
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._stack = ExitStack()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join(_TIMEOUT_S)
        self._stack.close()
        for thread in self._threads:
            thread.join(_TIMEOUT_S)

    def __enter__(self) -> BrokerFront:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._stack.callback(_shut, client)
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with ExitStack() as stack, suppress(OSError, EOFError):
            stack.callback(client.close)
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
                stack.callback(client.close)
                _shake_hands(client)
            self._serve_frames(client, stack)

    def _serve_frames(self, client: socket.socket, stack: ExitStack) -> None:
        backend: socket.socket | None = None
        is_in = self._users is None
        while True:
            frame = _read_frame(client)
            api_key, version, correlation_id, _, position = decode_request_header(memoryview(frame))
            answer = self.answers.get(api_key)
            if self._users is not None and api_key == SASL_HANDSHAKE:
                is_in = self._log_in(client, frame, position, version, correlation_id)
                if not is_in:
                    return
            elif not is_in and api_key == API_VERSIONS and version == 0:
                _respond(client, api_key, version, correlation_id, self._api_versions())
            elif not is_in and api_key != API_VERSIONS:
                return
            elif answer is not None:
                response = answer(request_class(api_key).decode(memoryview(frame)[position:], version), version)
                if response is CLOSE:
                    return
                if response is not None:
                    _respond(client, api_key, version, correlation_id, response)
            else:
                if backend is None:
                    backend = stack.enter_context(socket.create_connection(("127.0.0.1", self.backend_port)))
                backend.sendall(struct.pack(">i", len(frame)) + frame)
                reply = _read_frame(backend)
                client.sendall(struct.pack(">i", len(reply)) + reply)

    def _api_versions(self) -> ApiVersionsResponse:
        served = {API_VERSIONS: 0, SASL_HANDSHAKE: self._handshake_version}
        if self._handshake_version > 0:
            served[SASL_AUTHENTICATE] = 2
        return ApiVersionsResponse(
            api_keys=[
                ApiVersionsResponse.ApiVersion(api_key=key, min_version=0, max_version=version)
                for key, version in served.items()
            ]
        )

    def _log_in(self, client: socket.socket, frame: bytes, position: int, version: int, correlation_id: int) -> bool:
        mechanism = request_class(SASL_HANDSHAKE).decode(memoryview(frame)[position:], version).mechanism
        is_offered = mechanism in self._mechanisms
        handshake = SaslHandshakeResponse(
            error_code=0 if is_offered else UNSUPPORTED_MECHANISM, mechanisms=list(self._mechanisms)
        )
        _respond(client, SASL_HANDSHAKE, version, correlation_id, handshake)
        if not is_offered:
            return False
        server = self._exchange(mechanism)
        next(server)
        while True:
            if version == 0:
                message, respond = _read_frame(client), _bare_responder(client)
            else:
                message, respond = self._sasl_message(client)
            try:
                respond(server.send(message))
            except StopIteration as stop:
                respond(stop.value)
                if stop.value is not None:
                    self.logins.append(mechanism)
                return stop.value is not None

    def _sasl_message(self, client: socket.socket) -> tuple[bytes, Callable[[bytes | None], None]]:
        frame = _read_frame(client)
        api_key, version, correlation_id, _, position = decode_request_header(memoryview(frame))
        assert api_key == SASL_AUTHENTICATE
        request = request_class(api_key).decode(memoryview(frame)[position:], version)

        def respond(message: bytes | None) -> None:
            response = SaslAuthenticateResponse(
                auth_bytes=message or b"", session_lifetime_ms=self._session_lifetime_ms
            )
            if message is None:
                response = SaslAuthenticateResponse(
                    error_code=REFUSED, error_message="Authentication failed: Invalid username or password"
                )
            _respond(client, api_key, version, correlation_id, response)

        return bytes(request.auth_bytes), respond

    def _exchange(self, mechanism: str) -> Any:
        """A generator: sent messages, it yields answers; it returns the last one, or None for a refusal."""
        if mechanism == "PLAIN":
            return self._plain()
        if mechanism == "OAUTHBEARER":
            return self._oauthbearer()
        return self._scram("sha256" if mechanism == "SCRAM-SHA-256" else "sha512")

    def _plain(self) -> Iterator[Any]:
        _, user, password = (yield None).decode().split("\0")
        return b"" if self._password(user) == password else None

    def _oauthbearer(self) -> Iterator[Any]:
        message = (yield None).decode()
        if message == f"n,,\x01auth=Bearer {self._password('')}\x01\x01":
            return b""
        yield b'{"status":"invalid_token"}'
        return None

    def _scram(self, digest: str) -> Iterator[Any]:
        """RFC 5802, section 3."""
        first_bare = (yield None).decode().removeprefix("n,,")
        pairs = dict(part.split("=", 1) for part in first_bare.split(","))
        salt, iterations = os.urandom(8), 4096
        server_first = f"r={pairs['r']}more,s={b64encode(salt).decode()},i={iterations}"
        final = (yield server_first.encode()).decode()
        without_proof, _, proof = final.rpartition(",p=")
        password = self._password(pairs["n"].replace("=2C", ",").replace("=3D", "="))
        salted = hashlib.pbkdf2_hmac(digest, (password or "").encode(), salt, iterations)
        auth_message = f"{first_bare},{server_first},{without_proof}".encode()
        client_key = hmac.digest(salted, b"Client Key", digest)
        signature = hmac.digest(hashlib.new(digest, client_key).digest(), auth_message, digest)
        shown = bytes(left ^ right for left, right in zip(b64decode(proof), signature, strict=True))
        if shown != client_key and not self._is_impostor:
            return None
        server_key = hmac.digest(b"guessed" if self._is_impostor else salted, b"Server Key", digest)
        return b"v=" + b64encode(hmac.digest(server_key, auth_message, digest))

    def _password(self, user: str) -> str | None:
        assert self._users is not None
        return self._users.get(user)


def _bare_responder(client: socket.socket) -> Callable[[bytes | None], None]:
    def respond(message: bytes | None) -> None:
        if message is not None:
            client.sendall(struct.pack(">i", len(message)) + message)

    return respond


def _respond(client: socket.socket, api_key: int, version: int, correlation_id: int, response: Any) -> None:
    out = bytearray(4)
    write_response_header(out, api_key, version, correlation_id)
    out += response.encode(version)
    struct.pack_into(">i", out, 0, len(out) - 4)
    client.sendall(out)


def _read_frame(source: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _read(source, 4))
    return _read(source, size)


def _read(source: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = source.recv(size - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return received


def _shake_hands(client: ssl.SSLSocket) -> None:
    client.settimeout(_TIMEOUT_S)
    try:
        client.do_handshake()
    except ssl.SSLError:
        # Closed with something unread, the connection would be reset, and the alert that was sent be lost.
        socket.socket.shutdown(client, socket.SHUT_WR)
        while socket.socket.recv(client, 4096):
            pass
        raise


def _shut(client: socket.socket) -> None:
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
