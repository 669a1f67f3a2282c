"""Writes ``messages.pyi``, which tells type checkers and editors the classes that ``messages`` makes at run time.

Run ``python -m minikafka.protocol.stubs`` after changing a table; a test holds the file to the tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from minikafka.protocol.schema import Field, Message, Struct, find, message_names

_HEAD: Final = """\
# Written by ``python -m minikafka.protocol.stubs`` from the tables; do not edit.
from minikafka.protocol.primitives import Buffer
from minikafka.protocol.structs import Message as Message
from minikafka.protocol.structs import SplicedRecords
from minikafka.protocol.structs import Struct as Struct

def request_class(api_key: int) -> type[Message]: ...
def response_class(api_key: int) -> type[Message]: ...
"""

_TYPES: Final = {
    "boolean": "bool",
    "float64": "float",
    "uuid": "bytes",
    "string": "str",
    "bytes": "bytes",
}


def stub_text() -> str:
    """The whole of ``messages.pyi``."""
    return _HEAD + "".join(f"\n{_message_text(find(name))}" for name in message_names())


def _message_text(message: Message) -> str:
    lines = [f"class {message.name}(Message):"]
    for struct in message.structs.values():
        lines += [f"    class {struct.name}(Struct):", *_body(message, struct, "        "), ""]
    lines += _body(message, message, "    ")
    return "\n".join(lines) + "\n"


def _body(message: Message, struct: Struct, indent: str) -> list[str]:
    if not struct.fields:
        return [f"{indent}def __init__(self) -> None: ..."]
    types = [(field.name, _type(message, field)) for field in struct.fields]
    return [
        *(f"{indent}{name}: {type_text}" for name, type_text in types),
        f"{indent}def __init__(",
        f"{indent}    self,",
        f"{indent}    *,",
        *(f"{indent}    {name}: {type_text} = ...," for name, type_text in types),
        f"{indent}) -> None: ...",
    ]


def _type(message: Message, field: Field) -> str:
    if field.struct is not None:
        text = f"{message.name}.{field.struct.name}"
    elif field.type == "records":
        # What comes from a client is bytes; what goes to one may also be a part of a file.
        text = "Buffer" if message.name.endswith("Request") else "Buffer | SplicedRecords"
    else:
        text = _TYPES.get(field.type, "int")
    if field.is_array:
        text = f"list[{text}]"
    nullable = field.nullable_since <= field.nullable_until or field.default is None
    return f"{text} | None" if nullable else text


def main() -> None:
    """Write the file next to ``messages.py``."""
    path = Path(__file__).with_name("messages.pyi")
    path.write_text(stub_text(), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
