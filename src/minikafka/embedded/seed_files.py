"""Seeds in files: a ``.json`` object by topic, or a ``.jsonl`` line a record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def read_seed_file(path: str) -> Mapping[str, Any]:
    """What ``Broker.seed`` takes. Raises ValueError, with the line where there is one; OSError."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return _by_line(path, text) if path.endswith((".jsonl", ".ndjson")) else _whole(path, text)


def _whole(path: str, text: str) -> Mapping[str, Any]:
    topics = _parsed(path, 1, text)
    if not isinstance(topics, dict):
        raise ValueError(f'{path} is no object of topics: {{"orders": [...]}}')
    return {name: _topic(wanted) for name, wanted in topics.items()}


def _topic(wanted: Any) -> Any:
    if isinstance(wanted, dict):
        return {**wanted, "records": [_record(each) for each in wanted.get("records", [])]}
    return [_record(each) for each in wanted]


def _by_line(path: str, text: str) -> Mapping[str, Any]:
    topics: dict[str, list[Any]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            record = _parsed(path, number, line)
            if not isinstance(record, dict) or not isinstance(record.get("topic"), str):
                raise ValueError(f"{path}:{number} is no object with a topic: {line[:80]}")
            topics.setdefault(record.pop("topic"), []).append(_record(record))
    return topics


def _parsed(path: str, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        where = error.lineno + line - 1 if isinstance(error, json.JSONDecodeError) else line
        raise ValueError(f"{path}:{where} is no JSON: {error}") from error


def _record(given: Any) -> Any:
    if not isinstance(given, dict):
        return _text(given)
    return {name: _text(part) if name in ("key", "value") else part for name, part in given.items()}


def _text(given: Any) -> str | None:
    return given if given is None or isinstance(given, str) else json.dumps(given)
