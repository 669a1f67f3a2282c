from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config.reference import explain, main, page

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    main([str(tmp_path / "configuration.md")])
    written = (tmp_path / "configuration.md").read_text(encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written, (
        "write it anew: python -m minikafka.config.reference docs/configuration.md"
    )


def test_every_row_of_the_page_has_all_cells() -> None:
    columns = 0
    for line in page().split("\n"):
        if line.startswith("| Key"):
            columns = line.count(" | ")
        elif line.startswith("| `"):
            assert line.replace("\\|", "").count(" | ") == columns, line


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "retention.ms",
            "retention.ms (topic)\n"
            "  How long a closed segment is kept after its newest record; -1 keeps it forever.\n"
            "  type: long\n"
            "  default: 604800000\n"
            "  allowed: [-1,...]\n"
            "  broker's default: log.retention.ms",
        ),
        (
            "zookeeper.sync.time.ms",
            "zookeeper.sync.time.ms (broker)\n"
            "  No effect on a single node: there is no ZooKeeper; the broker keeps its metadata itself, in "
            "__cluster_metadata.\n"
            "  type: int\n"
            "  default: 2000\n"
            "  changes while running: read-only\n"
            "  in Kafka until 2.8\n"
            "\n"
            "zookeeper.sync.time.ms (consumer)\n"
            "  Scala consumer: how far a ZooKeeper follower may lag.\n"
            "  type: int\n"
            "  default: 2000\n"
            "  in Kafka until 1.1",
        ),
        ("no.such.key", None),
    ],
)
def test_a_key_is_explained_in_every_scope_that_has_it(name: str, expected: str | None) -> None:
    assert explain(name) == expected
