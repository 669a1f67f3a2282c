"""The admin calls of ``tests/admin`` against Apache Kafka itself: the recorded answers are still what it says.

``python -m tests.matrix.admin_answers JARS`` records them anew.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from minikafka.client.connection import Connection
from minikafka.protocol.messages import DescribeClusterRequest
from tests.admin.answers import Answers, Place, answers_of
from tests.admin.comparison import RECORDED, differences, recorded_answers, unjustified, write
from tests.admin.scenario import STEPS
from tests.admin.settings import log_directories, settings
from tests.matrix.kafka_jars import fetch, kafka_broker
from tests.matrix.workplace import CommandFailed, Workplace, executable
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess

# Kafka answers before a change has gone through its metadata log to the broker.
KAFKA_SETTLES_S = 0.15


def check(workplace: Workplace) -> str:
    """Both brokers, with the same settings, give the same answers."""
    folder = workplace.folder("admin")
    executable("java")
    jars = fetch(workplace.folder("java"), {"tools": kafka_broker("4.2.0")})["tools"]
    kafka = kafka_answers(folder / "kafka", jars)
    changed = unjustified(differences(recorded_answers(), kafka))
    if changed:
        raise CommandFailed("Kafka answers otherwise than recorded:\n" + "\n".join(map(str, changed)))
    ours = minikafka_answers(folder / "minikafka")
    different = unjustified(differences(kafka, ours))
    if different:
        raise CommandFailed("minikafka does not answer as Kafka does:\n" + "\n".join(map(str, different)))
    return f"{len(kafka)} answers"


def kafka_answers(folder: Path, jars_directory: Path) -> Answers:
    broker = ApacheKafkaProcess(folder, jars_directory)
    broker.data_directory = Path(log_directories(folder)[0])
    broker.settings = settings(folder, broker.port, broker.controller_port)
    return _answers(broker, broker.controller_port, KAFKA_SETTLES_S)


def minikafka_answers(folder: Path) -> Answers:
    broker = MinikafkaProcess(folder)
    broker.settings = settings(folder, broker.port, controller_port=9093)
    return _answers(broker, 9093, 0)


def _answers(broker: BrokerProcess, controller_port: int, settles_s: float) -> Answers:
    with broker:
        place = Place(broker.host, broker.port, log_directories(broker.directory), [controller_port])
        with Connection(broker.host, broker.port) as connection:
            place.cluster_id = connection.call(DescribeClusterRequest()).cluster_id
        return answers_of(place, STEPS, lambda: time.sleep(settles_s))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        write(kafka_answers(Path(temporary), Path(sys.argv[1]).resolve()), RECORDED)
