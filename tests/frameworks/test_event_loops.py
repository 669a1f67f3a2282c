"""A broker in programs of every kind of event loop."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from minikafka import Broker
from tests.test_pytest_plugin import PLUGIN_ARGUMENTS

pytest_plugins = ["pytester"]


def required(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[frameworks]'")


async def use(run_in_thread: Callable[..., Awaitable[Any]]) -> list[str | None]:
    async with Broker() as broker:
        broker.produce("t", "a")
        awaited = await run_in_thread(broker.wait_for, "t")
        broker.reset()
        broker.restart()
        assert broker.topics() == {}
        return [record.text for record in awaited]


def test_trio() -> None:
    trio = required("trio")
    assert trio.run(use, trio.to_thread.run_sync) == ["a"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(backend: str) -> None:
    anyio = required("anyio")
    required(backend)
    assert anyio.run(use, anyio.to_thread.run_sync, backend=backend) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for Windows")
@pytest.mark.parametrize("is_hosted", [False, True], ids=["thread", "on uvloop itself"])
def test_uvloop(is_hosted: bool) -> None:
    uvloop = required("uvloop")

    async def host() -> list[str | None]:
        broker = Broker()
        await broker.start_async()
        try:
            await asyncio.to_thread(broker.produce, "t", "a")
            awaited = await asyncio.to_thread(broker.wait_for, "t")
            await asyncio.to_thread(broker.reset)
            assert await asyncio.to_thread(broker.topics) == {}
        finally:
            await broker.stop_async()
        return [record.text for record in awaited]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) if sys.version_info >= (3, 11) else _Runner(uvloop) as run:
        assert run.run(host() if is_hosted else use(asyncio.to_thread)) == ["a"]


class _Runner:
    """``asyncio.Runner`` for Python 3.10."""

    def __init__(self, uvloop: Any) -> None:
        self.loop = uvloop.new_event_loop()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *failure: object) -> None:
        self.loop.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)


def test_pytest_asyncio(pytester: pytest.Pytester) -> None:
    required("pytest_asyncio")
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        from aiokafka import AIOKafkaProducer

        @pytest.mark.asyncio
        @pytest.mark.parametrize("number", range(2))
        async def test(kafka, number):
            async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
                await producer.send_and_wait("t", b"a")
            assert [record.text for record in kafka.records("t")] == ["a"]
            assert len(await asyncio.to_thread(kafka.wait_for, "t")) == 1
        """
    )
    pytester.runpytest_subprocess(*PLUGIN_ARGUMENTS, "-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_a_notebook() -> None:
    """Cells run inside the event loop of the kernel."""
    nbclient = required("nbclient")
    required("ipykernel")
    nbformat = required("nbformat")
    cells = [
        """
        from minikafka import Broker
        broker = Broker().start()
        broker.produce("t", "a").offset
        """,
        "[record.text for record in broker.wait_for('t')]",
        """
        async with Broker() as other:
            other.seed(broker)
            copied = other.topics()
        copied
        """,
        "broker.reset(); broker.stop(); broker.is_running",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=60).execute()
    shown = [cell.outputs[-1]["data"]["text/plain"] for cell in notebook.cells]
    assert shown == ["0", "['a']", "{'t': 1}", "False"]
