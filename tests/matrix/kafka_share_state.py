"""The state of share groups: Apache Kafka answers as recorded, and either broker goes on with what the other has kept.

``python -m tests.matrix.kafka_share_state JARS`` runs it. The matrix has the same with a consumer (``kafka_disk``).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from minikafka.client.connection import Connection
from minikafka.protocol.messages import DescribeTopicPartitionsRequest
from tests.coordinator.share_state.recorded import recorded_answers
from tests.coordinator.share_state.scenario import ACKNOWLEDGED, ARCHIVED, SETTINGS, Client, answers_of
from tests.matrix.workplace import CommandFailed
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess
from tests.support.polling import wait_until

GROUPS = ("g", "many", "offsets", "overlaps", "epochs")
PARTITIONS = (("t", 0), ("t", 1), ("t", 2))
AS_ANY_LEADER = 2**31 - 1


def run_on(home: Path, library: Path) -> str:
    """Kafka, minikafka, and Kafka again on one directory, which minikafka leaves by a kill."""
    kafka = ApacheKafkaProcess(home, library, {"node.id": "1", **SETTINGS})
    ours = MinikafkaProcess(home, {"node.id": "1", **SETTINGS})
    ours.log_path = home / "minikafka.log"
    with kafka, Connection(kafka.host, kafka.port) as connection:
        answers = answers_of(connection)
        written = states(connection)
        kafka.stop()
    changed = [name for (name, answer), (_, due) in zip(answers, recorded_answers(), strict=True) if answer != due]
    if changed:
        raise CommandFailed(f"Kafka answers otherwise than recorded: {', '.join(changed)}")
    grown = _go_on(ours, written, ours.kill)
    _compare("minikafka, after a kill", grown, _states_of(ours, ours.stop))
    grown = _go_on(kafka, grown, kafka.stop)
    _compare("minikafka, for the second time", grown, _states_of(ours, ours.stop))
    return f"{len(answers)} answers, and {len(written)} states there and back"


def _go_on(broker: BrokerProcess, before: dict[str, Any], end: Any) -> dict[str, Any]:
    """The states after more has been written, which has to build on what was there before."""
    with broker, Connection(broker.host, broker.port) as connection:
        _compare(type(broker).__name__, before, states(connection))
        client = _client(connection)
        for number in range(5):
            client.write("t", 0, (60 + number, 61 + number, ARCHIVED, 5), complete=number, group="overlaps")
        client.write("t", 1, (3, 8, ACKNOWLEDGED, 1), complete=6, group="many")
        client.initialize(("t", 2, 4, 77), group="offsets")
        grown = states(connection)
        end()
    return grown


def _states_of(broker: BrokerProcess, end: Any) -> dict[str, Any]:
    with broker, Connection(broker.host, broker.port) as connection:
        found = states(connection)
        end()
    return found


def states(connection: Connection) -> dict[str, Any]:
    """By group and partition, all that is known."""
    client = _client(connection)
    return {
        f"{group} {topic}-{partition}": [
            client.read((topic, partition, AS_ANY_LEADER), group=group),
            client.summary((topic, partition, 0), group=group),
        ]
        for group in GROUPS
        for topic, partition in PARTITIONS
    }


def _client(connection: Connection) -> Client:
    """When the broker knows the topic and coordinates the group."""
    client = Client(connection)
    cls = DescribeTopicPartitionsRequest
    request = cls(topics=[cls.TopicRequest(name="t")])
    [topic] = wait_until(
        lambda: found if (found := connection.call(request).topics) and not found[0].error_code else None
    )
    client.topic_ids["t"] = topic.topic_id
    wait_until(lambda: not client.find("g:{t}:0")[0][1])
    return client


def _compare(who: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    different = [f"{name}: {before[name]} became {after[name]}" for name in before if before[name] != after[name]]
    if different:
        raise CommandFailed(f"{who}:\n" + "\n".join(different))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        print(run_on(Path(temporary), Path(sys.argv[1]).resolve()))
