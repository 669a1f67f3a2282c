r"""``sasl.jaas.config``: ``LOGIN.MODULE required NAME="value" NAME=value;`` (KIP-85).

Words and quoted strings as Java's ``StreamTokenizer`` reads them, which Kafka uses: a string ends with its line,
``\n``, ``\"`` and octal escapes are characters, ``//`` and ``/* */`` comments are nothing. Source: ``JaasConfig``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from minikafka.errors import ConfigError
from minikafka.named_tuple import NamedTuple

_FLAGS = ("required", "requisite", "sufficient", "optional")
_TOKENS = re.compile(
    r"""(?P<blank>\s+|//[^\r\n]*|/\*.*?\*/)
    |   (?P<quoted>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
    |   (?P<word>[A-Za-z_$\x80-\U0010ffff\-][A-Za-z0-9_$.\x80-\U0010ffff\-]*)
    |   (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([0-3][0-7]{0,2}|[4-7][0-7]?|.)", re.DOTALL)
_ESCAPED = {"a": "\x07", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class LoginModule(NamedTuple):
    """The class of a module, and its options."""

    name: str
    options: dict[str, str]


class _Token(NamedTuple):
    text: str
    is_word: bool


def parse_jaas(text: str) -> list[LoginModule]:
    """The modules of a JAAS configuration, one at least. Raises ConfigError, which never shows a value."""
    tokens = _tokens(text)
    modules = []
    for token in tokens:
        modules.append(_module(token, tokens))
    if not modules:
        raise _error("Login module not specified in JAAS config")
    return modules


def _module(name: _Token, tokens: Iterator[_Token]) -> LoginModule:
    if not name.is_word:
        raise _error(f"it begins with the class of a login module, not with {name.text!r}")
    flag = next(tokens, None)
    if flag is None:
        raise _error("Login module control flag not specified in JAAS config")
    if flag.text.lower() not in _FLAGS:
        raise _error(f"Invalid login module control flag {flag.text!r} in JAAS config; it is required")
    options: dict[str, str] = {}
    for key in tokens:
        if key == _Token(";", False):
            return LoginModule(name.text, options)
        equals, value = next(tokens, None), next(tokens, None)
        if equals != _Token("=", False) or value is None or not value.is_word:
            raise _error(
                f"Value not specified for key '{key.text}' in JAAS config; unless it is letters first and then "
                "letters, digits and dots, a value stands in double quotes"
            )
        options[key.text] = value.text
    raise _error("JAAS config entry not terminated by semi-colon")


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKENS.finditer(text):
        if match["quoted"]:
            yield _Token(_ESCAPE.sub(_unescaped, match["quoted"][1:-1]), True)
        elif match["word"]:
            yield _Token(match["word"], True)
        elif match["other"]:
            yield _Token(match["other"], False)


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    return chr(int(escape, 8)) if escape[0].isdigit() and escape[0] < "8" else _ESCAPED.get(escape, escape)


def _error(reason: str) -> ConfigError:
    return ConfigError(f"sasl.jaas.config: {reason}")
