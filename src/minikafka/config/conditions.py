"""What a value must meet beyond its type, and the sentences Kafka's ``ConfigDef`` validators say when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from minikafka.config.values import InvalidValue, java_integer


class Condition:
    """What a value must meet beyond its type. ``text`` is how Kafka writes it, e.g. ``[1,...]``."""

    __slots__ = ("_check", "text")

    def __init__(self, text: str, check: Callable[[str, Any], None]) -> None:
        self.text = text
        self._check = check

    def ensure(self, name: str, value: Any) -> None:
        """Raises InvalidValue."""
        self._check(name, value)


def condition(cell: str) -> Condition | None:
    """The condition a cell of the table describes; None for an empty cell.

    ``1..`` at least 1; ``0..1`` a range, ends included; ``{a,b}`` one of these (for lists: each element);
    ``~{A,B}`` the same in any case; ``distinct`` a list without empty elements, repeated ones are dropped;
    ``distinct nonempty`` the same with at least one element; ``@name`` one of the special conditions in ``NAMED``.
    """
    if not cell:
        return None
    if cell.startswith("distinct"):
        return _distinct(cell)
    if cell.startswith("~{"):
        return _one_of_any_case(cell[2:-1].split(","))
    if cell.startswith("{"):
        return _one_of(cell[1:-1].split(","))
    if cell.startswith("@"):
        return NAMED[cell[1:]]
    low, _, high = cell.partition("..")
    return _range(low, high)


def _range(low: str, high: str) -> Condition:
    least = float(low) if low else None
    most = float(high) if high else None

    def check(name: str, value: Any) -> None:
        if least is not None and value < least:
            raise InvalidValue(name, value, f"Value must be at least {low}")
        if most is not None and value > most:
            raise InvalidValue(name, value, f"Value must be no more than {high}")

    return Condition(f"[{low + ',' if low else ''}...{',' + high if high else ''}]", check)


def _one_of(choices: list[str]) -> Condition:
    def check(name: str, value: Any) -> None:
        if value not in choices:
            raise InvalidValue(name, value, f"String must be one of: {', '.join(choices)}")

    return Condition(f"[{', '.join(choices)}]", check)


def _one_of_any_case(choices: list[str]) -> Condition:
    def check(name: str, value: Any) -> None:
        if value.upper() not in choices:
            raise InvalidValue(name, value, f"String must be one of (case insensitive): {', '.join(choices)}")

    return Condition(f"(case insensitive) [{', '.join(choices)}]", check)


def _distinct(cell: str) -> Condition:
    head, _, choices_text = cell.partition("{")
    choices = choices_text.rstrip("}").split(",") if choices_text else []
    one_of = _one_of(choices) if choices else None
    nonempty = "nonempty" in head

    def check(name: str, value: Any) -> None:
        if nonempty and not value:
            allowed = one_of.text if one_of else "any non-empty value"
            _refuse(name, value, f"Configuration '{name}' must not be empty. Valid values include: {allowed}")
        for item in value:
            if not item:
                _refuse(name, value, f"Configuration '{name}' values must not be empty.")
            if one_of:
                one_of.ensure(name, item)

    return Condition(one_of.text if one_of else "", check)


def _refuse(name: str, value: object, sentence: str) -> None:
    raise InvalidValue(name, value, sentence, sentence=sentence)


def _gzip_level(name: str, value: Any) -> None:
    if value != -1 and not 1 <= value <= 9:
        raise InvalidValue(name, value, "Value must be between 1 and 9 or equal to -1")


def _release(name: str, value: Any) -> None:
    release, _, revision = value.partition("-IV")
    numbers = release.split(".")
    if not (2 <= len(numbers) <= 4 and all(number.isdecimal() for number in [*numbers, revision or "0"])):
        raise InvalidValue(name, value, f"Version `{value}` is not a valid version")


def _quorum_voters(name: str, value: Any) -> None:
    for entry in value:
        form = "Each entry should be in the form `{id}@{host}:{port}`."
        voter_id, at, address = entry.partition("@")
        if not at:
            _refuse(name, value, f"Invalid configuration value for {name}. {form}")
        if not _is_address(address):
            _refuse(name, value, f"Failed to parse host name from entry {entry} for the configuration {name}. {form}")
        if java_integer(voter_id) is None:
            _refuse(name, value, f"Failed to parse voter ID as an integer from {voter_id}")


def _bootstrap_servers(name: str, value: Any) -> None:
    for entry in value:
        if not _is_address(entry):
            form = '"{host}:{port}"'
            _refuse(
                name,
                value,
                f"Failed to parse host name from {entry} for the configuration {name}. "
                f"Each entry should be in the form {form}",
            )


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdecimal()


def _offset_reset(name: str, value: Any, words: tuple[str, ...], words_text: str) -> None:
    kind, _, duration = value.partition(":")
    if value in words:
        return
    if kind == "by_duration" and duration:
        from minikafka.config.durations import duration_ms

        back_ms = duration_ms(duration)
        if back_ms is not None and back_ms >= 0:
            return
    raise InvalidValue(
        name,
        value,
        f"Invalid value `{value}` for configuration {name}. The value must be either {words_text} "
        "or of the format 'by_duration:<PnDTnHnMn.nS>'.",
    )


def _share_offset_reset(name: str, value: Any) -> None:
    _offset_reset(name, value, ("earliest", "latest"), "'earliest', 'latest'")


def _consumer_offset_reset(name: str, value: Any) -> None:
    _offset_reset(name, value, ("earliest", "latest", "none"), "'earliest', 'latest', 'none'")


def _non_empty(name: str, value: Any) -> None:
    if value == "":
        raise InvalidValue(name, value, "String must be non-empty")


def _replica_list(name: str, value: Any) -> None:
    if value == ["*"]:
        return
    for item in value:
        partition, colon, broker = item.partition(":")
        if item and not (colon and partition.isdecimal() and broker.isdecimal()):
            form = "[partitionId]:[brokerId],[partitionId]:[brokerId],..."
            raise InvalidValue(
                name, value, f"{name} must be the literal '*' or a list of replicas in the following format: {form}"
            )


def _anything(name: str, value: Any) -> None:
    """For conditions that text cannot fail to meet (Kafka's ``NonNullValidator``)."""


NAMED: Final[dict[str, Condition]] = {
    "bootstrap-servers": Condition("non-empty list", _bootstrap_servers),
    "gzip-level": Condition("[1,...,9] or -1", _gzip_level),
    "non-empty": Condition("non-empty string", _non_empty),
    "non-null": Condition("non-null string", _anything),
    "offset-reset": Condition("[latest, earliest, none, by_duration:PnDTnHnMn.nS]", _consumer_offset_reset),
    "quorum-voters": Condition("non-empty list", _quorum_voters),
    "release": Condition("a version such as 2.8 or 3.9-IV0", _release),
    "replica-list": Condition("[partitionId]:[brokerId],[partitionId]:[brokerId],...", _replica_list),
    "share-offset-reset": Condition("[latest, earliest, by_duration:PnDTnHnMn.nS]", _share_offset_reset),
}
