"""The examples of docs/embedded.md and docs/testing-with-pytest.md do what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka import Broker
from tests.docs.test_examples import DOCS, examples
from tests.test_pytest_plugin import PLUGIN_ARGUMENTS

pytest_plugins = ["pytester"]

_PRINTED = """\
hello
b'bob' b'{"fruit": "pear"}'
b'alice' b'two apples'
pear {'orders': 2}
2 records read
Stable {('orders', 0): 0, ('orders', 1): 0}
[('orders', 0), ('orders', 1)] 2
[b'two apples', b'{"fruit": "pear"}']
{('orders', 0): 0, ('orders', 1): 0}
3 8
{}
['kept']
[]
"""


@pytest.fixture
def namespace() -> Iterator[dict[str, object]]:
    """Of the examples; the broker that one of them leaves running is stopped."""
    names: dict[str, object] = {}
    yield names
    broker = names.get("broker")
    if isinstance(broker, Broker):
        broker.stop()


def test_embedded(namespace: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    page = "embedded.md"
    for example in examples(page):
        exec(compile(example, str(DOCS / page), "exec"), namespace)
    assert capsys.readouterr().out == _PRINTED


def test_testing_with_pytest(pytester: pytest.Pytester) -> None:
    written = [example.lstrip("\n") for example in examples("testing-with-pytest.md")]
    pytester.makepyfile(**{f"test_{number}": example for number, example in enumerate(written)})
    result = pytester.runpytest_inprocess(*PLUGIN_ARGUMENTS, "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2 + 2 + 1 + 1 + 2)
