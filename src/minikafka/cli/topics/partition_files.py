"""JSON files that name partitions: ``{"partitions": [{"topic": "orders", "partition": 1}]}``."""

from __future__ import annotations

import json
from pathlib import Path

from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition


def partitions_in(path: str) -> list[TopicPartition]:
    """Raises ClientError, in the words of Kafka's LeaderElectionCommand where it has some."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8") or "null")
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ClientError(f"{path} is not JSON: {error}") from error
    if document is None:
        raise ClientError("Replica election data is empty")
    if not isinstance(document, dict) or "partitions" not in document:
        raise ClientError('Replica election data is missing "partitions" field')
    found: list[TopicPartition] = []
    for entry in document["partitions"]:
        try:
            found.append((str(entry["topic"]), int(entry["partition"])))
        except (KeyError, TypeError, ValueError):
            raise ClientError(f"{path}: {json.dumps(entry)} needs topic and partition") from None
    twice = [f"{topic}-{index}" for topic, index in dict.fromkeys(found) if found.count((topic, index)) > 1]
    if twice:
        raise ClientError(f"Replica election data contains duplicate partitions: [{', '.join(twice)}]")
    return found
