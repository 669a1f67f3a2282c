"""Lines to records, as Kafka's LineMessageReader makes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from minikafka.cli.console.line_input import has_more, read_lines
from minikafka.cli.console.line_reader import LineReader, LineRefused, ParsedLine

KEYED = {"parse.key": "true"}
FULL = {"parse.key": "true", "parse.headers": "true"}


@pytest.mark.parametrize(
    ("properties", "line", "parsed"),
    [
        ({}, "a\tb", ParsedLine((), None, b"a\tb")),
        ({}, "", ParsedLine((), None, b"")),
        (KEYED, "k\tv\tw", ParsedLine((), b"k", b"v\tw")),
        ({**KEYED, "key.separator": "=>"}, "k=>v", ParsedLine((), b"k", b"v")),
        ({**KEYED, "ignore.error": "true"}, "v", ParsedLine((), None, b"v")),
        (FULL, "a:1,b:\tk\tv", ParsedLine((("a", b"1"), ("b", b"")), b"k", b"v")),
        ({**FULL, "ignore.error": "TRUE"}, "a\tk\tv", ParsedLine((("a", None),), b"k", b"v")),
        ({**FULL, "null.marker": "-"}, "-\t-\t-", ParsedLine((), None, None)),
        ({**FULL, "null.marker": "-"}, "a:-\tk\tv", ParsedLine((("a", None),), b"k", b"v")),
        ({"parse.headers": "true"}, "a:1\tv", ParsedLine((("a", b"1"),), None, b"v")),
        ({}, "Ελλάδα", ParsedLine((), None, "Ελλάδα".encode())),
    ],
)
def test_a_line(properties: dict[str, str], line: str, parsed: ParsedLine) -> None:
    assert LineReader(properties).parse(line, 1) == parsed


@pytest.mark.parametrize(
    ("properties", "line", "sentence"),
    [
        (KEYED, "v", "No key separator found on line number 7: 'v'"),
        (FULL, "v", "No headers delimiter found on line number 7: 'v'"),
        (FULL, "a\tk\tv", "No header key separator found in pair 'a' on line number 7"),
        (
            {**FULL, "null.marker": "-"},
            "-:1\tk\tv",
            "Header keys should not be equal to the null marker '-' as they can't be null",
        ),
    ],
)
def test_a_line_that_is_refused(properties: dict[str, str], line: str, sentence: str) -> None:
    with pytest.raises(LineRefused) as caught:
        LineReader(properties).parse(line, 7)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"headers.delimiter": ","}, "headers.delimiter and headers.separator may not be equal"),
        ({"headers.key.separator": "\t"}, "headers.delimiter and headers.key.separator may not be equal"),
        ({"null.marker": "\t"}, "null.marker and key.separator may not be equal"),
        ({"key.separator": ""}, "key.separator may not be empty"),
        ({"headers.separator": "("}, "headers.separator=( is no regular expression"),
    ],
)
def test_settings_that_contradict_each_other(properties: dict[str, str], sentence: str) -> None:
    with pytest.raises(LineRefused) as caught:
        LineReader(properties)
    assert sentence in str(caught.value)


@contextmanager
def uninterrupted() -> Iterator[None]:
    yield


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_lines_end_with_newline_carriage_return_or_both(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"one\ntwo\r\n\nlast")
    os.close(writing)
    assert [line for lines in read_lines(reading, uninterrupted) for line in lines] == ["one", "two", "", "last"]


def test_a_line_in_two_parts(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"on")
    lines = read_lines(reading, uninterrupted)
    assert has_more(reading, 0)
    os.write(writing, b"e\r\nt")
    assert next(lines) == ["one"]
    assert not has_more(reading, 0)
    os.close(writing)
    assert next(lines) == ["t"]
    assert next(lines, None) is None


def test_bytes_that_are_no_text_survive(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"\xff\xfe\n")
    os.close(writing)
    (lines,) = read_lines(reading, uninterrupted)
    assert LineReader({}).parse(lines[0], 1).value == b"\xff\xfe"
