"""Ask Apache Kafka, from a directory of its jars: ``python -m tests.sharing JARS``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.sharing.recorded import write_answers
from tests.sharing.scenario import answers_of
from tests.support.brokers import ApacheKafkaProcess

# Kafka releases what a member held after it has answered that the session is closed.
KAFKA_SETTLES_S = 1.0

with (
    tempfile.TemporaryDirectory(prefix="kafka-sharing-") as directory,
    ApacheKafkaProcess(Path(directory), Path(sys.argv[1]).resolve()) as broker,
):
    write_answers(answers_of(broker.host, broker.port, KAFKA_SETTLES_S))
