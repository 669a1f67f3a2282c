r"""The syntax of Java's property files (``java.util.Properties.load``), with the line each entry came from.

A logical line is a natural line with leading white space removed; a line that ends in an odd number of backslashes
goes on in the next one. ``#`` and ``!`` open a comment, but only as the first character of a logical line. The key
ends at the first unescaped ``=``, ``:`` or white space. ``\t \n \r \f`` and ``\uXXXX`` are characters, a backslash
before anything else is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.errors import ConfigError

_BLANK = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse_properties(text: str, source: str = "<properties>") -> list[tuple[str, str, int]]:
    """Key, value and line number of each entry in their order, repeated keys included (the last one counts).

    The line is the one the key stands in; the first line is 1. Raises ConfigError on a malformed ``\\uXXXX`` escape;
    ``source`` is the file's name in its text.
    """
    return [_entry(line, number, source) for line, number in _logical_lines(text)]


def _logical_lines(text: str) -> Iterator[tuple[str, int]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    index = 0
    while index < len(lines):
        line = lines[index].lstrip(_BLANK)
        number = index + 1
        index += 1
        if not line or line[0] in "#!":
            continue
        while _continues(line):
            line = line[:-1]
            if index == len(lines):
                break
            line += lines[index].lstrip(_BLANK)
            index += 1
        yield line, number


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _entry(line: str, number: int, source: str) -> tuple[str, str, int]:
    end = _key_end(line)
    value = line[end:].lstrip(_BLANK)
    if value[:1] in ("=", ":"):
        value = value[1:].lstrip(_BLANK)
    place = f"{source}, line {number}"
    return _unescape(line[:end], place), _unescape(value, place), number


def _key_end(line: str) -> int:
    escaped = False
    for position, character in enumerate(line):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character in "=: \t\f":
            return position
    return len(line)


def _unescape(text: str, place: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character != "\\":
            out.append(character)
            continue
        escape = text[position : position + 1]
        position += 1
        if escape == "u":
            digits = text[position : position + 4]
            if len(digits) != 4 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise ConfigError(f"{place}: \\u{digits} is not a character: four hexadecimal digits follow \\u")
            out.append(chr(int(digits, 16)))
            position += 4
        else:
            out.append(_ESCAPES.get(escape, escape))
    # Characters beyond the 16-bit plane are written as two \u escapes, a surrogate pair.
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
