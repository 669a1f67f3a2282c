"""Work on several threads, all of it done or its failure told when the call returns."""

from __future__ import annotations

import threading

import pytest

from minikafka.storage.in_parallel import run_in_parallel


class Killed(BaseException):
    """Not an Exception: what stands for the end of the process in other tests."""


@pytest.mark.parametrize("max_threads", [1, 2, 8])
def test_everything_is_done_at_the_return(max_threads: int) -> None:
    done: list[int] = []
    run_in_parallel([lambda number=number: done.append(number) for number in range(20)], max_threads)
    assert sorted(done) == list(range(20))


def test_work_runs_side_by_side_on_no_more_threads_than_allowed() -> None:
    both_are_there = threading.Barrier(2, timeout=10)
    threads: set[int] = set()

    def work() -> None:
        threads.add(threading.get_ident())
        both_are_there.wait()

    run_in_parallel([work] * 4, 2)
    assert len(threads) == 2


def test_nothing_to_do() -> None:
    run_in_parallel([], 4)


@pytest.mark.parametrize("max_threads", [1, 4])
@pytest.mark.parametrize("failure", [OSError("no space"), Killed()])
def test_a_failure_is_raised_to_the_caller(max_threads: int, failure: BaseException) -> None:
    def fail() -> None:
        raise failure

    with pytest.raises(type(failure)) as raised:
        run_in_parallel([fail] * 4, max_threads)
    assert raised.value is failure
