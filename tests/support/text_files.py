"""Text as people have it: several files of lines, made from a seed, the same on every run."""

from __future__ import annotations

import random

WORDS = str.split(
    "the of and a to in is it that was for on with as his they at be this from have or by one had not but what all "
    "were when we there can an your which their said if do will each about how up out them then she many some so "
    "Überraschung naïve façade Ελλάδα Привет 你好 مرحبا 🦊 log offset partition leader epoch"
)


def text_files(line_count: int, *, seed: int = 20_260, file_count: int = 5) -> dict[str, list[bytes]]:
    """``line_count`` lines over ``file_count`` files of different lengths, by name.

    Most lines are short, some empty, a few run to kilobytes; line ends are not part of them.
    """
    source = random.Random(seed)
    shares = [source.random() + 0.2 for _ in range(file_count)]
    counts = [int(line_count * share / sum(shares)) for share in shares]
    counts[-1] += line_count - sum(counts)
    return {
        f"file-{number}.txt": [_line(source, number, line) for line in range(count)]
        for number, count in enumerate(counts)
    }


def _line(source: random.Random, file_number: int, line_number: int) -> bytes:
    kind = source.random()
    if kind < 0.03:
        return b""
    word_count = 400 if kind > 0.999 else source.randrange(1, 16)
    return f"{file_number}:{line_number} {' '.join(source.choices(WORDS, k=word_count))}".encode()


def pattern_bytes(size_bytes: int, *, seed: int = 1) -> bytes:
    """``size_bytes`` bytes that do not compress and differ by seed."""
    return random.Random(f"{seed}:{size_bytes}").randbytes(size_bytes)
