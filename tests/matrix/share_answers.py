"""The requests of ``tests/admin/share_groups`` against Apache Kafka itself.

``python -m tests.matrix.share_answers JARS`` records its answers anew.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.admin.comparison import differences, write
from tests.admin.share_groups import RECORDED, SETTINGS, answers_of, recorded_answers
from tests.matrix.workplace import CommandFailed
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess

# Kafka answers before a change has gone through its metadata log to the broker.
KAFKA_SETTLES_S = 0.15


def check(kafka: BrokerProcess) -> str:
    """Kafka, with the settings of ``tests/admin/share_groups``, answers what is recorded. Raises CommandFailed."""
    answers = answers_of(kafka.host, kafka.port, KAFKA_SETTLES_S)
    changed = differences(recorded_answers(), answers)
    if changed:
        raise CommandFailed("Kafka answers otherwise than recorded:\n" + "\n".join(map(str, changed)))
    return f"{len(answers)} answers"


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as temporary,
        ApacheKafkaProcess(Path(temporary), Path(sys.argv[1]).resolve(), SETTINGS) as broker,
    ):
        write(answers_of(broker.host, broker.port, KAFKA_SETTLES_S), RECORDED)
