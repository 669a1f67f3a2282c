"""Many pieces of blocking work at a time, and no return before the last is done: for the end of the process, when
the worker pool has been closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread


def run_in_parallel(works: Sequence[Callable[[], None]], max_threads: int) -> None:
    """Run ``works`` on up to ``max_threads`` threads, of which the caller's is one.

    A thread ends with the first piece of work that raises; what it raised is raised here, when all have ended.
    """
    remaining = list(works)
    failures: list[BaseException] = []

    def work_off() -> None:
        try:
            while remaining:
                try:
                    work = remaining.pop()
                except IndexError:  # another thread took the last
                    return
                work()
        except BaseException as failure:
            failures.append(failure)

    threads = [Thread(target=work_off, daemon=True) for _ in range(min(max_threads, len(remaining)) - 1)]
    for thread in threads:
        thread.start()
    work_off()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
