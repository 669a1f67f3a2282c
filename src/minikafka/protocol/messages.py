"""Kafka's messages as classes: ``from minikafka.protocol.messages import ProduceRequest``.

A class stands for all versions of a message and is made from its table when its name is first used. ``messages.pyi``
declares the classes for type checkers and editors; ``minikafka.protocol.stubs`` writes it from the same tables.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from minikafka.protocol import schema
from minikafka.protocol.structs import Message, Struct
from minikafka.protocol.tables import APIS

__all__ = ["Message", "Struct", "request_class", "response_class"]

S = TypeVar("S", bound=Struct)


@cache
def request_class(api_key: int) -> type[Message]:
    """The class of an API's requests. KeyError when Kafka has no such API."""
    return _class(APIS[api_key][0] + "Request")


@cache
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
        # Brokers in several threads may make it at the same time; all have to go by the one that was ready first.
        found = globals().setdefault(name, _make_class(schema.find(name)))
    return found


def _make_class(message: schema.Message) -> type[Message]:
    cls = _new_class(message.name, Message, message)
    cls._message = cls
    for struct in message.structs.values():
        inner = _new_class(f"{message.name}.{struct.name}", Struct, struct)
        inner._message = cls
        setattr(cls, struct.name, inner)
    cls.api_key = message.key
    cls.min_version, cls.max_version = _released_versions(message)
    cls.flexible_since = message.flexible_since
    cls._decoders = {}
    cls._encoders = {}
    return cls


def _new_class(qualified_name: str, base: type[S], struct: schema.Struct) -> type[S]:
    names = tuple(field.name for field in struct.fields)
    return type(
        struct.name,
        (base,),
        {
            "__slots__": names,
            "__module__": __name__,
            "__qualname__": qualified_name,
            "field_names": names,
            "_schema": struct,
        },
    )


def _released_versions(message: schema.Message) -> tuple[int, int]:
    released = [version for version in message.versions() if version != message.unstable]
    return (released[0], released[-1]) if released else (message.first_version, message.last_version)
