"""``messages.pyi`` says what the tables say, and type checkers can read it."""

from __future__ import annotations

import ast
from pathlib import Path

from minikafka.protocol import messages, stubs
from minikafka.protocol.schema import find, message_names

STUB = Path(stubs.__file__).with_name("messages.pyi")


def test_the_stub_is_up_to_date():
    assert STUB.read_text(encoding="utf-8") == stubs.stub_text(), "run: python -m minikafka.protocol.stubs"


def test_the_stub_declares_every_message_and_struct():
    classes = {
        node.name: node for node in ast.parse(STUB.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
    }
    for name in message_names():
        structs = [node.name for node in classes[name].body if isinstance(node, ast.ClassDef)]
        assert structs == list(find(name).structs)


def test_the_stub_declares_what_else_the_module_has():
    declared = {
        node.name for node in ast.parse(STUB.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    }
    assert declared == {name for name in messages.__all__ if name.islower()}
