"""The Python examples of the documentation do what they say, when they are run in their order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.drivers import driver
from tests.conftest import BrokerMaker

DOCS = Path(__file__).parent.parent.parent / "docs"
DOCUMENTED_ADDRESS = "localhost:9092"


def examples(page: str) -> list[str]:
    """Each starts at the line it has on its page, so that a traceback leads there."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        "\n" * text.count("\n", 0, found.start(1)) + found.group(1)
        for found in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]


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
