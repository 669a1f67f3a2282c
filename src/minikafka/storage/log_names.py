"""The names of the files and folders of a log (Kafka: LogFileUtils, LocalLog)."""

from __future__ import annotations

import os
import re

LOG = ".log"
OFFSET_INDEX = ".index"
TIME_INDEX = ".timeindex"
TRANSACTION_INDEX = ".txnindex"
PRODUCER_SNAPSHOT = ".snapshot"
INDEX_SUFFIXES = (OFFSET_INDEX, TIME_INDEX, TRANSACTION_INDEX)
SEGMENT_SUFFIXES = (LOG, *INDEX_SUFFIXES)

DELETED = ".deleted"
CLEANED = ".cleaned"
SWAP = ".swap"

DELETE_DIRECTORY = "-delete"
FUTURE_DIRECTORY = "-future"
STRAY_DIRECTORY = "-stray"

METADATA_TOPIC = "__cluster_metadata"
"""Its log is the controller's, who opens it by itself."""

_MARKED_DIRECTORY = r"(\S+)-(\d+)\.(\S+)-(delete|future|stray)"
_OFFSET_FILE = r"(\d{20})(\.\w+)(\.deleted|\.cleaned|\.swap)?"
_MAX_NAME_LENGTH = 255


def file_name(offset: int, suffix: str) -> str:
    """``(5, ".log") -> "00000000000000000005.log"``."""
    return f"{offset:020d}{suffix}"


def parse_file_name(name: str) -> tuple[int, str, str] | None:
    """``"00000000000000000005.log.swap" -> (5, ".log", ".swap")``; None for names that carry no offset."""
    match = re.fullmatch(_OFFSET_FILE, name)
    return None if match is None else (int(match[1]), match[2], match[3] or "")


def partition_directory(topic: str, partition: int) -> str:
    return f"{topic}-{partition}"


def parse_directory(name: str) -> tuple[str, int, str] | None:
    """``"demo-0" -> ("demo", 0, "")``, ``"demo-0.5f…-delete" -> ("demo", 0, "-delete")``; None for other folders."""
    if name.endswith((DELETE_DIRECTORY, FUTURE_DIRECTORY, STRAY_DIRECTORY)):
        match = re.fullmatch(_MARKED_DIRECTORY, name)
        return None if match is None else (match[1], int(match[2]), "-" + match[4])
    topic, _, partition = name.rpartition("-")
    return (topic, int(partition), "") if topic and partition.isdecimal() else None


def marked_directory(topic: str, partition: int, mark: str) -> str:
    """The name of a partition's folder once it is to be deleted or stray; the topic's name is cut to what fits
    (KAFKA-4893)."""
    suffix = f"-{partition}.{os.urandom(16).hex()}{mark}"
    return topic[: _MAX_NAME_LENGTH - len(suffix)] + suffix


def is_too_long_to_move(topic: str, partition: int) -> bool:
    """Whether the folder of a copy could not hold the topic's whole name, which Kafka insists on (KAFKA-4893)."""
    return len(f"{partition_directory(topic, partition)}.{'0' * 32}{FUTURE_DIRECTORY}") > _MAX_NAME_LENGTH
