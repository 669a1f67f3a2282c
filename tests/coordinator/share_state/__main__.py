"""Ask Apache Kafka, from a directory of its jars: ``python -m tests.coordinator.share_state JARS``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from minikafka.client.connection import Connection
from tests.coordinator.share_state.recorded import write_answers
from tests.coordinator.share_state.scenario import SETTINGS, answers_of
from tests.support.brokers import ApacheKafkaProcess

with (
    tempfile.TemporaryDirectory(prefix="kafka-share-state-") as directory,
    ApacheKafkaProcess(Path(directory), Path(sys.argv[1]).resolve(), SETTINGS) as broker,
    Connection(broker.host, broker.port) as connection,
):
    write_answers(answers_of(connection))
