"""Words and options of the commands that Kafka does not have."""

from __future__ import annotations

import pytest

from minikafka.cli.toolkit.command_line import CommandLine, read
from minikafka.cli.toolkit.options import UsageError


def line(*arguments: str) -> CommandLine:
    return read("minikafka example", arguments, flags=("--dry-run",), values={"--file": "a FILE"})


def test_words_and_options_in_any_order() -> None:
    assert line("a", "--file", "one", "--dry-run", "b", "--file=two=2", "-") == (
        ["a", "b", "-"],
        {"--dry-run"},
        {"--file": ["one", "two=2"]},
    )
    assert line("--file", "one", "--file", "two").value("--file") == "two"
    assert line().value("--file") is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--file"], "--file needs a FILE behind it"),
        (["a", "--fil", "b"], "there is no option --fil; minikafka example --help lists them"),
        (["--dry-run=yes"], "there is no option --dry-run=yes; minikafka example --help lists them"),
    ],
)
def test_what_cannot_be_understood(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        line(*arguments)
    assert str(refused.value) == sentence
