"""A setting as it was given: its text, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath

from minikafka.config.values import value_text


class Setting:
    """``place`` is for people: ``config/server.properties, line 7``, ``--override``, or empty."""

    # Not a NamedTuple: making such a class costs a tenth of a millisecond at every start.
    __slots__ = ("place", "text")

    def __init__(self, text: str, place: str) -> None:
        self.text = text
        self.place = place


class PlacedText(str):
    """A text that knows where it stands, on its way through mappings to a Setting."""

    place: str

    def __new__(cls, text: str, place: str) -> PlacedText:
        placed = super().__new__(cls, text)
        placed.place = place
        return placed


def setting_text(value: object) -> str:
    """A Python value as a property file would say it; a dict gives ``key:value`` pairs."""
    if isinstance(value, PathLike):
        return str(fspath(value))
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{item}" for key, item in value.items())
    return str(value_text(value))


def at(place: str) -> str:
    """A place as a message has it, or nothing."""
    return f" ({place})" if place else ""
