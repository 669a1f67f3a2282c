"""Kafka's performance and verification tools and minikafka's print the same lines, but for their numbers; and what they
wrote, kafka-dump-log of both shows alike.

``python -m tests.matrix.perf_tools JARS HOST:PORT`` runs it alone.
"""

from __future__ import annotations

import contextlib
import io
import re
import secrets
import sys
import tempfile
from pathlib import Path

from minikafka import cli
from tests.matrix import kafka_dump_log
from tests.matrix.java_clients import JAVA, jars
from tests.matrix.java_session import JavaSession
from tests.matrix.kafka_dump_log import SOURCE
from tests.matrix.tool_session import CLASSES as OTHER_CLASSES
from tests.matrix.workplace import Workplace, run
from tests.support.brokers import MinikafkaProcess

PACKAGE = "org.apache.kafka.tools"
CLASSES = {
    "kafka-producer-perf-test": f"{PACKAGE}.ProducerPerformance",
    "kafka-consumer-perf-test": f"{PACKAGE}.ConsumerPerformance",
    "kafka-e2e-latency": f"{PACKAGE}.EndToEndLatency",
}
# They tell the last things while the JVM goes down: each needs one of its own.
CLASSES_WITH_OWN_JVM = {
    "kafka-verifiable-producer": f"{PACKAGE}.VerifiableProducer",
    "kafka-verifiable-consumer": f"{PACKAGE}.VerifiableConsumer",
}
THEIRS, OURS = "kfk", "mnk"
SESSION = Path(__file__).with_name("perf_tool_session.txt")


def check(workplace: Workplace) -> str:
    """Raises AssertionError with every step that came out differently, and every file that is dumped differently."""
    library, folder = jars(workplace)["tools"], workplace.folder(f"perf-{workplace.run_id}")
    broker = MinikafkaProcess(folder, {"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "3"})
    with JavaSession(SOURCE, library, folder / "java.log") as java:
        with broker:
            compared = compare(java, library, broker.bootstrap, folder, workplace.run_id)
            assert broker.stop() == 0, broker.log_text
        return f"{compared}, {kafka_dump_log.check(java, broker.data_directory)}"


def compare(java: JavaSession, library: Path, bootstrap: str, folder: Path, run_id: str) -> str:
    payloads = folder / "payloads"
    payloads.write_text("one\ntwo\n")
    lines = [line for line in SESSION.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    steps = [
        line.replace("SERVERS", bootstrap).replace("PAYLOADS", str(payloads)).replace("TOPIC", f"TOPIC-{run_id}")
        for line in lines
    ]
    different = []
    for step in steps:
        theirs = neutral(*printed_by_kafka(java, library, step.replace("TOPIC", THEIRS).split(" ")))
        ours = neutral(*printed_by_minikafka(step.replace("TOPIC", OURS).split(" ")))
        if theirs != ours:
            different.append(f"{step}\n  Kafka:     {theirs!r}\n  minikafka: {ours!r}")
    assert not different, "\n".join(different)
    return f"{len(steps)} commands print the same"


def printed_by_kafka(java: JavaSession, library: Path, words: list[str]) -> tuple[int, str]:
    own = CLASSES_WITH_OWN_JVM.get(words[0])
    if own is not None:
        # What must not succeed is not asked of these.
        return 0, run([*JAVA, "-cp", f"{library}/*", own, *words[1:]])
    return java.ask({**CLASSES, **OTHER_CLASSES}[words[0]], *words[1:])


def printed_by_minikafka(words: list[str]) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.run(words[0], words[1:])
    return code, out.getvalue()


def neutral(exit_code: int, printed: str) -> str:
    """Without numbers and names of topics; of errors the sentence, and no spaces, which argparse4j puts anywhere."""
    lines = [
        line
        for line in printed.replace(THEIRS, "TOPIC").replace(OURS, "TOPIC").splitlines()
        if not re.match(r"SLF4J: |\[\d{4}-\d\d-\d\d |\tat ", line)
    ]
    text = "\n".join(lines)
    text = re.sub(r"\nOption {2,}Description *\n.*", "", text, flags=re.DOTALL)
    text = re.sub(r"java\.lang\.\w+Exception: ", "", text)
    if text.startswith("usage: "):
        text = re.sub(r"\s+", "", text)
    # "In steady state." comes with the first window behind the warm-up, if there is time for one.
    text = re.sub(r"-?\d+(\.\d+)?(E-?\d+)?", "N", text)
    return f"{exit_code}: {text.strip()}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        given = Path(sys.argv[1]).resolve()
        with JavaSession(SOURCE, given, Path(temporary, "java.log")) as session:
            print(compare(session, given, sys.argv[2], Path(temporary), secrets.token_hex(3)))
