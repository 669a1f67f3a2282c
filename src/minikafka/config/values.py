"""From text to value and back: Kafka's nine types.

Types and sentences are those of ``org.apache.kafka.common.config.ConfigDef``: admin clients show the sentences.

========  =================================  ==========================================
type      Python value                       text
========  =================================  ==========================================
boolean   bool                               ``true`` or ``false``, in any case
short     int of 16 bits                     decimal digits, a sign
int       int of 32 bits                     as short
long      int of 64 bits                     as short
double    float                              a Java floating-point literal
string    str                                itself, without surrounding blanks
class     str, the name of a Java class      as string
password  str                                as string; never shown
list      list[str]                          comma-separated, blanks around commas dropped
========  =================================  ==========================================
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from minikafka.errors import ConfigError

HIDDEN: Final = "[hidden]"
"""What is shown in place of a password."""

_INTEGER_BITS: Final = {"short": 16, "int": 32, "long": 64}
_TEXT_TYPES: Final = frozenset({"string", "class", "password"})


class InvalidValue(ConfigError):
    """A value that its key does not take. The text is Kafka's sentence; ``reason`` is the part after the colon."""

    def __init__(self, name: str, value: object, reason: str, *, sentence: str | None = None) -> None:
        super().__init__(sentence or f"Invalid value {_shown(value)} for configuration {name}: {reason}")
        self.name = name
        self.value = value
        self.reason = reason


def parse_value(name: str, type_name: str, text: str) -> Any:
    """The value ``text`` stands for (see the table above). Raises InvalidValue."""
    trimmed = text.strip()
    if type_name in _TEXT_TYPES:
        return trimmed
    if type_name == "boolean":
        lower = trimmed.lower()
        if lower in ("true", "false"):
            return lower == "true"
        raise InvalidValue(name, text, "Expected value to be either true or false")
    if type_name == "list":
        return [item.strip() for item in trimmed.split(",")] if trimmed else []
    if type_name == "double":
        value = _java_double(trimmed)
        if value is not None:
            return value
    else:
        number = java_integer(trimmed)
        limit = 1 << (_INTEGER_BITS[type_name] - 1)
        if number is not None and -limit <= number < limit:
            return number
    raise InvalidValue(name, text, f"Not a number of type {type_name.upper()}")


def java_integer(text: str) -> int | None:
    """What ``Long.parseLong`` makes of a text, without its bounds; None when it is no number."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isdecimal() else None


def _java_double(text: str) -> float | None:
    if not text or "_" in text or not text.isascii():
        return None
    if text.lstrip("+-") in ("NaN", "Infinity"):
        return float(text)
    number = text[:-1] if text[-1] in "dDfF" else text
    if number.lower().lstrip("+-")[:1] not in tuple("0123456789."):
        return None
    try:
        return float.fromhex(number) if number.lower().lstrip("+-").startswith("0x") else float(number)
    except ValueError:
        return None


def value_text(value: Any) -> str | None:
    """A value as Kafka writes it (``ConfigDef.convertToString``); None for None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double_text(value)
    if isinstance(value, Iterable):
        return ",".join(map(str, value))
    return str(value)


def _double_text(value: float) -> str:
    """``Double.toString``: scientific notation below 10^-3 and from 10^7 on."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = repr(value)
        return text if "e" not in text else f"{value:f}".rstrip("0")
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        digits = mantissa.replace(".", "").replace("-", "").lstrip("0").rstrip("0") or "0"
        exponent = str(int(f"{value:e}".partition("e")[2]))
        mantissa = ("-" if value < 0 else "") + digits[0] + "." + (digits[1:] or "0")
    elif "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}E{int(exponent)}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return str(value_text(value))
