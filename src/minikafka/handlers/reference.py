"""What API_TABLE and the handlers say, for people, as ``docs/apis.md``.

``python -m minikafka.handlers.reference docs/apis.md`` writes the page anew.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from minikafka.handlers import API_TABLE, Api
from minikafka.protocol.tables import APIS

_INTRODUCTION: Final = """\
# APIs

<!-- Written by `python -m minikafka.handlers.reference docs/apis.md` from src/minikafka/handlers. -->

What the broker serves, at all versions named; the numbers and names are Kafka's. Served are the versions of Apache
Kafka 3.9 and of 4.2 together, so that clients of 0.8 and clients of 4.x find what they need on one port. A request of
another API, or of another version, closes its connection with one line in the log, as in Kafka; ApiVersions tells
clients so beforehand.

*ACL* is the operation that has to be allowed on the resource where an authorizer is at work.

| Key | API | Versions | ACL | What it does |
|---:|---|---|---|---|
"""

_CLOSING: Final = """
Not served: {}.
"""


def page() -> str:
    """The text of ``docs/apis.md``."""
    rows = "".join(map(_row, API_TABLE))
    served = {api.key for api in API_TABLE}
    missing = [f"{name} ({key})" for key, (name, _) in sorted(APIS.items()) if key not in served]
    return _INTRODUCTION + rows + (_CLOSING.format(", ".join(missing)) if missing else "")


def _row(api: Api) -> str:
    versions = str(api.max_version) if api.min_version == api.max_version else f"{api.min_version}-{api.max_version}"
    return f"| {api.key} | {api.name} | {versions} | {api.acl or '-'} | {purpose(api)} |\n"


def purpose(api: Api) -> str:
    """What the handler's module says it does: its first paragraph, after name and versions."""
    first_paragraph = opening(api).partition("\n\n")[0].replace("\n", " ")
    text = first_paragraph.partition(": ")[2].rstrip(".")
    return text[:1].upper() + text[1:]


def opening(api: Api) -> str:
    """The docstring of the module that serves ``api``."""
    source = Path(__file__).with_name(f"{api.module}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def main(arguments: Sequence[str]) -> int:
    """Write the page to the file that ``arguments`` names; the exit code."""
    Path(arguments[0]).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
