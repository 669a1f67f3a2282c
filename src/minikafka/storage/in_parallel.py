"""Many pieces of blocking work at a time, and no return before the last is done: for the end of the process, when
the worker pool has been closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread


def run_in_parallel(works: Sequence[Callable[[], None]], max_threads: int) -> None:
    """Run all of ``works``, which keep their failures to themselves, on up to ``max_threads`` threads, of which the
    caller's is one."""
    remaining = list(works)

    def work_off() -> None:
        while True:
            try:
                work = remaining.pop()
            except IndexError:
                return
            work()

    threads = [Thread(target=work_off, daemon=True) for _ in range(min(max_threads, len(remaining)) - 1)]
    for thread in threads:
        thread.start()
    work_off()
    for thread in threads:
        thread.join()
