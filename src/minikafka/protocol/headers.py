"""The header before every request and response.

A request header says which version the body has, so its own version follows from the API key and version it starts
with (Kafka: ``ApiMessageType.requestHeaderVersion``). The classes ``RequestHeaderData`` and ``ResponseHeaderData`` do
the same slowly and for every version; these functions are what a connection uses.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final

from minikafka.errors import ProtocolError
from minikafka.protocol.codec import skip_tagged_fields
from minikafka.protocol.messages import request_class
from minikafka.protocol.primitives import Buffer
from minikafka.protocol.tables import APIS

_API_VERSIONS: Final = 18
_CONTROLLED_SHUTDOWN: Final = 7

# API key, version, correlation id, size of the client id. The shortest request there is, ControlledShutdown version 0
# with no client id, has as many bytes.
_REQUEST_HEAD: Final = Struct(">hhih")
_CORRELATION_ID: Final = Struct(">i")


_NEVER: Final = 1 << 15
"""More than any version."""

_first_flexible: dict[int, int] = {}


def _flexible_since(api_key: int) -> int:
    """The first version of an API with tagged fields, the same for requests and responses. Known once asked for."""
    since = _first_flexible.get(api_key)
    if since is None:
        if api_key not in APIS:
            raise ProtocolError(f"unknown API key {api_key}")
        declared = request_class(api_key).flexible_since
        since = _first_flexible[api_key] = _NEVER if declared is None else declared
    return since


def request_header_version(api_key: int, version: int) -> int:
    """The version of the header before a request: 2 with tagged fields, 1 with a client id, 0 with neither.

    ProtocolError when Kafka has no such API; any version is answered, known or not.
    """
    if version >= _flexible_since(api_key):
        return 2
    # Version 0 of ControlledShutdown is older than the client id.
    return 0 if api_key == _CONTROLLED_SHUTDOWN and version == 0 else 1


def response_header_version(api_key: int, version: int) -> int:
    """The version of the header before a response: 1 with tagged fields, else 0. ProtocolError as above."""
    # A client must be able to read the answer to an ApiVersions request whose version the broker lacks (KIP-511).
    return 1 if version >= _flexible_since(api_key) and api_key != _API_VERSIONS else 0


def decode_request_header(frame: Buffer) -> tuple[int, int, int, str | None, int]:
    """(api_key, api_version, correlation_id, client_id, position of the body) of a frame without its size.

    ProtocolError when the API key is unknown or the frame is too short or malformed. The version may be one that does
    not exist: what to answer then depends on the API.
    """
    try:
        api_key, api_version, correlation_id, size = _REQUEST_HEAD.unpack_from(frame)
        # ``request_header_version``, without its calls.
        is_flexible = api_version >= (_first_flexible.get(api_key) or _flexible_since(api_key))
        if api_key == _CONTROLLED_SHUTDOWN and api_version == 0:
            return api_key, api_version, correlation_id, None, 8
        client_id = None
        position = 10
        if size >= 0:
            position += size
            if position > len(frame):
                raise ProtocolError(f"client_id of {size} bytes announced, {len(frame) - 10} left")
            client_id = str(frame[10:position], "utf-8")
        if is_flexible:
            if frame[position]:
                position = skip_tagged_fields(frame, position, len(frame))
            else:
                position += 1
    except (error, IndexError):
        raise ProtocolError(f"request header: the frame ends inside, after {len(frame)} bytes") from None
    except UnicodeDecodeError as failure:
        raise ProtocolError(f"request header: client_id is not UTF-8: {failure.reason}") from None
    except ProtocolError as failure:
        raise ProtocolError(f"request header: {failure}") from None
    return api_key, api_version, correlation_id, client_id, position


def write_response_header(out: bytearray, api_key: int, version: int, correlation_id: int) -> None:
    """Append the header of a response to ``out``."""
    out += _CORRELATION_ID.pack(correlation_id)
    # ``response_header_version``, without its calls.
    if version >= (_first_flexible.get(api_key) or _flexible_since(api_key)) and api_key != _API_VERSIONS:
        out.append(0)
