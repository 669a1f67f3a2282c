"""partition.metadata: the topic id a partition's folder belongs to (Kafka: PartitionMetadataFile)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from minikafka.errors import StorageError
from minikafka.storage.files import FileSystem

FILE_NAME = "partition.metadata"


def encode_uuid(uuid: bytes) -> str:
    """Kafka's text of 16 bytes: URL-safe base64, 22 characters."""
    return urlsafe_b64encode(uuid).decode("ascii").rstrip("=")


def decode_uuid(text: str) -> bytes:
    """The 16 bytes of Kafka's text; ValueError for anything else."""
    uuid = urlsafe_b64decode(text + "==")
    if len(uuid) != 16:
        raise ValueError(f"{text!r} is not a Kafka uuid")
    return uuid


def read_topic_id(files: FileSystem, directory: str) -> bytes | None:
    """The topic id (16 bytes); None when the file is missing, or empty because the power failed before it reached the
    disk. Raises StorageError when it is malformed."""
    path = f"{directory}/{FILE_NAME}"
    try:
        content = files.read_bytes(path)
    except FileNotFoundError:
        return None
    if not content.strip(b"\0"):
        return None
    try:
        version_line, id_line = content.decode().splitlines()
        version_name, version = version_line.split(": ")
        id_name, topic_id = id_line.split(": ")
        if (version_name, version, id_name) != ("version", "0", "topic_id"):
            raise ValueError
        return decode_uuid(topic_id)
    except ValueError:
        raise StorageError(f"{path}: malformed: {content[:80]!r}") from None


def write_topic_id(files: FileSystem, directory: str, topic_id: bytes, *, sync: bool) -> None:
    """Durability is not needed before the first flush: the controller's records name the id as well."""
    content = f"version: 0\ntopic_id: {encode_uuid(topic_id)}"
    files.replace_atomically(f"{directory}/{FILE_NAME}", content.encode(), sync=sync)
