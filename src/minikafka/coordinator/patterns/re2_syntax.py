"""Reads regular expressions of RE2's language into trees: once, from left to right.

What Perl has beyond regular languages (looking around, references back, possessive and atomic parts, conditions) is no
part of RE2. Captures and the difference between greedy and lazy do not matter to whether a whole name matches.

Source: RE2's syntax page; the parser of Go's regexp/syntax, of which RE2/J is a copy, for the order of checks and the
names of errors.
"""

from __future__ import annotations

from typing import Final, Union

from minikafka.coordinator.patterns.re2_classes import (
    EVERYTHING,
    MAX_CODE_POINT,
    NO_NEWLINE,
    CharSet,
    perl_class,
    posix_class,
    range_of,
    unicode_class,
)
from minikafka.named_tuple import NamedTuple

MAX_REPEAT: Final = 1000
MAX_DEPTH: Final = 200
"""Of groups in groups. Go's and C++'s RE2 stop at 1,000; what walks the tree here calls itself."""

BEGIN_TEXT: Final = "begin text"
END_TEXT: Final = "end text"
BEGIN_LINE: Final = "begin line"
END_LINE: Final = "end line"
WORD_BOUNDARY: Final = "word boundary"
NO_WORD_BOUNDARY: Final = "no word boundary"


class Chars(NamedTuple):
    """One character out of a set."""

    members: CharSet


class Assertion(NamedTuple):
    """No character, but a condition on those around."""

    kind: str


class Sequence(NamedTuple):
    parts: list[Node]


class Choice(NamedTuple):
    branches: list[Node]


class Repeat(NamedTuple):
    part: Node
    least: int
    most: int | None


Node = Union["Chars", "Assertion", "Sequence", "Choice", "Repeat"]

_ESCAPES: Final = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_ASSERTIONS: Final = {
    "A": BEGIN_TEXT,
    "z": END_TEXT,
    "b": WORD_BOUNDARY,
    "B": NO_WORD_BOUNDARY,
}
_REPEATS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_OCTAL: Final = "01234567"
_HEX: Final = "0123456789abcdefABCDEF"
_FLAGS: Final = "imsU"


class PatternError(ValueError):
    """The pattern is not of RE2's language; says why, in RE2/J's words."""


def parse(pattern: str) -> Node:
    """Raises PatternError."""
    return _Parser(pattern).parse()


class _Group(NamedTuple):
    """An open group: the branches before the current one, the parts of that, and the flags around it."""

    branches: list[Node]
    parts: list[Node]
    flags: frozenset[str]


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._flags: frozenset[str] = frozenset()
        self._names: set[str] = set()
        self._open: list[_Group] = []
        self._branches: list[Node] = []
        self._parts: list[Node] = []
        self._was_repeat = False

    def parse(self) -> Node:
        while self._position < len(self._pattern):
            was_repeat, self._was_repeat = self._was_repeat, False
            char = self._next()
            if char == "(":
                self._open_group()
            elif char == ")":
                self._close_group()
            elif char == "|":
                self._branches.append(Sequence(self._parts))
                self._parts = []
            elif char in _REPEATS:
                self._repeat(*_REPEATS[char], was_repeat)
            elif char == "{":
                self._counted_repeat(was_repeat)
            else:
                self._parts.append(self._simple(char))
        if self._open:
            raise PatternError("missing closing )")
        return self._alternatives()

    def _next(self) -> str:
        char = self._pattern[self._position]
        self._position += 1
        return char

    def _take(self, text: str) -> bool:
        if not self._pattern.startswith(text, self._position):
            return False
        self._position += len(text)
        return True

    def _alternatives(self) -> Node:
        last = Sequence(self._parts)
        return Choice([*self._branches, last]) if self._branches else last

    # Groups

    def _open_group(self) -> None:
        flags = self._flags
        if self._take("?"):
            if self._pattern.startswith(("P<", "<"), self._position):
                self._name()
            else:
                is_group, self._flags = self._read_flags()
                if not is_group:
                    return
        if len(self._open) == MAX_DEPTH:
            raise PatternError("expression nests too deeply")
        self._open.append(_Group(self._branches, self._parts, flags))
        self._branches, self._parts = [], []

    def _close_group(self) -> None:
        if not self._open:
            raise PatternError("regexp/syntax: internal error")
        group = self._open.pop()
        node = self._alternatives()
        self._branches, self._parts, self._flags = group.branches, group.parts, group.flags
        self._parts.append(node)

    def _name(self) -> None:
        self._take("P")
        self._take("<")
        end = self._pattern.find(">", self._position)
        name = self._pattern[self._position : end]
        if end < 0 or not name or not all(char == "_" or (char.isascii() and char.isalnum()) for char in name):
            raise PatternError("invalid named capture")
        if name in self._names:
            raise PatternError("duplicate capture group name")
        self._names.add(name)
        self._position = end + 1

    def _read_flags(self) -> tuple[bool, frozenset[str]]:
        """Whether a group begins, or they hold for the rest of the one around; and the flags."""
        flags = set(self._flags)
        is_off = is_empty = False
        while self._position < len(self._pattern):
            char = self._next()
            if char in _FLAGS:
                (flags.discard if is_off else flags.add)(char)
                is_empty = False
            elif char == "-" and not is_off:
                is_off = is_empty = True
            elif char in ":)" and not is_empty:
                return char == ":", frozenset(flags)
            else:
                break
        raise PatternError("invalid or unsupported Perl syntax")

    # Repetition

    def _repeat(self, least: int, most: int | None, was_repeat: bool) -> None:
        self._take("?")
        if was_repeat:
            raise PatternError("invalid nested repetition operator")
        if not self._parts:
            raise PatternError("missing argument to repetition operator")
        self._parts[-1] = Repeat(self._parts[-1], least, most)
        self._was_repeat = True

    def _counted_repeat(self, was_repeat: bool) -> None:
        """``{n}``, ``{n,}``, ``{n,m}``; anything else is a brace like other characters."""
        end = self._pattern.find("}", self._position)
        first, comma, second = self._pattern[self._position : end].partition(",")
        if end < 0 or not _is_number(first) or (second and not _is_number(second)):
            self._parts.append(self._literal("{"))
            return
        least = int(first)
        most = least if not comma else int(second) if second else None
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            raise PatternError("invalid repeat count")
        self._position = end + 1
        self._repeat(least, most, was_repeat)

    # Single characters

    def _simple(self, char: str) -> Node:
        if char == "^":
            return Assertion(BEGIN_LINE if "m" in self._flags else BEGIN_TEXT)
        if char == "$":
            return Assertion(END_LINE if "m" in self._flags else END_TEXT)
        if char == ".":
            return Chars(EVERYTHING if "s" in self._flags else NO_NEWLINE)
        if char == "[":
            return self._char_class()
        if char == "\\":
            return self._escaped()
        return self._literal(char)

    def _literal(self, char: str) -> Chars:
        return Chars(self._range(ord(char), ord(char)))

    def _range(self, first: int, last: int) -> CharSet:
        return range_of(first, last, fold="i" in self._flags)

    def _escaped(self) -> Node:
        start = self._position
        following = self._pattern[start : start + 1]
        if following in _ASSERTIONS and following:
            self._position += 1
            return Assertion(_ASSERTIONS[following])
        if following == "Q":
            return self._quoted()
        members = self._escaped_class()
        if members is not None:
            return Chars(members)
        code_point = self._escaped_char()
        return Chars(self._range(code_point, code_point))

    def _quoted(self) -> Node:
        self._position += 1
        end = self._pattern.find("\\E", self._position)
        text = self._pattern[self._position :] if end < 0 else self._pattern[self._position : end]
        self._position = len(self._pattern) if end < 0 else end + 2
        if not text:
            return Sequence([])
        self._parts += [self._literal(char) for char in text[:-1]]
        return self._literal(text[-1])

    def _escaped_class(self) -> CharSet | None:
        """``\\d``, ``\\pL`` and the like, after the backslash; None when it is something else."""
        following = self._pattern[self._position : self._position + 1]
        members = perl_class(following)
        if members is not None:
            self._position += 1
            return members
        if following and following in "pP":
            self._position += 1
            return self._unicode_class(is_negated=following == "P")
        return None

    def _unicode_class(self, *, is_negated: bool) -> CharSet:
        name = self._pattern[self._position : self._position + 1]
        self._position += 1
        if name == "{":
            end = self._pattern.find("}", self._position)
            if end < 0:
                raise PatternError("invalid character class range")
            name = self._pattern[self._position : end]
            self._position = end + 1
        if name.startswith("^"):
            name, is_negated = name[1:], not is_negated
        try:
            return unicode_class(name, is_negated=is_negated, fold="i" in self._flags)
        except LookupError:
            raise PatternError("invalid character class range") from None

    def _escaped_char(self) -> int:
        """One character, after the backslash, as a code point."""
        if self._position == len(self._pattern):
            raise PatternError("trailing backslash at end of expression")
        char = self._next()
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char == "x":
            return self._hex()
        if char == "0" or (char in _OCTAL and self._pattern[self._position : self._position + 1] in [*_OCTAL]):
            digits = char
            while len(digits) < 3 and self._pattern[self._position : self._position + 1] in [*_OCTAL]:
                digits += self._next()
            return int(digits, 8)
        if char.isascii() and char.isalnum():
            raise PatternError("invalid escape sequence")
        return ord(char)

    def _hex(self) -> int:
        if self._take("{"):
            end = self._pattern.find("}", self._position)
            digits = self._pattern[self._position : max(end, 0)]
            after = end + 1
        else:
            digits = self._pattern[self._position : self._position + 2]
            after = self._position + 2
            if len(digits) < 2:
                digits = ""
        if not digits or any(digit not in _HEX for digit in digits) or int(digits, 16) > MAX_CODE_POINT:
            raise PatternError("invalid escape sequence")
        self._position = after
        return int(digits, 16)

    # Classes in brackets

    def _char_class(self) -> Chars:
        is_negated = self._take("^")
        members = self._class_item()
        while not self._take("]"):
            members = members.union(self._class_item())
        return Chars(members.negated() if is_negated else members)

    def _class_item(self) -> CharSet:
        if self._position >= len(self._pattern):
            raise PatternError("missing closing ]")
        named = self._posix_class()
        if named is not None:
            return named
        if self._pattern.startswith("\\", self._position):
            self._position += 1
            members = self._escaped_class()
            if members is not None:
                return members
            self._position -= 1
        first = last = self._class_char()
        if self._pattern.startswith("-", self._position) and self._pattern[self._position + 1 :][:1] != "]":
            self._position += 1
            last = self._class_char()
        if last < first:
            raise PatternError("invalid character class range")
        return self._range(first, last)

    def _posix_class(self) -> CharSet | None:
        if not self._take("[:"):
            return None
        end = self._pattern.find(":]", self._position)
        if end < 0:
            self._position -= 2
            return None
        name = self._pattern[self._position : end]
        self._position = end + 2
        try:
            return posix_class(name, fold="i" in self._flags)
        except LookupError:
            raise PatternError("invalid character class range") from None

    def _class_char(self) -> int:
        if self._position >= len(self._pattern):
            raise PatternError("missing closing ]")
        char = self._next()
        return self._escaped_char() if char == "\\" else ord(char)


def _is_number(text: str) -> bool:
    """Digits, without zeros in front."""
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))
