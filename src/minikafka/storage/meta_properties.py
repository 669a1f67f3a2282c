"""meta.properties: whose log directory this is (Kafka: MetaProperties, MetaPropertiesEnsemble)."""

from __future__ import annotations

import os
import time

from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.storage.files import FileSystem
from minikafka.storage.partition_metadata import decode_uuid, encode_uuid

FILE_NAME = "meta.properties"

_RESERVED_IDS_BELOW = 100


class MetaProperties(NamedTuple):
    """Version 1 names cluster and node; version 0 (ZooKeeper's, before KRaft) may lack both."""

    cluster_id: str | None
    node_id: int | None
    directory_id: bytes | None
    version: int = 1


def read_meta_properties(files: FileSystem, directory: str) -> MetaProperties | None:
    """What the directory says of itself; None when it is new. Raises StorageError when it cannot be understood."""
    path = f"{directory}/{FILE_NAME}"
    try:
        content = files.read_bytes(path)
    except FileNotFoundError:
        return None
    values = _parse(content.decode("latin-1"))
    try:
        version = int(values.get("version", "0"))
        node_id = values.get("node.id" if version else "broker.id")
        directory_id = values.get("directory.id")
        properties = MetaProperties(
            values.get("cluster.id"),
            None if node_id is None else int(node_id),
            None if directory_id is None else decode_uuid(directory_id),
            version,
        )
    except ValueError as error:
        raise StorageError(f"{path}: {error}") from None
    if version not in (0, 1):
        raise StorageError(f"{path}: unknown version {version}")
    if version and (properties.cluster_id is None or properties.node_id is None):
        missing = "cluster.id" if properties.cluster_id is None else "node.id"
        raise StorageError(f"{path}: {missing} is missing")
    return properties


def write_meta_properties(files: FileSystem, directory: str, properties: MetaProperties, now_ms: int) -> None:
    """Durably replace the file, in the order in which Java's Properties writes these keys."""
    date = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(now_ms / 1000))
    lines = ["#", f"#{date}", f"node.id={properties.node_id}"]
    if properties.directory_id is not None:
        lines.append(f"directory.id={encode_uuid(properties.directory_id)}")
    lines += ["version=1", f"cluster.id={properties.cluster_id}"]
    content = "".join(f"{line}\n" for line in lines)
    files.replace_atomically(f"{directory}/{FILE_NAME}", content.encode("latin-1"), sync=True)


def random_uuid() -> bytes:
    """16 random bytes that may name a cluster or a directory: not one of Kafka's reserved ids, and not with a text
    that begins with "-", which command lines would take for an option (Uuid.randomUuid)."""
    while True:
        uuid = bytearray(os.urandom(16))
        uuid[6] = uuid[6] & 0x0F | 0x40
        uuid[8] = uuid[8] & 0x3F | 0x80
        if int.from_bytes(uuid, "big") >= _RESERVED_IDS_BELOW and not encode_uuid(bytes(uuid)).startswith("-"):
            return bytes(uuid)


def _parse(text: str) -> dict[str, str]:
    values = {}
    for line in text.splitlines():
        line = line.strip()
        if line and line[0] not in "#!":
            key, _, value = line.partition("=")
            values[key.strip()] = value.strip().replace("\\", "")
    return values
