"""Lines to records: the value, and where asked for headers and a key before it (Kafka's LineMessageReader)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from minikafka.errors import MinikafkaError
from minikafka.named_tuple import NamedTuple

Headers = tuple[tuple[str, "bytes | None"], ...]


class LineRefused(MinikafkaError):
    """A line that is not as the reader's settings say, or settings that contradict each other."""


class ParsedLine(NamedTuple):
    headers: Headers
    key: bytes | None
    value: bytes | None


class LineReader:
    """:param properties: the reader's settings by Kafka's names. Raises LineRefused."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._parses_key = _is_true(properties, "parse.key")
        self._parses_headers = _is_true(properties, "parse.headers")
        self._ignores_errors = _is_true(properties, "ignore.error")
        self._key_separator = properties.get("key.separator", "\t")
        self._headers_delimiter = properties.get("headers.delimiter", "\t")
        self._headers_separator = properties.get("headers.separator", ",")
        self._headers_key_separator = properties.get("headers.key.separator", ":")
        self._null_marker = properties.get("null.marker")
        self._check()
        try:
            self._headers_pattern = re.compile(self._headers_separator)
        except re.error as error:
            raise LineRefused(
                f"headers.separator={self._headers_separator} is no regular expression: {error}"
            ) from error

    def parse(self, line: str, number: int) -> ParsedLine:
        """The record of a line without its end; ``number`` counts from 1. Raises LineRefused."""
        delimiter = self._headers_delimiter
        headers, position = self._part(self._parses_headers, line, 0, delimiter, "headers delimiter", number)
        key, position = self._part(self._parses_key, line, position, self._key_separator, "key separator", number)
        is_marked = headers is None or headers == self._null_marker
        return ParsedLine(
            () if is_marked or headers is None else self._split_headers(headers, number),
            None if key is None else self._bytes(key),
            self._bytes(line[position:]),
        )

    def _part(
        self, is_enabled: bool, line: str, start: int, separator: str, name: str, number: int
    ) -> tuple[str | None, int]:
        """What stands before the separator, and the position behind it."""
        if not is_enabled:
            return None, start
        end = line.find(separator, start)
        if end < 0:
            if self._ignores_errors:
                return None, start
            raise LineRefused(f"No {name} found on line number {number}: '{line}'")
        return line[start:end], end + len(separator)

    def _split_headers(self, text: str, number: int) -> Headers:
        pairs = self._headers_pattern.split(text)
        while len(pairs) > 1 and not pairs[-1]:  # as Java's split leaves out what is empty at the end
            pairs.pop()
        return tuple(self._header(pair, number) for pair in pairs)

    def _header(self, pair: str, number: int) -> tuple[str, bytes | None]:
        key, separator, value = pair.partition(self._headers_key_separator)
        if not separator:
            if self._ignores_errors:
                return pair, None
            raise LineRefused(f"No header key separator found in pair '{pair}' on line number {number}")
        if key == self._null_marker:
            raise LineRefused(
                f"Header keys should not be equal to the null marker '{self._null_marker}' as they can't be null"
            )
        return key, self._bytes(value)

    def _bytes(self, text: str) -> bytes | None:
        return None if text == self._null_marker else text.encode("utf-8", "surrogateescape")

    def _check(self) -> None:
        named = {
            "headers.delimiter": self._headers_delimiter,
            "headers.separator": self._headers_separator,
            "headers.key.separator": self._headers_key_separator,
        }
        names = list(named)
        for index, first in enumerate(names):
            for second in names[index + 1 :]:
                if named[first] == named[second]:
                    raise LineRefused(f"{first} and {second} may not be equal")
        for name, separator in {"key.separator": self._key_separator, **named}.items():
            if separator == self._null_marker:
                raise LineRefused(f"null.marker and {name} may not be equal")
            if not separator:
                raise LineRefused(f"{name} may not be empty")


def _is_true(properties: Mapping[str, str], name: str) -> bool:
    return properties.get(name, "").strip().lower() == "true"
