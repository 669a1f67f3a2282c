"""Command lines as Kafka's tools read them."""

from __future__ import annotations

import pytest

from minikafka.cli.toolkit.help_page import help_page
from minikafka.cli.toolkit.options import (
    Option,
    Options,
    Tool,
    UsageError,
    flag,
    integer,
    key_value_pairs,
    parse,
    string,
)

TOOL = Tool(
    "kafka-example",
    "It is an example.",
    (
        string("topic", "topic", "The topic."),
        string("include", "regex", "Topics.", "whitelist"),
        integer("partitions", "# of partitions", "How many.", default=1),
        flag("list", "List."),
        Option("codec", "How.", "codec", "String", argument_is_optional=True),
    ),
)


def read(*arguments: str) -> Options:
    return parse(TOOL, arguments)


def refusal(*arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(*arguments).number("partitions")
    return str(caught.value)


@pytest.mark.parametrize("arguments", [["--topic", "t"], ["--topic=t"], ["-topic", "t"], ["word", "--topic", "t"]])
def test_ways_to_write_an_option(arguments: list[str]) -> None:
    options = read(*arguments)
    assert options.value("topic") == "t"
    assert options.in_order == [("topic", "t")]


@pytest.mark.parametrize("number", ["many", "", "1_000", " 1", "2147483648", "-2147483649", "1.0"])
def test_what_java_does_not_read_as_an_integer(number: str) -> None:
    assert refusal("--partitions", number) == f"Cannot parse argument '{number}' of option partitions"


def test_what_java_reads_as_an_integer() -> None:
    assert read("--partitions", "+2147483647").number("partitions") == 2147483647
    assert read("--partitions", "-2147483648").number("partitions") == -2147483648


def test_flags_defaults_and_what_is_not_there() -> None:
    options = read("--list")
    assert options.has("list")
    assert not options.has("topic")
    assert options.value("topic") is None
    assert options.number("partitions") == 1
    assert options.values("topic") == []


def test_an_older_name() -> None:
    options = read("--whitelist", "a|b")
    assert options.value("include") == "a|b"
    assert options.written_name("include") == "whitelist"


def test_a_value_may_look_like_an_option() -> None:
    assert read("--topic", "--list").value("topic") == "--list"


@pytest.mark.parametrize(
    ("arguments", "value"), [(["--codec"], ""), (["--codec", "zstd"], "zstd"), (["--codec", "--list"], "")]
)
def test_an_optional_value(arguments: list[str], value: str) -> None:
    assert read(*arguments).value("codec") == value


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--nope"], "nope is not a recognized option"),
        (["-z"], "z is not a recognized option"),
        (["--topic"], "Option topic requires an argument"),
        (["--partitions", "many"], "Cannot parse argument 'many' of option partitions"),
        (
            ["--partitions", "1", "--partitions", "2"],
            "Found multiple arguments for option partitions, but you asked for only one",
        ),
    ],
)
def test_what_cannot_be_understood(arguments: list[str], sentence: str) -> None:
    assert refusal(*arguments) == sentence


def test_options_that_need_or_exclude_others() -> None:
    with pytest.raises(UsageError, match=r'Missing required argument "\[topic\]"'):
        read("--list").require("topic")
    with pytest.raises(UsageError, match=r"""Option "\[list\]" can't be used with option "\[topic\]\""""):
        read("--list", "--topic", "t").forbid_with("list", ["topic"])
    read("--topic", "t").forbid_with("list", ["topic"])


def test_pairs() -> None:
    assert key_value_pairs(["a=b=c", "d", "e="]) == {"a": "b=c", "d": "", "e": ""}


def test_the_help_page_names_every_option_once() -> None:
    lines = help_page(TOOL).splitlines()
    assert lines[0].split() == ["Option", "Description"]
    names = [line.split()[0] for line in lines[2:] if line.startswith("--")]
    assert names == ["--codec", "--help", "--include", "--list", "--partitions", "--topic", "--version"]
    assert any(line.startswith("--codec [String: codec]") for line in lines)
    assert any("(default: 1)" in line for line in lines)
    assert max(map(len, lines)) <= 100
