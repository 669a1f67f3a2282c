"""What the records of a performance test hold: lines of a file, random letters, or numbers that go up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from minikafka.cli.toolkit.java_strings import java_text
from minikafka.errors import MinikafkaError

_POOL_BYTES: Final = 1 << 20
_LETTERS: Final = bytes(65 + number % 26 for number in range(256))


class PayloadsUnusable(MinikafkaError):
    """There is nothing to send."""


def random_letters(size_bytes: int) -> Iterator[bytes]:
    """Payloads of ``size_bytes``, the same ones in each run; they repeat after a megabyte, out of a codec's sight."""
    count = max(1, _POOL_BYTES // size_bytes)
    pool = Random(0).randbytes(count * size_bytes).translate(_LETTERS)
    payloads = [pool[start : start + size_bytes] for start in range(0, len(pool), size_bytes)]
    while True:
        yield from payloads


def increasing_numbers() -> Iterator[bytes]:
    number = 0
    while True:
        yield b"%d" % number
        number += 1


def from_file(path: str, delimiter: str) -> list[bytes]:
    """The payloads of a file. Raises PayloadsUnusable.

    :param delimiter: a regular expression for what is between two.
    """
    file = Path(path)
    print(f"Reading payloads from: {file.absolute()}")
    if not file.is_file() or file.stat().st_size == 0:
        raise PayloadsUnusable("File does not exist or empty file provided.")
    try:
        pieces = re.split(delimiter, java_text(file.read_bytes()))
    except re.error as error:
        raise PayloadsUnusable(f"--payload-delimiter {delimiter} is no regular expression: {error}") from error
    # As Java's Scanner: a delimiter at the very beginning or end has nothing on its other side.
    if len(pieces) > 1 and not pieces[0]:
        del pieces[0]
    if pieces and not pieces[-1]:
        del pieces[-1]
    print(f"Number of records read: {len(pieces)}")
    if not pieces:
        raise PayloadsUnusable(f"{path} holds nothing but delimiters")
    return [piece.encode() for piece in pieces]


def chosen_from(payloads: list[bytes]) -> Iterator[bytes]:
    """One or another of these, the same ones in each run."""
    random = Random(0)
    while True:
        yield from random.choices(payloads, k=1000)
