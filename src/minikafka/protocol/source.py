"""What the writers of decoders and of encoders share: lines of Python, each with the fields it is about."""

from __future__ import annotations

from minikafka.protocol.schema import Field, is_shareable

Place = tuple[tuple[str, int], ...]
"""The fields a line reads: (path, where it ends relative to ``p``)."""


class Source:
    """Lines of Python at their indentation, and for each the fields it is about."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[Place] = []
        self._indent = ""

    def add(self, line: str, place: Place = ()) -> None:
        self.lines.append(self._indent + line)
        self.places.append(place)

    def indent(self) -> None:
        self._indent += " "

    def dedent(self) -> None:
        self._indent = self._indent[:-1]


def packer_name(fields: str) -> str:
    """What comes behind ``pack_`` or ``unpack_`` in generated code for this format of ``struct``."""
    return fields.replace("?", "t")


def default_expression(field: Field) -> str:
    """Python for the default of a field in generated code."""
    if field.is_array and field.default is not None:
        return "[]"
    if field.struct is not None and field.default is not None:
        if is_shareable(field.struct):
            return f"default_{field.struct.name}"
        return f"struct_{field.struct.name}()"
    return repr(field.default)
