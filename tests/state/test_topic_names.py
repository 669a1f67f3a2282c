"""Topic names: Kafka's rules and its words for what breaks them."""

from __future__ import annotations

import pytest

from minikafka.errors import INVALID_TOPIC_EXCEPTION, ApiError
from minikafka.state.topic_names import has_collision_chars, is_internal, is_valid, unify_collision_chars, validate


@pytest.mark.parametrize("name", ["a", "a.b_c-D9", "_", "-", "...", "a" * 249, "__consumer_offsets"])
def test_valid_names_pass(name: str) -> None:
    validate(name)
    assert is_valid(name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Topic name is invalid: the empty string is not allowed"),
        (".", "Topic name is invalid: '.' is not allowed"),
        ("..", "Topic name is invalid: '..' is not allowed"),
        ("a" * 250, f"Topic name is invalid: the length of '{'a' * 250}' is longer than the max allowed length 249"),
        (
            "a b",
            "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' "
            "and '-'",
        ),
        (
            "é",
            "Topic name is invalid: 'é' contains one or more characters other than ASCII alphanumerics, '.', '_' "
            "and '-'",
        ),
        (
            "a\n",
            "Topic name is invalid: 'a\n' contains one or more characters other than ASCII alphanumerics, '.', '_' "
            "and '-'",
        ),
    ],
)
def test_invalid_names_are_refused_in_kafkas_words(name: str, sentence: str) -> None:
    assert not is_valid(name)
    with pytest.raises(ApiError) as refusal:
        validate(name)
    assert (refusal.value.code, refusal.value.message) == (INVALID_TOPIC_EXCEPTION, sentence)


def test_names_that_differ_in_dots_and_underscores_collide() -> None:
    assert has_collision_chars("a.b")
    assert has_collision_chars("a_b")
    assert not has_collision_chars("a-b")
    assert unify_collision_chars("a.b_c") == unify_collision_chars("a_b.c")


def test_internal_topics_are_the_coordinators() -> None:
    assert [name for name in ("__consumer_offsets", "__transaction_state", "__share_group_state") if is_internal(name)]
    assert is_internal("__share_group_state")
    assert not is_internal("__cluster_metadata")
