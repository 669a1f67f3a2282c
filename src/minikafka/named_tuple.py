"""``NamedTuple`` as in ``typing``, made in a third of the time.

``typing.NamedTuple`` compiles the annotation of each field to see whether it may be a type. A broker has dozens of
such classes when it is ready, and that was an eighth of its way there; type checkers look at the annotations anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import namedtuple

    _MADE_BY_NAMEDTUPLE = frozenset({"__module__", "__qualname__", "__annotations__"})

    class _Maker(type):
        """Makes a tuple class of what the body of a class says, when ``NamedTuple`` is its base."""

        def __new__(cls, name, bases, namespace):
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = namespace["__annotations__"]
            made = namedtuple(
                name,
                fields,
                defaults=[namespace[field] for field in fields if field in namespace],
                module=namespace["__module__"],
            )
            made.__qualname__ = namespace["__qualname__"]
            made.__annotations__ = fields
            for attribute, value in namespace.items():
                if attribute not in fields and attribute not in _MADE_BY_NAMEDTUPLE:
                    setattr(made, attribute, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """The base of a class whose annotated names are the fields of a tuple; the module needs the annotations of
        ``__future__``."""
