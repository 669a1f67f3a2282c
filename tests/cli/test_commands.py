"""The table of commands, and how one is found."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import minikafka.cli
from minikafka.cli import COMMANDS, main

MODULES = Path(minikafka.cli.__file__).parent


def test_every_module_that_is_a_command_can_be_called() -> None:
    """A module has ``def main`` for nothing else."""
    commands = {
        ".".join(path.relative_to(MODULES).with_suffix("").parts)
        for path in MODULES.rglob("*.py")
        if path.stem != "__init__" and "\ndef main(" in path.read_text(encoding="utf-8")
    }
    assert {module for module, _ in COMMANDS.values()} == commands


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_module(command: str) -> None:
    module, purpose = COMMANDS[command]
    assert callable(import_module(f"minikafka.cli.{module}").main)
    assert purpose


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {name} " in printed for name in COMMANDS)


def test_a_command_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adapt"]) == 1
    assert capsys.readouterr().err == "minikafka: there is no command 'adapt'; minikafka --help lists them\n"
