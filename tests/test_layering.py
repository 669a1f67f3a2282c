"""Imports point down: each package may import only what its row allows (Kafka keeps to checkstyle/import-control)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "minikafka"

LEAVES = frozenset({"errors", "clock", "pending"})
STATE = LEAVES | {"config", "protocol", "records", "state"}
SERVED = STATE | {"storage", "coordinator", "controller", "sharing", "security", "metrics"}
EVERYTHING = frozenset({"*"})
# What stands for a part of the standard library is for everybody.
LANGUAGE = frozenset({"named_tuple"})

# unit (a package or a module directly below minikafka) -> the units it may import besides itself
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "clock": frozenset(),
    "pending": frozenset(),
    "named_tuple": frozenset(),
    "config": frozenset({"errors"}),
    "metrics": frozenset({"clock", "errors"}),
    "protocol": frozenset({"errors"}),
    "records": frozenset({"errors"}),
    "storage": LEAVES | {"config", "records"},
    "state": frozenset({"errors", "protocol", "records"}),
    "coordinator": STATE,
    "controller": STATE | {"storage"},
    "sharing": STATE | {"storage", "coordinator"},
    "security": STATE,
    "handlers": SERVED,
    "server": SERVED | {"handlers"},
    "client": frozenset({"errors", "protocol", "records", "security"}),
    "zookeeper": frozenset({"clock", "errors", "protocol", "client"}),
    "cli": EVERYTHING,
    "embedded": SERVED | {"handlers", "server", "client", "faults"},
    "broker": EVERYTHING,
    "testing": EVERYTHING,
    "faults": SERVED | {"handlers", "server"},
    "pytest_plugin": EVERYTHING,
    "web": EVERYTHING,
    "__init__": frozenset({"broker", "errors"}),
    "__main__": frozenset({"cli"}),
}

# What performs input and output stays at the rim: the units named may import it, no others.
RIM_MODULES: dict[str, frozenset[str]] = {
    "asyncio": frozenset({"server", "embedded", "broker", "web", "zookeeper"}),
    "ssl": frozenset({"server", "security", "broker", "client", "cli"}),
    "socket": frozenset({"server", "embedded", "broker", "client", "cli", "web", "zookeeper"}),
}


def unit_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute module name that ``path`` imports, with its line; names for type checkers alone do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in _run_time_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, node)
            yield node.lineno, module
            if module == "minikafka":
                yield from ((node.lineno, f"minikafka.{alias.name}") for alias in node.names)


def _run_time_nodes(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _run_time_nodes(other)
        else:
            yield from _run_time_nodes(child)


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = ["minikafka", *path.relative_to(PACKAGE).parts[:-1]]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def violations(path: Path) -> Iterator[str]:
    unit = unit_of(path)
    allowed = ALLOWED[unit] | LANGUAGE
    for line, module in imported_modules(path):
        where = f"{path.relative_to(PACKAGE.parent)}:{line}"
        parts = module.split(".")
        if parts[0] == "minikafka" and len(parts) > 1:
            target = parts[1]
            if target != unit and target in ALLOWED and target not in allowed and "*" not in allowed:
                yield f"{where}: {unit} may not import {module}"
        elif unit not in RIM_MODULES.get(parts[0], {unit}):
            yield f"{where}: {unit} may not import {parts[0]}"


def source_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_every_unit_has_a_row() -> None:
    units = {unit_of(path) for path in source_files()}
    assert units <= set(ALLOWED), f"name what these may import in ALLOWED: {sorted(units - set(ALLOWED))}"


@pytest.mark.parametrize("unit", sorted({unit_of(path) for path in source_files()}))
def test_imports_point_down(unit: str) -> None:
    paths = [path for path in source_files() if unit_of(path) == unit]
    found = [violation for path in paths for violation in violations(path)]
    assert not found, "\n".join(found)


def test_no_two_units_import_each_other() -> None:
    for unit, allowed in ALLOWED.items():
        mutual = [other for other in allowed if other != "*" and unit in ALLOWED[other]]
        assert not mutual, f"{unit} and {mutual} may import each other"


def test_a_violation_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = tmp_path / "minikafka" / "protocol" / "codec.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "from __future__ import annotations\nimport asyncio\nfrom typing import TYPE_CHECKING\n"
        "from minikafka.storage import files\nfrom ..server import tcp\nfrom minikafka import broker\n"
        "if TYPE_CHECKING:\n    from minikafka.config import BrokerConfig\n"
    )
    monkeypatch.setattr("tests.test_layering.PACKAGE", tmp_path / "minikafka")
    assert list(violations(module)) == [
        "minikafka/protocol/codec.py:2: protocol may not import asyncio",
        "minikafka/protocol/codec.py:4: protocol may not import minikafka.storage",
        "minikafka/protocol/codec.py:5: protocol may not import minikafka.server",
        "minikafka/protocol/codec.py:6: protocol may not import minikafka.broker",
    ]
