"""Lines like those that Kafka's tools log to stderr: what is worth knowing and is not the output asked for."""

from __future__ import annotations

import sys
import time


def info(sentence: str) -> None:
    _write("INFO", sentence)


def warn(sentence: str) -> None:
    _write("WARN", sentence)


def error(sentence: str) -> None:
    _write("ERROR", sentence)


def _write(level: str, sentence: str) -> None:
    now = time.time()
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    print(f"[{moment},{int(now * 1000) % 1000:03}] {level} {sentence}", file=sys.stderr, flush=True)
