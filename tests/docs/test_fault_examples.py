"""The examples of docs/faults.md do what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka import Broker
from tests.docs.test_examples import DOCS, examples

_PRINTED = """\
2 failed, 1 record is there
['one pear']
['one pear', 'a plum', 'a plum']
4 read
b'a quince'
{('orders', 0): 0, ('orders', 1): 0}
2
None ['drop the connection after Produce']
0 True
1 ok
"""


@pytest.fixture
def namespace() -> Iterator[dict[str, object]]:
    """Of the examples; the broker is stopped also when one of them fails."""
    names: dict[str, object] = {}
    yield names
    broker = names.get("broker")
    if isinstance(broker, Broker):
        broker.stop()


def test_faults(namespace: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    page = "faults.md"
    for example in examples(page):
        exec(compile(example, str(DOCS / page), "exec"), namespace)
    assert capsys.readouterr().out == _PRINTED
