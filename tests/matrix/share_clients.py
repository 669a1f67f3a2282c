"""Share groups with Kafka's Java clients: what they tell of minikafka is what they told of Apache Kafka.

One JVM runs all cases, side by side. ``python -m tests.matrix.share_clients JARS`` runs them alone;
``python -m tests.matrix.share_clients JARS record`` runs them against Apache Kafka and records what they tell.
"""

from __future__ import annotations

import difflib
import sys
import tempfile
from pathlib import Path

from tests.matrix.java_clients import SOURCES, jars
from tests.matrix.java_session import JavaSession
from tests.matrix.workplace import CommandFailed, Workplace
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess

PROGRAM = SOURCES / "sharing" / "Sharing.java"
RECORDED = Path(__file__).with_suffix(".txt")
# Short locks, quick assignments; and no topic comes back because a consumer still asks for it.
SETTINGS = {
    "group.share.record.lock.duration.ms": "10000",
    "group.share.min.record.lock.duration.ms": "1000",
    "group.share.heartbeat.interval.ms": "200",
    "group.share.min.heartbeat.interval.ms": "100",
    "share.coordinator.state.topic.num.partitions": "2",
    "offsets.topic.num.partitions": "2",
    "auto.create.topics.enable": "false",
}
PATIENCE_S = 200.0


def check(workplace: Workplace) -> str:
    """Against a minikafka of its own, which is killed in the middle. Raises CommandFailed."""
    folder = workplace.folder(f"sharing-{workplace.run_id}")
    return compare(told_of(MinikafkaProcess(folder, SETTINGS), jars(workplace)["tools"]))


def compare(told: list[str]) -> str:
    expected = RECORDED.read_text(encoding="utf-8").splitlines()
    if told != expected:
        changes = difflib.unified_diff(expected, told, "Apache Kafka", "minikafka", n=1, lineterm="")
        raise CommandFailed("\n".join(changes))
    return f"{len(told)} lines are the same"


def told_of(broker: BrokerProcess, library: Path) -> list[str]:
    with broker, JavaSession(PROGRAM, library, broker.directory / "java.log", [broker.bootstrap]) as session:
        told = session.ask("cases", patience_s=PATIENCE_S).printed
        told += session.ask("begin").printed
        broker.kill()
        broker.start()
        told += session.ask("go on").printed
    return told.splitlines()


def main(jars_directory: Path, is_recording: bool) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        if is_recording:
            told = told_of(ApacheKafkaProcess(Path(temporary), jars_directory, SETTINGS), jars_directory)
            RECORDED.write_text("\n".join(told) + "\n", encoding="utf-8")
        else:
            print(compare(told_of(MinikafkaProcess(Path(temporary), SETTINGS), jars_directory)))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:] == ["record"])
