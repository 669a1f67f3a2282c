"""The Python examples of the documentation do what they say, when they are run in their order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.clients.drivers import driver
from tests.conftest import BrokerMaker

REPOSITORY = Path(__file__).parent.parent.parent
DOCS = REPOSITORY / "docs"
PAGES = frozenset({"README.md", "embedded.md", "exactly-once.md", "faults.md", "testing-with-pytest.md"})
"""Pages with examples in Python; a test of this package runs those of each."""

DOCUMENTED_ADDRESS = "localhost:9092"


class Example(NamedTuple):
    """``needs``: what has to be installed besides the project's own test programs, as names to import."""

    needs: str
    code: str


def all_examples(page: Path) -> list[Example]:
    """Each starts at the line it has on its page, so that a traceback leads there."""
    text = page.read_text(encoding="utf-8")
    pattern = r"^(?:<!-- needs: ([\w ]+) -->\n)?```python\n(.*?)^```"
    return [
        Example(found.group(1) or "", "\n" * text.count("\n", 0, found.start(2)) + found.group(2))
        for found in re.finditer(pattern, text, re.MULTILINE | re.DOTALL)
    ]


def examples(page: str) -> list[str]:
    """Those that need nothing more."""
    return [example.code for example in all_examples(DOCS / page) if not example.needs]


def test_exactly_once(make_broker: BrokerMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with make_broker(tmp_path, {"group.initial.rebalance.delay.ms": "0"}) as broker:
        client = driver("confluent-kafka", broker.bootstrap)
        for topic in ("readings", "orders", "debits", "credits", "receipts"):
            client.create_topic(topic)
        namespace: dict[str, object] = {}
        for example in examples("exactly-once.md"):
            code = compile(example.replace(DOCUMENTED_ADDRESS, broker.bootstrap), str(DOCS / "exactly-once.md"), "exec")
            exec(code, namespace)
        assert capsys.readouterr().out == "b'21.5'\nb'two apples'\n"
        receipts = client.read("receipts", {0: "earliest"}, 2, isolation="read_committed")
        assert [message.value for message in receipts] == [b"paid: two apples", b"paid: one pear"]


def test_every_page_with_examples_is_known() -> None:
    pages = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *DOCS.rglob("*.md")]
    found = {page.name for page in pages if re.search(r"^\s*```\s*(python|py|pycon)", page.read_text(), re.MULTILINE)}
    assert found == PAGES, "a test has to run the examples of each"
    for name in found:
        page = DOCS / name if name != "README.md" else REPOSITORY / name
        fences = re.findall(r"^\s*```\s*(?:python|py|pycon).*$", page.read_text(), re.MULTILINE)
        assert len(fences) == len(all_examples(page)), "they are found by the fence ```python alone"


def test_the_examples_of_the_readme(
    make_broker: BrokerMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick_start, embedded = (example.code for example in all_examples(REPOSITORY / "README.md"))
    with make_broker(tmp_path, {"group.initial.rebalance.delay.ms": "0"}) as broker:
        namespace: dict[str, Any] = {}
        exec(compile(quick_start.replace(DOCUMENTED_ADDRESS, broker.bootstrap), "README.md", "exec"), namespace)
        namespace["consumer"].close()
        namespace["producer"].close()
    assert capsys.readouterr().out == "0 0 hello 0\n0 1 hello 1\n0 2 hello 2\n"
    exec(compile(embedded, "README.md", "exec"), {})
    assert "topic='greetings', partition=0" in capsys.readouterr().out
