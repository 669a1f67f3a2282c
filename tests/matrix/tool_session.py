"""One session of commands, with Kafka's own tools and with minikafka's: what they print has to be the same.

Both sessions run against the same broker, one after the other, and each begins and ends without topics of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.matrix import java_clients
from tests.matrix.workplace import Workplace

CLASSES = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-storage": "kafka.tools.StorageTool",
}
TIMEOUT_S = 60


class Printed(NamedTuple):
    exit_code: int
    out: str
    err: str


Runner = Callable[[list[str], str], Printed]

SESSION = Path(__file__).with_suffix(".txt")


def check(workplace: Workplace) -> str:
    """Raises AssertionError with every step that came out differently."""
    topic = workplace.topic("tools")
    offsets = workplace.folder("tools") / "offsets.json"
    offsets.write_text(f'{{"partitions":[{{"topic":"{topic}-c","partition":0,"offset":2}}],"version":1}}')
    lines = [line for line in SESSION.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    steps = [line.replace("TOPIC", topic).replace("OFFSETS", str(offsets)) for line in lines]
    kafka = [_neutral(_step(line, _kafka(workplace), workplace)) for line in steps]
    ours = [_neutral(_step(line, _minikafka(workplace), workplace)) for line in steps]
    different = [
        f"{step}\n  Kafka:     {theirs}\n  minikafka: {own}"
        for step, theirs, own in zip(steps, kafka, ours, strict=True)
        if theirs != own
    ]
    assert not different, "\n".join(different)
    return f"{len(steps)} commands print the same"


def _step(line: str, run: Runner, workplace: Workplace) -> Printed:
    command, _, typed = line.partition(" < ")
    name, *arguments = command.split(" ")
    connection = ["--bootstrap-server", workplace.bootstrap]
    if name == "kafka-cluster":
        arguments += connection
    else:
        arguments = connection + arguments
    return run([name, *arguments], typed.replace("\\n", "\n").replace("\\t", "\t"))


def _kafka(workplace: Workplace) -> Runner:
    jar_path = f"{java_clients.jars(workplace)['tools']}/*"
    return lambda words, typed: _run([*java_clients.JAVA, "-cp", jar_path, CLASSES[words[0]], *words[1:]], typed)


def _minikafka(workplace: Workplace) -> Runner:
    return lambda words, typed: _run([sys.executable, "-m", "minikafka", *words], typed)


def _run(command: list[str], typed: str) -> Printed:
    try:
        done = subprocess.run(command, input=typed.encode(), capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"not done in {TIMEOUT_S} s: {' '.join(command)}") from None
    return Printed(done.returncode, done.stdout.decode(), done.stderr.decode())


def _neutral(printed: Printed) -> Printed:
    """Without what is random, and of stderr only the first line: behind it Kafka has its stack, and both their help."""
    out = re.sub(r"TopicId: \S{22}", "TopicId: ID", printed.out)
    # Kafka's order of topics and of their settings is that of a hash table.
    out = re.sub(r"Configs: (\S+)", lambda found: "Configs: " + ",".join(sorted(found[1].split(","))), out)
    if out.startswith("Topic: "):
        out = "".join(sorted(out.splitlines(keepends=True)))
    lines = [line for line in printed.err.splitlines() if line.strip() and not _is_noise(line)]
    first = re.sub(r"^(org\.apache|java|joptsimple)[\w.$]*(Exception|Error): ", "", lines[0]) if lines else ""
    return Printed(printed.exit_code, out, first)


def _is_noise(line: str) -> bool:
    return line.startswith(("SLF4J:", "\tat ", "Option  ", "------")) or re.match(r"\[\d{4}-", line) is not None


def main() -> int:
    """``python -m tests.matrix.tool_session HOST:PORT DIRECTORY``: the session alone."""
    workplace = Workplace(Path(sys.argv[2]), sys.argv[1], frozenset(), run_id="once")
    print(check(workplace))
    return 0


if __name__ == "__main__":
    sys.exit(main())
