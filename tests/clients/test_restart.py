"""A restart, after a clean stop and after a kill, keeps topics and everything in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.drivers import Message, driver
from tests.conftest import BrokerMaker, expected_exit_code
from tests.support.text_files import text_files


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_everything_is_there_after_a_restart(
    make_broker: BrokerMaker, tmp_path: Path, library: str, ending: str
) -> None:
    files = list(text_files(2000, file_count=2).values())
    with make_broker(tmp_path) as broker:
        client = driver(library, broker.bootstrap)
        client.create_topic("kept", partitions=2, configs={"segment.bytes": "1048576"})
        messages = [Message(line, partition=partition) for partition, lines in enumerate(files) for line in lines]
        client.produce("kept", messages, compression="lz4", idempotent=True)
        code = broker.stop() if ending == "stop" else broker.kill()
        assert code == (expected_exit_code(broker) if ending == "stop" else -9), broker.log_text
        broker.start()
        assert client.topics() == {"kept"}
        client.produce("kept", [Message(b"after", partition=0)], idempotent=True)
        for partition, lines in enumerate([[*files[0], b"after"], files[1]]):
            taken = client.read("kept", {partition: "earliest"}, len(lines))
            assert [message.value for message in taken] == lines
            assert [message.offset for message in taken] == list(range(len(lines)))
