"""``python -m minikafka`` where it cannot run."""

from __future__ import annotations

import sys

import pytest

from minikafka import __main__, cli


def test_an_older_python(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert __main__.main() == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"minikafka needs Python 3.10 or newer, and {sys.executable} is 3.9. ")


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def without(module: str) -> None:
        def run() -> int:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)

        monkeypatch.setattr(sys, "argv", ["minikafka", "kafka-topics"])
        monkeypatch.setattr(cli, "main", run)

    without("snappy")
    assert __main__.main() == 1
    sentence = f"minikafka needs the package python-snappy, which {sys.executable} does not have. In a checkout, "
    assert capsys.readouterr().err.startswith(sentence)
    without("minikafka.nothing")
    with pytest.raises(ModuleNotFoundError):
        __main__.main()
