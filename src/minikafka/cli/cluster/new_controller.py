"""A controller that is to join a quorum, as its own property file and directory describe it (KIP-853)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from minikafka.cli.toolkit.connecting import load_properties
from minikafka.client.admin.quorum import RaftEndpoint
from minikafka.client.errors import ClientError
from minikafka.config.properties import parse_properties
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.primitives import uuid_from_text

_QUESTION = "Is this a valid controller configuration file?"


class NewController(NamedTuple):
    node_id: int
    directory_id: bytes
    endpoints: list[RaftEndpoint]


def new_controller(path: str) -> NewController:
    """Read the property file, and meta.properties in the directory of metadata. Raises ConfigError, ClientError."""
    properties = load_properties(path)
    return NewController(_node_id(properties), _directory_id(_directory(properties)), _endpoints(properties))


def _node_id(properties: Mapping[str, str]) -> int:
    if "node.id" not in properties:
        raise ClientError(f"node.id not found in configuration file. {_QUESTION}")
    try:
        node_id = int(properties["node.id"])
    except ValueError:
        raise ClientError(f"node.id={properties['node.id']} is no number. {_QUESTION}") from None
    if node_id < 0:
        raise ClientError(f"node.id was negative in configuration file. {_QUESTION}")
    if "controller" not in properties.get("process.roles", ""):
        raise ClientError(f"process.roles did not contain 'controller' in configuration file. {_QUESTION}")
    return node_id


def _directory(properties: Mapping[str, str]) -> str:
    if "metadata.log.dir" in properties:
        return properties["metadata.log.dir"]
    if "log.dirs" in properties:
        return properties["log.dirs"].split(",")[0].strip()
    raise ClientError(f"Neither metadata.log.dir nor log.dirs were found. {_QUESTION}")


def _directory_id(directory: str) -> bytes:
    path = Path(directory, "meta.properties")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ClientError(f"Unable to read meta.properties from {directory}: {error.strerror}") from error
    meta = {key: value for key, value, _ in parse_properties(text, str(path))}
    if "directory.id" not in meta:
        raise ClientError(f"No directory id found in {directory}")
    try:
        return uuid_from_text(meta["directory.id"])
    except ValueError as error:
        raise ClientError(f"{path}: directory.id={meta['directory.id']}: {error}") from error


def _endpoints(properties: Mapping[str, str]) -> list[RaftEndpoint]:
    """Where controllers will find it: by its advertised listeners, else by its listeners."""
    known = {}
    for key in ("listeners", "advertised.listeners"):
        for text in filter(None, (part.strip() for part in properties.get(key, "").split(","))):
            endpoint = _endpoint(key, text)
            known[endpoint.listener] = endpoint
    if "controller.listener.names" not in properties:
        raise ClientError(f"controller.listener.names was not found. {_QUESTION}")
    endpoints = []
    for name in properties["controller.listener.names"].split(","):
        listener = name.strip().upper()
        if listener not in known:
            raise ClientError(f"Cannot find information about controller listener name: {listener}")
        endpoints.append(known[listener])
    return endpoints


def _endpoint(key: str, text: str) -> RaftEndpoint:
    listener, separator, address = text.partition("://")
    host, colon, port = address.rpartition(":")
    if not separator or not colon or not port.isdecimal():
        raise ClientError(f"{key}={text}: a listener has the form NAME://HOST:PORT")
    return RaftEndpoint(listener.upper(), host.strip("[]") or "localhost", int(port))
