"""Matches whole names against a regular expression of RE2's language, in time that is bounded.

The expression becomes an automaton of states that each wait for a character (Thompson's construction). All the states
that it can be in are followed at once, so no name is read twice; and the sets of them that come up are remembered with
where each character leads from there, so that most steps are one look into a dictionary. Steps that are not remembered
are counted: ``WORK_LIMIT`` of them is a fraction of a second.

Sources: Russ Cox, "Regular Expression Matching Can Be Simple And Fast"; RE2.
"""

from __future__ import annotations

from typing import Final

from minikafka.coordinator.patterns import re2_syntax as syntax
from minikafka.coordinator.patterns.re2_classes import WORD, CharSet
from minikafka.coordinator.patterns.re2_syntax import Assertion, Chars, Choice, Node, Repeat, Sequence

STATE_LIMIT: Final = 20_000
WORK_LIMIT: Final = 500_000

_ACCEPT: Final = 0
_NEVER: Final = "never"
"""The condition of states that wait for a character, and of the last one: nothing passes them without."""
_NOTHING: Final = CharSet(0)
_BEGIN: Final = -1
_END: Final = -1
"""In place of the character before the first one, and after the last."""


class TooExpensiveError(Exception):
    """The expression stands for too large an automaton, or keeps it too busy."""


class Matcher:
    """One expression. Raises TooExpensiveError, also from ``matches``.

    :param max_length: how long names can be, in characters: one repetition more than that is as good as any number.
    """

    def __init__(self, node: Node, max_length: int) -> None:
        self._max_repeat = max_length + 1
        self._members: list[CharSet] = [_NOTHING]
        """Of a state that waits for a character: for which."""
        self._conditions: list[str | None] = [_NEVER]
        """Of a state that only passes on: on what condition, if on any."""
        self._next: list[list[int]] = [[]]
        self._work_left = STATE_LIMIT
        start = self._state(_NOTHING, None, [self._compile(node, _ACCEPT)])
        self._sets: dict[tuple[frozenset[int], int], _States] = {}
        self._start = self._set_of(frozenset([start]), _BEGIN)
        self._work_left = WORK_LIMIT

    def matches(self, name: str) -> bool:
        """Whether it matches all of ``name``."""
        states = self._start
        for char in name:
            following = states.after.get(char)
            if following is None:
                following = self._step(states, char)
            if not following.positions:
                return False
            states = following
        if states.accepts is None:
            states.accepts = _ACCEPT in self._closure(states, _END)
        return states.accepts

    # Construction

    def _state(self, members: CharSet, condition: str | None, following: list[int]) -> int:
        self._members.append(members)
        self._conditions.append(condition)
        self._next.append(following)
        return len(self._next) - 1

    def _compile(self, node: Node, following: int) -> int:
        """The state from which ``node`` and then ``following`` is what may come."""
        self._count(1)
        if isinstance(node, Chars):
            return self._state(node.members, _NEVER, [following])
        if isinstance(node, Assertion):
            return self._state(_NOTHING, node.kind, [following])
        if isinstance(node, Sequence):
            for part in reversed(node.parts):
                following = self._compile(part, following)
            return following
        if isinstance(node, Choice):
            return self._state(_NOTHING, None, [self._compile(branch, following) for branch in node.branches])
        return self._compile_repeat(node, following)

    def _compile_repeat(self, node: Repeat, following: int) -> int:
        least = min(node.least, self._max_repeat)
        if node.most is None:
            start = self._state(_NOTHING, None, [following])
            self._next[start].append(self._compile(node.part, start))
        else:
            start = following
            for _ in range(min(node.most, self._max_repeat) - least):
                start = self._state(_NOTHING, None, [following, self._compile(node.part, start)])
        for _ in range(least):
            start = self._compile(node.part, start)
        return start

    def _count(self, work: int) -> None:
        self._work_left -= work
        if self._work_left < 0:
            raise TooExpensiveError

    # Steps

    def _set_of(self, positions: frozenset[int], before: int) -> _States:
        key = (positions, before)
        known = self._sets.get(key)
        if known is None:
            known = self._sets[key] = _States(positions, before)
        return known

    def _step(self, states: _States, char: str) -> _States:
        code_point = ord(char)
        following = frozenset(
            self._next[position][0]
            for position in self._closure(states, code_point)
            if self._members[position].has(code_point)
        )
        result = states.after[char] = self._set_of(following, code_point)
        return result

    def _closure(self, states: _States, after: int) -> set[int]:
        """Where the automaton is, once it has passed all that takes no character, between two characters."""
        reached: set[int] = set()
        left = list(states.positions)
        while left:
            position = left.pop()
            if position in reached:
                continue
            reached.add(position)
            condition = self._conditions[position]
            if condition is None or (condition != _NEVER and _holds(condition, states.before, after)):
                left += self._next[position]
        self._count(len(reached))
        return reached


class _States:
    """A set of states that the automaton is in after a character."""

    __slots__ = ("accepts", "after", "before", "positions")

    def __init__(self, positions: frozenset[int], before: int) -> None:
        self.positions = positions
        self.before = before
        self.after: dict[str, _States] = {}
        self.accepts: bool | None = None


def _holds(condition: str, before: int, after: int) -> bool:
    if condition == syntax.BEGIN_TEXT:
        return before == _BEGIN
    if condition == syntax.END_TEXT:
        return after == _END
    if condition == syntax.BEGIN_LINE:
        return before in (_BEGIN, 10)
    if condition == syntax.END_LINE:
        return after in (_END, 10)
    is_boundary = _is_word(before) != _is_word(after)
    return is_boundary == (condition == syntax.WORD_BOUNDARY)


def _is_word(code_point: int) -> bool:
    return 0 <= code_point < 128 and bool(WORD >> code_point & 1)
