from __future__ import annotations

import pytest

from minikafka.config.conditions import condition


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("1..", "[1,...]"),
        ("0..1", "[0,...,1]"),
        ("{a,b}", "[a, b]"),
        ("~{A,B}", "(case insensitive) [A, B]"),
        ("distinct", ""),
        ("distinct nonempty {a,b}", "[a, b]"),
    ],
)
def test_a_condition_is_written_as_kafka_writes_it(cell: str, text: str) -> None:
    found = condition(cell)
    assert found is not None
    assert found.text == text


def test_not_a_number_is_in_every_range_as_in_java() -> None:
    found = condition("0..1")
    assert found is not None
    found.ensure("key", float("nan"))
