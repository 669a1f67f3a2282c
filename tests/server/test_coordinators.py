"""The coordinators as parts of a broker: those nobody has asked for are not there, and stay away once it stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from minikafka import Broker, errors
from minikafka.client.connection import Connection
from minikafka.protocol.messages import InitProducerIdRequest, JoinGroupRequest, ReadShareGroupStateRequest

JOIN = JoinGroupRequest(
    group_id="g",
    session_timeout_ms=10_000,
    rebalance_timeout_ms=10_000,
    protocol_type="consumer",
    protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range")],
)
INIT = InitProducerIdRequest(transactional_id="t", transaction_timeout_ms=10_000)
READ = ReadShareGroupStateRequest(
    group_id="g",
    topics=[
        ReadShareGroupStateRequest.ReadStateData(
            topic_id=bytes(15) + b"\1", partitions=[ReadShareGroupStateRequest.PartitionData(partition=0)]
        )
    ],
)


@pytest.mark.parametrize(
    ("request_", "version", "error_of"),
    [
        (JOIN, 3, lambda response: response.error_code),
        (INIT, 4, lambda response: response.error_code),
        (READ, 0, lambda response: response.results[0].partitions[0].error_code),
    ],
    ids=["groups", "transactions", "share states"],
)
def test_who_first_asks_for_one_while_the_broker_stops_is_refused(request_, version, error_of, tmp_path: Path) -> None:
    """Connections are the last to end."""

    def ask(port: int) -> int:
        with Connection("127.0.0.1", port) as connection:
            return error_of(connection.call(request_, version))

    async def main() -> int:
        broker = await Broker(tmp_path / "data").start_async()
        assert broker._keeper is not None
        server = broker._keeper.running.server
        port, close = broker.port, server.close
        answers = []

        async def ask_and_close() -> None:
            answers.append(await asyncio.get_running_loop().run_in_executor(None, ask, port))
            await close()

        server.close = ask_and_close  # type: ignore[method-assign]
        await broker.stop_async()
        [answer] = answers
        return answer

    assert asyncio.run(main()) == errors.COORDINATOR_NOT_AVAILABLE
