"""Character classes of RE2.

A class is a set of the 128 characters of ASCII, which is all that topics are named with, as an int with one bit for
each; and, for other names, what it has beyond ASCII: ranges of code points, and general categories of Unicode. Letters
beyond ASCII are folded one by one only, and scripts have no members beyond it: the standard library does not know them.

Source: RE2's syntax page; the names of Unicode classes are those of the RE2/J that Apache Kafka 4.2 uses.
"""

from __future__ import annotations

from typing import Final

from minikafka.named_tuple import NamedTuple

ALL: Final = (1 << 128) - 1
MAX_CODE_POINT: Final = 0x10FFFF
_FOLDED_TO_ASCII: Final = {0x17F: "sS", 0x212A: "kK"}


class CharSet(NamedTuple):
    """``is_negated`` holds for what is beyond ASCII; ``ascii`` is as it says."""

    ascii: int
    ranges: tuple[tuple[int, int], ...] = ()
    categories: tuple[tuple[str, bool], ...] = ()
    """Beginnings of names of categories; and whether it is all but these."""
    is_negated: bool = False

    def has(self, code_point: int) -> bool:
        if code_point < 128:
            return bool(self.ascii >> code_point & 1)
        return self._has_beyond(code_point) != self.is_negated

    def _has_beyond(self, code_point: int) -> bool:
        if any(first <= code_point <= last for first, last in self.ranges):
            return True
        if not self.categories:
            return False
        from unicodedata import category

        name = category(chr(code_point))
        return any(name.startswith(start) != is_negated for start, is_negated in self.categories)

    def union(self, other: CharSet) -> CharSet:
        """Of sets that are not negated."""
        return CharSet(self.ascii | other.ascii, self.ranges + other.ranges, self.categories + other.categories)

    def negated(self) -> CharSet:
        return self._replace(ascii=ALL & ~self.ascii, is_negated=not self.is_negated)


_BEYOND: Final = ((128, MAX_CODE_POINT),)
EVERYTHING: Final = CharSet(ALL, _BEYOND)


def set_of(*parts: str) -> int:
    """Of ASCII. Each part is one character, or a range: first, minus, last."""
    value = 0
    for part in parts:
        value |= (1 << (ord(part[-1]) + 1)) - (1 << ord(part[0]))
    return value


def range_of(first: int, last: int, *, fold: bool) -> CharSet:
    """The characters from ``first`` to ``last``, as code points."""
    value = (1 << (min(last, 127) + 1)) - (1 << first) if first < 128 else 0
    ranges = [(max(first, 128), last)] if last >= 128 else []
    if fold:
        for code_point, letters in _FOLDED_TO_ASCII.items():
            if first <= code_point <= last:
                value |= set_of(*letters)
            if value & set_of(*letters):
                ranges.append((code_point, code_point))
        value = folded(value)
        if first == last:
            ranges += [(ord(one), ord(one)) for one in (chr(first).lower(), chr(first).upper()) if len(one) == 1]
    return CharSet(value, tuple(ranges))


def folded(value: int) -> int:
    """Of ASCII, with the other case of each letter."""
    return value | (value & _UPPER) << 32 | (value & _LOWER) >> 32


_UPPER: Final = set_of("A-Z")
_LOWER: Final = set_of("a-z")
_DIGIT: Final = set_of("0-9")
_ALPHA: Final = _UPPER | _LOWER
WORD: Final = _ALPHA | _DIGIT | set_of("_")
_GRAPH: Final = set_of("!-~")
NO_NEWLINE: Final = CharSet(ALL & ~set_of("\n"), _BEYOND)

_PERL: Final = {"d": _DIGIT, "s": set_of("\t", "\n", "\f", "\r", " "), "w": WORD}
_POSIX: Final = {
    "alnum": _ALPHA | _DIGIT,
    "alpha": _ALPHA,
    "ascii": ALL,
    "blank": set_of("\t", " "),
    "cntrl": set_of("\0-\x1f", "\x7f"),
    "digit": _DIGIT,
    "graph": _GRAPH,
    "lower": _LOWER,
    "print": _GRAPH | set_of(" "),
    "punct": _GRAPH & ~(_ALPHA | _DIGIT),
    "space": set_of("\t-\r", " "),
    "upper": _UPPER,
    "word": WORD,
    "xdigit": _DIGIT | set_of("A-F", "a-f"),
}

_CATEGORIES: Final = """
    C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs
    """
_SCRIPTS_BEYOND_ASCII: Final = """
    Arabic Armenian Avestan Balinese Bamum Batak Bengali Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal
    Carian Cham Cherokee Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Egyptian_Hieroglyphs Ethiopic Georgian
    Glagolitic Gothic Greek Gujarati Gurmukhi Han Hangul Hanunoo Hebrew Hiragana Imperial_Aramaic Inherited
    Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi Khmer Lao Lepcha
    Limbu Linear_B Lisu Lycian Lydian Malayalam Mandaic Meetei_Mayek Mongolian Myanmar New_Tai_Lue Nko Ogham Ol_Chiki
    Old_Italic Old_Persian Old_South_Arabian Old_Turkic Oriya Osmanya Phags_Pa Phoenician Rejang Runic Samaritan
    Saurashtra Shavian Sinhala Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Tamil Telugu
    Thaana Thai Tibetan Tifinagh Ugaritic Unknown Vai Yi
    """


def perl_class(letter: str) -> CharSet | None:
    """That of a backslash and a letter; a capital letter is the opposite. None when there is none."""
    value = _PERL.get(letter.lower())
    if value is None:
        return None
    return CharSet(value) if letter.islower() else CharSet(ALL & ~value, _BEYOND)


def posix_class(name: str, *, fold: bool) -> CharSet:
    """What stands between ``[:`` and ``:]``. Raises LookupError when there is none of that name."""
    value = _POSIX[name.removeprefix("^")]
    if fold:
        value = folded(value)
    return CharSet(ALL & ~value, _BEYOND) if name.startswith("^") else CharSet(value)


def unicode_class(name: str, *, is_negated: bool, fold: bool) -> CharSet:
    """A general category or a script. Raises LookupError when there is none of that name."""
    value, ranges, categories = _unicode_class(name)
    if fold:
        value = folded(value)
    if not is_negated:
        return CharSet(value, ranges, tuple((category, False) for category in categories))
    if categories:
        return CharSet(ALL & ~value, (), tuple((category, True) for category in categories))
    return CharSet(ALL & ~value, () if ranges else _BEYOND)


def _unicode_class(name: str) -> tuple[int, tuple[tuple[int, int], ...], tuple[str, ...]]:
    """In ASCII, and what it has beyond it."""
    if name == "Any":
        return ALL, _BEYOND, ()
    if name == "Latin":
        return _ALPHA, (), ()
    if name == "Common":
        return ALL & ~_ALPHA, (), ()
    if name in _SCRIPTS_BEYOND_ASCII.split():
        return 0, (), ()
    if name not in _CATEGORIES.split():
        raise LookupError(name)
    from unicodedata import category

    return sum(1 << code for code in range(128) if category(chr(code)).startswith(name)), (), (name,)
