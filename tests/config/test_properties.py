from __future__ import annotations

import pytest

from minikafka.config.properties import parse_properties
from minikafka.errors import ConfigError

# What java.util.Properties.load (Java 17) makes of each text.
AS_JAVA = [
    ("a=b", {"a": "b"}),
    ("a:b", {"a": "b"}),
    ("a b", {"a": "b"}),
    ("a = b ", {"a": "b "}),
    ("  a\t:\tb", {"a": "b"}),
    ("a==b", {"a": "=b"}),
    ("a=:b", {"a": ":b"}),
    ("a : = b", {"a": "= b"}),
    ("a", {"a": ""}),
    ("a=", {"a": ""}),
    ("=b", {"": "b"}),
    (":b", {"": "b"}),
    ("# c\na=1", {"a": "1"}),
    ("! c\na=1", {"a": "1"}),
    ("a=1#x", {"a": "1#x"}),
    (" # c\na=1", {"a": "1"}),
    ("a=b\\\n   c", {"a": "bc"}),
    ("a=b\\\\\nc=d", {"a": "b\\", "c": "d"}),
    ("a=b\\\\\\\n c", {"a": "b\\c"}),
    ("a\\ b=c", {"a b": "c"}),
    ("a\\=b=c", {"a=b": "c"}),
    ("a\\:b:c", {"a:b": "c"}),
    ("a=\\u0041\\u00e9", {"a": "Aé"}),
    ("a=\\t\\n\\r\\f\\q\\\\", {"a": "\t\n\r\fq\\"}),
    ("a=1\na=2", {"a": "2"}),
    ("a=b\r\nc=d\re=f", {"a": "b", "c": "d", "e": "f"}),
    ("a=b\\\r\n  c", {"a": "bc"}),
    ("#c\\\na=1", {"a": "1"}),
    ("a=b\\", {"a": "b"}),
    ("a\\\n=b", {"a": "b"}),
    ("a=b\\\n#c", {"a": "b#c"}),
    ("\n\n  \n a=1", {"a": "1"}),
    ("a=\\uD83D\\uDE00", {"a": "\U0001f600"}),
    ("a\f=\fb", {"a": "b"}),
    ("\\", {"": ""}),
    ("a=b\\\n\n c=d", {"a": "b", "c": "d"}),
    ("a \\\n  = b", {"a": "b"}),
    ("a\\\n b c", {"ab": "c"}),
    ("keyé=v", {"keyé": "v"}),
]


@pytest.mark.parametrize(("text", "expected"), AS_JAVA)
def test_reads_what_java_reads(text: str, expected: dict[str, str]) -> None:
    assert {key: value for key, value, _ in parse_properties(text)} == expected


def test_an_entry_stands_in_the_line_its_key_stands_in() -> None:
    text = "# comment\n\na=1\nb=2\\\n  3\\\n  4\r\nc=5\na=6\n"
    assert parse_properties(text) == [("a", "1", 3), ("b", "234", 4), ("c", "5", 7), ("a", "6", 8)]


@pytest.mark.parametrize("value", ["\\u00g1", "\\u12", "\\u"])
def test_a_malformed_escape_names_the_place(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^server\.properties, line 2: \\u.* four hexadecimal digits"):
        parse_properties(f"x=1\na={value}", "server.properties")
