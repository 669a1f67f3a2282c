"""Against what RE2/J 1.8, which Apache Kafka 4.2 uses, says of the same expressions and names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.coordinator.patterns.name_patterns import matching_topics, name_filter
from minikafka.errors import INVALID_REGULAR_EXPRESSION, ApiError


def all_but(*names: str) -> list[str]:
    return [name for name in NAMES if name not in names]


NAMES = [
    "",
    "a",
    "aa",
    "b",
    "ab",
    "abc",
    "ABC",
    "AbC",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    "a.b",
    "a-b",
    "a_b1",
    "123",
    "1.2",
    "topic-1",
    "topic-1234",
    "orders",
    "orders.eu",
    "my-orders-x",
    "\xe9",
    "\u03b1",
    "Z",
    "a b",
    "-",
    "_",
    "]",
    "}",
    "a{",
    "a{,3}",
    "a{1",
    "abb",
    "babb",
    "aaa",
    "aaaaaa",
    "A",
    "y",
    "!!",
    "[a",
    "\xfc",
    "K",
    "\u212a",
]

MATCHES: dict[str, list[str]] = {
    "a": ["a"],
    "a*": ["", "a", "aa", "aaa", "aaaaaa"],
    "(a+)+b": ["ab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab"],
    "(?i)AbC": ["abc", "ABC", "AbC"],
    "[a-z]+": [
        "a",
        "aa",
        "b",
        "ab",
        "abc",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "orders",
        "abb",
        "babb",
        "aaa",
        "aaaaaa",
        "y",
    ],
    "[^a-z]+": ["ABC", "123", "1.2", "\xe9", "\u03b1", "Z", "-", "_", "]", "}", "A", "!!", "\xfc", "K", "\u212a"],
    "[[:alpha:]]+": [
        "a",
        "aa",
        "b",
        "ab",
        "abc",
        "ABC",
        "AbC",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "orders",
        "Z",
        "abb",
        "babb",
        "aaa",
        "aaaaaa",
        "A",
        "y",
        "K",
    ],
    "[[:^alpha:]]+": ["123", "1.2", "\xe9", "\u03b1", "-", "_", "]", "}", "!!", "\xfc", "\u212a"],
    "[[:word:]-]+": all_but(
        "",
        "a.b",
        "1.2",
        "orders.eu",
        "\xe9",
        "\u03b1",
        "a b",
        "]",
        "}",
        "a{",
        "a{,3}",
        "a{1",
        "!!",
        "[a",
        "\xfc",
        "\u212a",
    ),
    "\\d+": ["123"],
    "\\D+": all_but("", "a_b1", "123", "1.2", "topic-1", "topic-1234", "a{,3}", "a{1"),
    "\\w+": [
        "a",
        "aa",
        "b",
        "ab",
        "abc",
        "ABC",
        "AbC",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "a_b1",
        "123",
        "orders",
        "Z",
        "_",
        "abb",
        "babb",
        "aaa",
        "aaaaaa",
        "A",
        "y",
        "K",
    ],
    "[\\w-]+": all_but(
        "",
        "a.b",
        "1.2",
        "orders.eu",
        "\xe9",
        "\u03b1",
        "a b",
        "]",
        "}",
        "a{",
        "a{,3}",
        "a{1",
        "!!",
        "[a",
        "\xfc",
        "\u212a",
    ),
    "[\\d.]+": ["123", "1.2"],
    "\\pL+": all_but(
        "",
        "a.b",
        "a-b",
        "a_b1",
        "123",
        "1.2",
        "topic-1",
        "topic-1234",
        "orders.eu",
        "my-orders-x",
        "a b",
        "-",
        "_",
        "]",
        "}",
        "a{",
        "a{,3}",
        "a{1",
        "!!",
        "[a",
    ),
    "\\p{L}+": all_but(
        "",
        "a.b",
        "a-b",
        "a_b1",
        "123",
        "1.2",
        "topic-1",
        "topic-1234",
        "orders.eu",
        "my-orders-x",
        "a b",
        "-",
        "_",
        "]",
        "}",
        "a{",
        "a{,3}",
        "a{1",
        "!!",
        "[a",
    ),
    "\\PL": ["-", "_", "]", "}"],
    "\\p{^L}": ["-", "_", "]", "}"],
    "[\\pL]": ["a", "b", "\xe9", "\u03b1", "Z", "A", "y", "\xfc", "K", "\u212a"],
    "(?<n>a)b": ["ab"],
    "(?P<n>a)b": ["ab"],
    "a{2,3}": ["aa", "aaa"],
    "a{2,}": ["aa", "aaa", "aaaaaa"],
    "a{,3}": ["a{,3}"],
    "a{": ["a{"],
    "a{1": ["a{1"],
    "a{1000}": [],
    "[]a]": ["a", "]"],
    "[^]a]": ["b", "\xe9", "\u03b1", "Z", "-", "_", "}", "A", "y", "\xfc", "K", "\u212a"],
    "[a-]": ["a", "-"],
    "[-a]": ["a", "-"],
    "a|b|": ["", "a", "b"],
    "|": [""],
    "()": [""],
    "^a$": ["a"],
    "\\Aa\\z": ["a"],
    "a\\b.\\B": ["a{"],
    "\\Qa.b\\E": ["a.b"],
    "\\Qa.b": ["a.b"],
    "\\x41": ["A"],
    "\\x{41}": ["A"],
    "\\101": ["A"],
    "\\n\\t\\r\\f\\v\\a": [],
    "(?s).": ["a", "b", "\xe9", "\u03b1", "Z", "-", "_", "]", "}", "A", "y", "\xfc", "K", "\u212a"],
    ".": ["a", "b", "\xe9", "\u03b1", "Z", "-", "_", "]", "}", "A", "y", "\xfc", "K", "\u212a"],
    "(?m)^a$": ["a"],
    "(?U)a+": ["a", "aa", "aaa", "aaaaaa"],
    "(?i-s:A)b": ["ab"],
    "(?-i)A": ["A"],
    "\xe9+": ["\xe9"],
    "[\xe9-\xfc]": ["\xe9", "\xfc"],
    "\\pN+": ["123"],
    "[[:ascii:]]+": all_but("", "\xe9", "\u03b1", "\xfc", "\u212a"),
    "[[:blank:]]": [],
    "[[:punct:]]+": ["-", "_", "]", "}", "!!"],
    "[a&&b]": ["a", "b"],
    "[a[b]]": [],
    "\\Bab": [],
    "\\z": [""],
    "$": [""],
    "^": [""],
    "a$b": [],
    "(a|b)*abb": ["abb", "babb"],
    "topic-[0-9]{1,3}": ["topic-1"],
    ".*orders.*": ["orders", "orders.eu", "my-orders-x"],
    "orders\\..*": ["orders.eu"],
    "(?i)\u017f": [],
    "(((((((((((a)))))))))))": ["a"],
    "x{0}": [""],
    "x{0,0}y": ["y"],
    "(x{100}){100}": [],
    "((((x{10}){10}){10}){10})": [],
}

ERRORS = {
    "invalid character class range": [
        "[[:foo:]]",
        "\\p{Foo}",
        "[z-a]",
        "\\p",
        "\\p{",
        "\\p{L",
        "\\p\xe9",
        "[\\p{L",
        "\\p{any}",
        "\\p{latin}",
        "[[:^foo:]]",
        "[a-[:alpha:]]",
    ],
    "invalid or unsupported Perl syntax": [
        "(?=a)b",
        "(?!a)b",
        "(?P=n)",
        "(?x)a b",
        "(?z)a",
        "(?i",
        "(?",
        "(?#comment)a",
        "(?>a)",
        "(?(1)a)",
        "(?P",
        "(?Pn)",
        "(?i)(?",
        "(?-)a",
        "(?i-)a",
        "(?--i)a",
        "(?s-)",
    ],
    "invalid named capture": ["(?<=a)b", "(?P<>a)", "(?P<a-b>a)", "(?P<n", "(?<n"],
    "invalid escape sequence": [
        "(a)\\1",
        "\\Aa\\Z",
        "\\q",
        "\\C",
        "\\x{110000}",
        "\\x4",
        "\\8",
        "\\e",
        "\\u0041",
        "\\h",
        "\\R",
        "\\G",
        "\\K",
        "\\N",
        "\\X",
        "\\E",
        "a\\Eb",
        "\\x{",
        "\\x{}",
        "\\x{1234567}",
        "\\xg",
        "[a-\\d]",
        "[\\Q]",
        "\\18",
    ],
    "invalid nested repetition operator": ["a++", "a*+", "a?+", "a**", "a{2}{3}", "a*{1}"],
    "invalid repeat count": ["a{1001}", "a{3,2}", "a{1,1001}", "x{1001,}", "x{2,1}?"],
    "missing closing )": ["(?:a", "(", "(?i:", "(?:"],
    "regexp/syntax: internal error": ["a)", "a|b)", "(a))", "|)", "a*)", ")"],
    "missing closing ]": ["[", "[]", "[a", "[a-", "[[:alpha:]", "[[:alpha", "[a\\]"],
    "missing argument to repetition operator": ["*", "+a", "?a", "(?i)*", "a|*", "(*)"],
    "trailing backslash at end of expression": ["\\"],
    "duplicate capture group name": ["(?P<n>a)(?P<n>b)"],
}

VALID = [
    "[:alpha:]",
    "a{1,2",
    "a{0,1000}",
    "^*",
    "a(?i)*",
    "$+",
    "\\b?",
    "()*",
    "(|a)*",
    "[\\d-z]",
    "\\Q",
    "\\Qa\\",
    "[^\\D]",
    "\\0",
    "\\08",
    "\\12",
    "\\_",
    "\\-",
    "\\\xe9",
    "\\ ",
    "(?P<nn>(?P<mm>a))",
    "(?i)[k]",
    "a{1}{",
    "a*{",
    "((((((((((a))))))))))",
    "\\p{Any}",
    "\\pLu",
    "\\p{^Lu}",
    "\\P{^Lu}",
    "[[:alpha:]-z]",
    "[[.a.]]",
    "a||b",
    "(a||b)",
]


@pytest.mark.parametrize("regex", MATCHES)
def test_what_matches(regex: str) -> None:
    matches = name_filter(regex)
    assert [name for name in NAMES if matches(name)] == MATCHES[regex]


@pytest.mark.parametrize("regex", VALID)
def test_what_is_of_the_language(regex: str) -> None:
    name_filter(regex)


@pytest.mark.parametrize(("regex", "reason"), [(regex, reason) for reason, all_ in ERRORS.items() for regex in all_])
def test_what_is_not(regex: str, reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        matching_topics(regex, [])
    assert caught.value.code == INVALID_REGULAR_EXPRESSION
    assert caught.value.message == f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {reason}."


def test_groups_that_are_too_deep() -> None:
    name_filter("(" * 200 + "a" + ")" * 200)
    with pytest.raises(ApiError, match="expression nests too deeply"):
        name_filter("(" * 201 + "a" + ")" * 201)


PIECES = st.recursive(
    st.sampled_from(["a", "b", "-", ".", "[ab]", "[^a]", r"\w", r"\W", "^", "$", r"\b", r"\B", "", "(?i:B)"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(PIECES, st.lists(st.text("abB-\n", max_size=6), max_size=8))
@settings(max_examples=300)
def test_where_python_has_the_same_language_it_has_the_same_matches(regex: str, names: list[str]) -> None:
    matches = name_filter(regex)
    # A name that ends with a line is one that Python's $ matches before the end.
    expected = re.compile(regex.replace("$", r"\Z"), re.ASCII).fullmatch
    # And Python takes an empty text to have no place that is not a boundary, up to 3.13.
    checked = [name for name in names if name or r"\B" not in regex]
    assert [name for name in checked if matches(name)] == [name for name in checked if expected(name)]


def test_expressions_that_take_a_backtracking_matcher_for_ever() -> None:
    names = ["a" * 249, "ab" * 124, "a" * 248 + "b"]
    assert matching_topics("(a+)+b", names) == {names[2]}
    assert matching_topics("(a|aa)*b", names) == {names[2]}
    assert matching_topics("(.*)*(.*)*(.*)*x", names) == frozenset()


@pytest.mark.parametrize("regex", ["((((x{1000}){1000}){1000}){1000})", "((((){1000}){1000}){1000}){1000}"])
def test_automata_that_are_too_large(regex: str) -> None:
    with pytest.raises(ApiError, match="expression too large"):
        name_filter(regex)


def test_automata_that_have_too_much_to_do() -> None:
    names = [f"{pow(3, power, 1 << 249):0249b}" for power in range(200, 300)]
    for _ in range(2):
        with pytest.raises(ApiError, match="expression too large"):
            matching_topics(".*1.{200}", names)


def test_repetitions_beyond_the_length_of_names() -> None:
    assert matching_topics("a{1000}", ["a" * 249]) == frozenset()
    assert matching_topics("(a?){1000}", ["a" * 249]) == {"a" * 249}
    assert matching_topics("a{0,1000}", ["a" * 249, ""]) == {"a" * 249, ""}
    assert name_filter("a{1000}")("a" * 1000)


def test_names_beyond_ascii() -> None:
    assert [one for one in "\u00e9\u00c9\u03b1" if name_filter("(?i)\u00e9")(one)] == ["\u00e9", "\u00c9"]
    assert name_filter(r"[^\PL]+")("\u00e9\u03b1")
    assert not name_filter(r"[\PL]")("\u00e9")
    assert not name_filter(r"\w")("\u00e9")
