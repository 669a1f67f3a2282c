"""Which client works how: one row for each client, told by the clients themselves as they run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.matrix.workplace import CommandFailed

COLUMNS = ("produce", "assignment", "group", "848", "share", "transactions")
TITLES = ("client", "produce", "consume by assignment", "group", "group of KIP-848", "share group", "transactions")
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "clients.md"
NOT_APPLICABLE = "-"


def works(printed: str) -> set[str]:
    """The columns that a client has said to work."""
    return set(re.findall(r"^works: (.+?)\s*$", printed, re.MULTILINE))


def expect_all(columns: Iterable[str], printed: str, features: frozenset[str]) -> None:
    """A client has done all it can do on a broker with these features. Raises CommandFailed."""
    lacking = {"group": "groups", "848": "848", "share": "share", "transactions": "transactions"}
    wanted = {column for column in columns if column not in lacking or lacking[column] in features}
    if works(printed) != wanted:
        raise CommandFailed(f"works: {sorted(works(printed))}, not {sorted(wanted)}\n{printed[-4000:]}")


def row(client: str, columns: Iterable[str], printed: str) -> str:
    """A line of the table."""
    applicable, working = set(columns), works(printed)
    words = {column: "yes" if column in working else "no" for column in applicable}
    return f"| {client} | " + " | ".join(words.get(column, NOT_APPLICABLE) for column in COLUMNS) + " |"


def head() -> list[str]:
    return [f"| {' | '.join(TITLES)} |", "|---" * len(TITLES) + "|"]


def lines(rows: Mapping[str, str]) -> list[str]:
    return [*head(), *rows.values()]


def expect_documented(rows: Mapping[str, str]) -> None:
    """docs/clients.md says the same of every client that ran. Raises CommandFailed."""
    documented = DOCUMENT.read_text().splitlines()
    missing = [row for row in rows.values() if row not in documented]
    if missing:
        raise CommandFailed("docs/clients.md does not have these rows:\n" + "\n".join(missing))
