"""``NamedTuple`` makes what ``typing.NamedTuple`` makes, and sooner."""

from __future__ import annotations

import copy
import inspect
import pickle
import typing
from typing import Any

import pytest

from minikafka.named_tuple import NamedTuple


class Point(NamedTuple):
    """A place on a map."""

    x: int
    y: int | None = None
    name: NotThere | str = "here"  # type: ignore[name-defined]  # noqa: F821

    kind = "point"

    @property
    def both(self) -> tuple[int, int | None]:
        return self.x, self.y

    @classmethod
    def origin(cls) -> Point:
        return cls(0, 0)

    def __str__(self) -> str:
        return f"{self.name} at {self.both}"


class Typed(typing.NamedTuple):
    """A place on a map."""

    x: int
    y: int | None = None
    name: str = "here"


def test_it_is_a_tuple_with_names() -> None:
    point = Point(1, name="there")
    assert point == (1, None, "there")
    assert (point.x, point.y, point.name, point.both, Point.kind) == (1, None, "there", (1, None), "point")
    assert str(point) == "there at (1, None)"
    assert repr(point) == "Point(x=1, y=None, name='there')"
    assert Point.origin() == (0, 0, "here")
    assert point._replace(y=2)._asdict() == {"x": 1, "y": 2, "name": "there"}
    assert pickle.loads(pickle.dumps(point)) == copy.deepcopy(point) == point
    assert not hasattr(point, "__dict__")
    match point:
        case Point(1, None):
            pass
        case _:
            pytest.fail("it does not match by position")


@pytest.mark.parametrize("wrong", [(), (1, 2, "n", 4)])
def test_it_takes_its_fields_and_no_others(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Point(*wrong)
    with pytest.raises(TypeError):
        Point(1, z=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["_fields", "_field_defaults", "__doc__", "__module__", "__match_args__"])
def test_it_says_of_itself_what_the_one_of_typing_says(name: str) -> None:
    assert getattr(Point, name) == getattr(Typed, name)


def test_it_is_like_the_one_of_typing_in_other_ways() -> None:
    assert Point.__qualname__ == "Point"
    assert list(Point.__annotations__) == list(Typed.__annotations__)
    assert Point.__annotations__["y"] == "int | None"
    assert list(inspect.signature(Point).parameters) == list(inspect.signature(Typed).parameters)
