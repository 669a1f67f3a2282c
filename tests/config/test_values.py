from __future__ import annotations

import pytest

from minikafka.config.values import InvalidValue, parse_value, value_text


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("boolean", "true", True),
        ("boolean", " FALSE ", False),
        ("int", " 12 ", 12),
        ("int", "+12", 12),
        ("int", "-2147483648", -(2**31)),
        ("short", "32767", 32767),
        ("long", "9223372036854775807", 2**63 - 1),
        ("double", "0.5", 0.5),
        ("double", "1e3", 1000.0),
        ("double", "0.5f", 0.5),
        ("double", "0x1p-1", 0.5),
        ("double", "-Infinity", float("-inf")),
        ("double", ".5", 0.5),
        ("list", "", []),
        ("list", "a, b ,c", ["a", "b", "c"]),
        ("list", "a,,b", ["a", "", "b"]),
        ("string", "  x y ", "x y"),
        ("password", " secret ", "secret"),
    ],
)
def test_text_becomes_a_value(type_name: str, text: str, value: object) -> None:
    assert parse_value("key", type_name, text) == value


@pytest.mark.parametrize(
    ("type_name", "text", "sentence"),
    [
        ("boolean", "yes", "Invalid value yes for configuration key: Expected value to be either true or false"),
        ("int", "2147483648", "Invalid value 2147483648 for configuration key: Not a number of type INT"),
        ("int", "1_000", "Invalid value 1_000 for configuration key: Not a number of type INT"),
        ("int", "", "Invalid value  for configuration key: Not a number of type INT"),
        ("int", "+", "Invalid value + for configuration key: Not a number of type INT"),
        ("int", "1.0", "Invalid value 1.0 for configuration key: Not a number of type INT"),
        ("short", "40000", "Invalid value 40000 for configuration key: Not a number of type SHORT"),
        (
            "long",
            "9223372036854775808",
            "Invalid value 9223372036854775808 for configuration key: Not a number of type LONG",
        ),
        ("double", "nan", "Invalid value nan for configuration key: Not a number of type DOUBLE"),
        ("double", "1_0", "Invalid value 1_0 for configuration key: Not a number of type DOUBLE"),
        ("double", "inf", "Invalid value inf for configuration key: Not a number of type DOUBLE"),
        ("double", "", "Invalid value  for configuration key: Not a number of type DOUBLE"),
    ],
)
def test_a_wrong_type_is_refused_in_kafkas_words(type_name: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_value("key", type_name, text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "true"),
        (5, "5"),
        (0.5, "0.5"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (-2.5e-5, "-2.5E-5"),
        (0.0, "0.0"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (["a", "b"], "a,b"),
        ([], ""),
    ],
)
def test_a_value_is_written_as_java_writes_it(value: object, text: str | None) -> None:
    assert value_text(value) == text
