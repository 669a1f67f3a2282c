"""docs/commands.md is what the table of commands says."""

from __future__ import annotations

from pathlib import Path

from minikafka.cli import COMMANDS
from minikafka.cli.reference import write

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    write([str(tmp_path / "commands.md")])
    written = (tmp_path / "commands.md").read_text(encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written, (
        "write it anew: python -m minikafka.cli.reference docs/commands.md"
    )


def test_every_command_has_its_row() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(COMMANDS)
    assert all(row.count(" | ") == 2 for row in rows)
