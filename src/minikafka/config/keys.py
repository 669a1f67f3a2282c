"""What is known about one key, and tables of keys read from text.

A table is text so that it can be read and compared with Kafka's documentation. An entry is a line of cells divided by
``|`` and, indented below it, documentation; a blank line ends it::

    log.segment.bytes | int | 1073741824 | 1048576.. | high | cluster-wide
        A partition's newest file is closed, and a new one begun, before it would grow past this size.

Cells: name, type, default (``-`` is null, ``""`` is empty), condition (see ``conditions.condition``), importance, how
it can be changed while the broker runs (``read-only``, ``per-broker``, ``cluster-wide``: Kafka's update modes; empty is
``read-only``), and marks. A line that would be too long goes on in the next one, indented, with a ``|`` first. The
marks:

- ``internal``: Kafka hides the key
- ``until V``: V is Kafka's last version with the key
- ``unlisted``: Kafka reads the key, but has not declared it
- ``no effect: REASON``: the key changes nothing on one node, or not yet; REASON is a name out of ``reasons.REASONS``

An entry is parsed when its key is first asked for: a broker that sets ten keys does not pay for four hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from minikafka.config.conditions import Condition, condition
from minikafka.config.values import parse_value

TYPE_CODES: Final = {
    "boolean": 1,
    "string": 2,
    "int": 3,
    "short": 4,
    "long": 5,
    "double": 6,
    "list": 7,
    "class": 8,
    "password": 9,
}
"""``DescribeConfigsResponse.ConfigType``; 0 is unknown."""


class ConfigKey:
    """One key. Attributes are facts of Kafka's ConfigDef, save ``no_effect`` and ``documentation``."""

    __slots__ = (
        "condition",
        "default",
        "default_text",
        "documentation",
        "importance",
        "is_internal",
        "is_unlisted",
        "last_version",
        "name",
        "no_effect",
        "type",
        "update_mode",
    )

    def __init__(self, entry: str) -> None:
        line, _, documentation = entry.replace("\n    | ", " | ").partition("\n")
        cells = [cell.strip() for cell in line.split("|")]
        marks = [mark.strip() for mark in cells[6].split(",")] if len(cells) > 6 else []
        self.name: str = cells[0]
        self.type: str = cells[1]
        """``boolean``, ``short``, ``int``, ``long``, ``double``, ``string``, ``class``, ``password`` or ``list``."""
        self.default_text: str | None = None if cells[2] == "-" else "" if cells[2] == '""' else cells[2]
        self.default: Any = self._default()
        self.condition: Condition | None = condition(cells[3])
        self.importance: str = cells[4]
        self.update_mode: str = cells[5] if len(cells) > 5 and cells[5] else "read-only"
        self.is_internal: bool = "internal" in marks
        self.is_unlisted: bool = "unlisted" in marks
        self.last_version: str | None = _marked(marks, "until ")
        """The last version of Kafka that had the key, e.g. ``3.9``; None for keys of 4.2."""
        self.no_effect: str | None = _marked(marks, "no effect: ")
        """Why the key changes nothing on one node: a name in ``reasons.REASONS``; None when it takes effect."""
        self.documentation: str = " ".join(documentation.split())

    def _default(self) -> Any:
        return None if self.default_text is None else parse_value(self.name, self.type, self.default_text)

    @property
    def type_code(self) -> int:
        """The type's number in DescribeConfigs."""
        return TYPE_CODES[self.type]

    @property
    def is_sensitive(self) -> bool:
        """Whether the value must never be shown."""
        return self.type == "password"

    @property
    def is_declared(self) -> bool:
        """Whether Kafka 4.2's own table has the key; the others are unknown to its DescribeConfigs."""
        return self.last_version is None and not self.is_unlisted

    @property
    def is_dynamic(self) -> bool:
        """Whether Kafka can change the key while the broker runs."""
        return self.update_mode != "read-only"

    def parse(self, text: str) -> Any:
        """The typed value of ``text``. Raises InvalidValue with Kafka's sentence."""
        value = self.parse_type(text)
        if self.condition is not None:
            self.condition.ensure(self.name, value)
        return value

    def parse_type(self, text: str) -> Any:
        """As ``parse``, without the condition. Kafka drops what a list repeats, and so does this."""
        value = parse_value(self.name, self.type, text)
        return list(dict.fromkeys(value)) if self.type == "list" else value

    def __repr__(self) -> str:
        return f"<ConfigKey {self.name}: {self.type} = {self.default_text}>"


def _marked(marks: list[str], start: str) -> str | None:
    return next((mark[len(start) :] for mark in marks if mark.startswith(start)), None)


class KeyTable:
    """Keys by name, in the order of the texts. Behaves as a read-only mapping of str to ConfigKey."""

    __slots__ = ("_entries", "_keys")

    def __init__(self, *texts: str) -> None:
        self._entries = {
            entry.partition(" ")[0]: entry for text in texts for entry in text.strip("\n").split("\n\n") if entry
        }
        self._keys: dict[str, ConfigKey] = {}

    def __getitem__(self, name: str) -> ConfigKey:
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = ConfigKey(self._entries[name])
        return key

    def get(self, name: str) -> ConfigKey | None:
        """The key, or None when the table does not have it."""
        return self[name] if name in self._entries else None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def values(self) -> Iterator[ConfigKey]:
        """All of them, parsed."""
        return (self[name] for name in self._entries)
