"""Ask Apache Kafka, from a directory of its jars: ``python -m tests.coordinator.share_groups JARS``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from minikafka.client.connection import Connection
from tests.coordinator.share_groups.recorded import write_answers
from tests.coordinator.share_groups.scenario import SETTINGS, answers_of
from tests.support.brokers import ApacheKafkaProcess

# Kafka answers before a change has gone through its metadata log to the group coordinator.
KAFKA_SETTLES_S = 0.3

with (
    tempfile.TemporaryDirectory(prefix="kafka-share-groups-") as directory,
    ApacheKafkaProcess(Path(directory), Path(sys.argv[1]).resolve(), SETTINGS) as broker,
    Connection(broker.host, broker.port) as connection,
):
    write_answers(answers_of(connection, KAFKA_SETTLES_S))
