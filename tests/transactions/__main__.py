"""``python -m tests.transactions JARS``: ask Apache Kafka, from a directory of its jars, and keep its answers."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from minikafka.client.connection import Connection
from tests.support.brokers import ApacheKafkaProcess
from tests.transactions.recorded import write_answers
from tests.transactions.scenario import SETTINGS, answers_of

with (
    tempfile.TemporaryDirectory(prefix="kafka-transactions-") as directory,
    ApacheKafkaProcess(Path(directory), Path(sys.argv[1]).resolve(), SETTINGS) as broker,
    Connection(broker.host, broker.port) as connection,
):
    write_answers(answers_of(connection))
