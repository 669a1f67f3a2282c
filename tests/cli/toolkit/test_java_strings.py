"""How many replacement characters Java puts for what is no UTF-8 (checked against ``new String(bytes, UTF_8)``)."""

from __future__ import annotations

import pytest

from minikafka.cli.toolkit.java_strings import java_text


@pytest.mark.parametrize("text", ["", "abc", "é", "€", "😀", "\0"])
def test_what_is_utf_8_stays(text: str) -> None:
    assert java_text(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xff", "�"),
        (b"\xc0\x80", "��"),
        (b"\xe0\x80\x80", "���"),
        (b"\xf5\x80", "��"),
        (b"\xf0\x9f\x98", "�"),
        (b"\xf0\x9fA", "�A"),
        (b"\xed\xa0\x80", "�"),
        (b"\xed\xa0A", "�A"),
        (b"\xed\xbf", "�"),
        (b"\xed\xa0\x80\xed\xb0\x80", "��"),
        (b"\xed\x9f\xbf", "\ud7ff"),
    ],
)
def test_what_is_malformed(data: bytes, text: str) -> None:
    assert java_text(data) == text
