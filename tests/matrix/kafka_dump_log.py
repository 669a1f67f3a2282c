"""Kafka's own ``kafka-dump-log`` and minikafka's print the same, over a directory of logs.

``python -m tests.matrix.kafka_dump_log JARS DIRECTORY`` compares; with ``--record FILE`` it writes what Kafka's prints
into a file that the tests without Java are held to (``--digests`` instead of texts).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from minikafka.cli.dump_log.dump_log import main as dump_log
from tests.cli.dump_log.dump_log_cases import cases
from tests.matrix.java_session import JavaSession

CLASS = "kafka.tools.DumpLogSegments"
SOURCE = Path(__file__).parent / "java" / "tools" / "Tools.java"
NOWHERE = "/DIRECTORY"


def check(java: JavaSession, directory: Path) -> str:
    """Raises AssertionError with the first line of each case that comes out differently."""
    different = []
    count = 0
    for options, file in cases(directory):
        words = [*options.split(), "--files", str(directory / file)]
        theirs, ours = printed_by_kafka(java, words), printed_by_minikafka(words)
        count += 1
        if theirs != ours:
            pairs = zip([*theirs.splitlines(), "(end)"], [*ours.splitlines(), "(end)"], strict=False)
            first = next(((their, our) for their, our in pairs if their != our), ("", ""))
            different.append(f"{file} {options}\n  Kafka:     {first[0]}\n  minikafka: {first[1]}")
    assert not different, "\n".join(different)
    return f"{count} dumps print the same"


def printed_by_kafka(java: JavaSession, words: list[str]) -> str:
    """Output and errors, without Java's stack and the name of what was thrown, and behind them the exit code."""
    answer = java.ask(CLASS, *words)
    text = re.sub(r"(?m)^(SLF4J: |\tat |Caused by: ).*\n", "", answer.printed)
    text = re.sub(r"(?m)^(org\.apache|java)\.[\w.$]*(Exception|Error)(: |$)", "", text)
    return _without_thrown_nothing(text, answer.exit_code)


def printed_by_minikafka(words: list[str]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = dump_log(words)
    return _without_thrown_nothing(out.getvalue(), code)


def _without_thrown_nothing(text: str, exit_code: int) -> str:
    # Where Kafka's tool ends in an empty NoSuchElementException, ours says what is missing.
    text = re.sub(r"there is no whole batch at position \d+ of .*\n", "\n", text)
    return f"{text}exit code {exit_code}\n"


def recorded(java: JavaSession, directory: Path, *, as_digests: bool) -> Iterator[str]:
    for options, file in cases(directory):
        text = printed_by_kafka(java, [*options.split(), "--files", str(directory / file)])
        neutral = text.replace(os.path.abspath(directory), NOWHERE)
        yield recorded_case(options, file, neutral, as_digest=as_digests)


def recorded_case(options: str, file: str, text: str, *, as_digest: bool) -> str:
    """A case as the recorded files have it."""
    if as_digest:
        return f"{hashlib.sha256(text.encode()).hexdigest()[:32]} {file} {options}".rstrip() + "\n"
    return f"== {file} {options}".rstrip() + f"\n{text}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("jars", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--digests", action="store_true")
    given = parser.parse_args()
    with JavaSession(SOURCE, given.jars.resolve(), given.directory / "java.out") as java:
        if given.record is None:
            print(check(java, given.directory))
        else:
            given.record.write_text("".join(recorded(java, given.directory, as_digests=given.digests)))
    (given.directory / "java.out").unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
