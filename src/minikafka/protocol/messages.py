"""Kafka's messages as classes: ``from minikafka.protocol.messages import ProduceRequest``.

A class stands for all versions of a message and is made from its table when its name is first used. ``messages.pyi``
declares the classes for type checkers and editors; ``minikafka.protocol.stubs`` writes it from the same tables.
"""

from __future__ import annotations

from typing import Any

from minikafka.protocol import schema
from minikafka.protocol.codec import compile_source
from minikafka.protocol.decode_source import default_expression, is_shareable
from minikafka.protocol.structs import Message, Struct, freeze
from minikafka.protocol.tables import APIS

__all__ = ["Message", "Struct", "request_class", "response_class"]


def request_class(api_key: int) -> type[Message]:
    """The class of an API's requests. KeyError when Kafka has no such API."""
    return _class(APIS[api_key][0] + "Request")


def response_class(api_key: int) -> type[Message]:
    """The class of an API's responses. KeyError when Kafka has no such API."""
    return _class(APIS[api_key][0] + "Response")


def __getattr__(name: str) -> Any:
    if not name[0].isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return _class(name)
    except KeyError:
        raise AttributeError(f"Kafka has no message called {name!r}") from None


def _class(name: str) -> type[Message]:
    found: type[Message] | None = globals().get(name)
    if found is None:
        found = globals()[name] = _make_class(schema.find(name))
    return found


def _make_class(message: schema.Message) -> type[Message]:
    # A struct comes after the structs in it, because the constructor may have their defaults.
    names: dict[str, Any] = {"Message": Message, "Struct": Struct, "EMPTY": schema.EMPTY}
    structs = list(reversed(message.structs.values()))
    lines: list[str] = []
    for struct in structs:
        lines += _class_lines(struct, "Struct")
    lines += _class_lines(message, "Message")
    compile_source(message.name, lines, names)
    cls: type[Message] = names[f"struct_{message.name}"]
    cls.__name__ = cls.__qualname__ = message.name
    cls.__module__ = __name__
    for struct in structs:
        inner: type[Struct] = names[f"struct_{struct.name}"]
        inner.__name__ = struct.name
        inner.__qualname__ = f"{message.name}.{struct.name}"
        inner.__module__ = __name__
        inner._default = None
        setattr(cls, struct.name, inner)
    for struct in structs:
        if is_shareable(struct):
            inner = names[f"struct_{struct.name}"]
            inner._default = names[f"default_{struct.name}"] = freeze(inner())
    cls.api_key = message.key
    cls.min_version, cls.max_version = _released_versions(message)
    cls.flexible_since = message.flexible_since
    cls._schema = message
    cls._decoders = {}
    cls._encoders = {}
    return cls


def _released_versions(message: schema.Message) -> tuple[int, int]:
    released = [version for version in message.versions() if version != message.unstable]
    return (released[0], released[-1]) if released else (message.first_version, message.last_version)


def _class_lines(struct: schema.Struct, base: str) -> list[str]:
    names = tuple(field.name for field in struct.fields)
    lines = [
        f"class struct_{struct.name}({base}):",
        f" __slots__ = field_names = {names!r}",
    ]
    if not names:
        return [*lines, " def __init__(self): pass"]
    arguments = []
    body = []
    for field in struct.fields:
        default = default_expression(field)
        fresh = field.default is schema.EMPTY
        arguments.append(f"{field.name}={'EMPTY' if fresh else default}")
        value = f"{default} if {field.name} is EMPTY else {field.name}" if fresh else field.name
        body.append(f"  self.{field.name} = {value}")
    return [*lines, f" def __init__(self, *, {', '.join(arguments)}):", *body]
