"""``kafka-delete-records``: delete what is below an offset (DeleteRecordsCommand)."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.options import Options, Tool, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.errors import ClientError
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import delete_records
from minikafka.errors import NONE, message_of

_TOOL = Tool(
    "kafka-delete-records",
    "This tool helps to delete records of the given partitions down to the specified offset.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        string(
            "offset-json-file",
            "Offset json file path",
            'REQUIRED: {"partitions": [{"topic": "foo", "partition": 1, "offset": 1}], "version": 1}; offset -1: all '
            "there are.",
        ),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act)


def _act(options: Options) -> int:
    options.require("bootstrap-server", "offset-json-file")
    offsets = _offsets(options.value("offset-json-file") or "")
    with cluster_of(options) as cluster:
        print("Executing records delete operation")
        deleted = delete_records(cluster, Leaders(cluster), offsets)
        print("Records delete operation completed:")
        for (topic, index), (low_watermark, code) in sorted(deleted.items()):
            outcome = f"low_watermark: {low_watermark}" if code == NONE else f"error: {message_of(code)}"
            print(f"partition: {topic}-{index}\t{outcome}")
    return 0


def _offsets(path: str) -> dict[TopicPartition, int]:
    """Raises ClientError: that is no such file."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ClientError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ClientError(f"The input string is not a valid JSON: {path}: {error}") from error
    if not isinstance(document, dict) or "partitions" not in document:
        raise ClientError("Missing partitions field")
    if document.get("version", 1) != 1:
        raise ClientError(f"Not supported version field value {document['version']}")
    offsets: dict[TopicPartition, int] = {}
    duplicates = []
    for entry in document["partitions"]:
        try:
            where, offset = (str(entry["topic"]), int(entry["partition"])), int(entry["offset"])
        except (KeyError, TypeError, ValueError):
            raise ClientError(f"{path}: {json.dumps(entry)} needs topic, partition and offset") from None
        if where in offsets:
            duplicates.append(f"{where[0]}-{where[1]}")
        offsets[where] = offset
    if duplicates:
        raise ClientError(f"Offset json file contains duplicate topic partitions: {','.join(duplicates)}")
    return offsets


if __name__ == "__main__":
    sys.exit(main())
