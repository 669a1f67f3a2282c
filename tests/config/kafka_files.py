"""The property files of a release of Kafka, put together from what ``kafka_shipped.tsv`` recorded of all of them."""

from __future__ import annotations

from tests.config.facts import rows

BROKER_FILES = ("server", "kraft/server", "kraft/broker", "kraft/reconfig-server")

RELEASES = (
    *("0.8.0", "0.8.1.1", "0.8.2.2", "0.9.0.1", "0.10.0.1", "0.10.2.2", "0.11.0.2", "1.0.0", "1.1.1", "2.0.1"),
    *("2.4.1", "2.5.0", "2.8.2", "3.0.2", "3.3.2", "3.8.0", "4.0"),
)
"""One of each form the files have had."""


def kafka_file(file: str, release: str) -> str:
    """The settings of ``config/FILE.properties`` without its comments; empty where the release had no such file."""
    return "".join(
        f"{name}={value}\n"
        for recorded, name, comment, value, first, last in rows("kafka_shipped.tsv")
        if recorded == file and not comment and _number(first) <= _number(release) <= _number(last)
    )


def _number(release: str) -> list[int]:
    return [int(part) for part in release.split(".")]
