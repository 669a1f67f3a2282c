"""``kafka-reassign-partitions``: what Kafka's own tool prints, and where it puts replicas."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from minikafka.broker import Broker
from minikafka.cli.topics.log_dir_moves import ReplicaPlace, is_done, state_text
from minikafka.cli.topics.reassign_files import Replica
from minikafka.cli.topics.reassign_throttles import Move, moves_of
from minikafka.cli.topics.replica_placement import place_replicas
from minikafka.client.admin.reassignments import Reassignment
from minikafka.client.errors import ClientError
from tests.cli.tool_run import Run, made

TOOL = "kafka-reassign-partitions"


def plan(path: Path, *partitions: dict[str, object]) -> str:
    file = path / "plan.json"
    file.write_text(json.dumps({"version": 1, "partitions": partitions}))
    return str(file)


def entry(topic: str, partition: int, *replicas: int, **more: object) -> dict[str, object]:
    return {"topic": topic, "partition": partition, "replicas": list(replicas), **more}


def log_dir_of(run: Run, topic: str) -> str:
    out = run("kafka-log-dirs", "--describe", "--topic-list", topic)[1]
    directory: str = json.loads(out.splitlines()[-1])["brokers"][0]["logDirs"][0]["logDir"]
    return directory


def test_execute_and_verify(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "moved", partitions=2)
    file = plan(tmp_path, entry(topic, 0, 1), entry(topic, 1, 1))
    log_dir = log_dir_of(run, topic)
    current = ",".join(
        f'{{"topic":"moved","partition":{index},"replicas":[1],"log_dirs":["{log_dir}"]}}' for index in (0, 1)
    )
    assert run(TOOL, "--execute", "--reassignment-json-file", file) == (
        0,
        f'Current partition replica assignment\n\n{{"version":1,"partitions":[{current}]}}\n\n'
        "Save this to use as the --reassignment-json-file option during rollback\n"
        "Successfully started partition reassignments for moved-0,moved-1\n",
        "",
    )
    verified = (
        "Status of partition reassignment:\n"
        "Reassignment of partition moved-0 is completed.\nReassignment of partition moved-1 is completed.\n\n"
    )
    cleared = "Clearing broker-level throttles on broker 1\nClearing topic-level throttles on topic moved\n"
    assert run(TOOL, "--verify", "--reassignment-json-file", file) == (0, verified + cleared, "")
    assert run(TOOL, "--verify", "--reassignment-json-file", file, "--preserve-throttles") == (0, verified, "")
    assert run(TOOL, "--list") == (0, "No partition reassignments found.\n", "")
    nothing = (
        "None of the specified partition reassignments are active.\nNone of the specified partition moves are active."
    )
    assert run(TOOL, "--cancel", "--reassignment-json-file", file, "--preserve-throttles") == (0, nothing, "")


def test_as_kafka_2_x_was_called(run: Run, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.properties").write_text(f"listeners=PLAINTEXT://127.0.0.1:{broker.port}\n")
    monkeypatch.setenv("MINIKAFKA_HOME", str(tmp_path))
    nothing = "No partition reassignments found.\n"
    code, out, err = run(TOOL, "--list", "--zookeeper", "127.0.0.1:2181", connected=False)
    assert (code, out) == (0, nothing)
    assert err.startswith("minikafka needs no ZooKeeper: --zookeeper 127.0.0.1:2181 means the broker at 127.0.0.1:")
    assert run(TOOL, "--list", "--zookeeper", "elsewhere:2181") == (0, nothing, "")


def test_throttles(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "throttled")
    file = plan(tmp_path, entry(topic, 0, 1))
    out = run(TOOL, "--execute", "--reassignment-json-file", file, "--throttle", "5000")[1]
    assert "\nWarning: You must run --verify periodically, until the reassignment completes, to ensure " in out
    assert "\nThe inter-broker throttle limit was set to 5000 B/s\n" in out
    settings = run("kafka-configs", "--describe", "--topic", topic)[1]
    assert "leader.replication.throttled.replicas=0:1" in settings
    assert "leader.replication.throttled.rate=" in run("kafka-configs", "--describe", "--broker", "1")[1]
    run(TOOL, "--verify", "--reassignment-json-file", file)
    assert "throttled" not in run("kafka-configs", "--describe", "--topic", topic)[1].partition("are:")[2]
    assert "throttled.rate" not in run("kafka-configs", "--describe", "--broker", "1")[1]


def test_verify_what_is_not_so(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "unmoved")
    file = plan(tmp_path, entry(topic, 0, 1, log_dirs=["/nowhere"]), entry("no-topic", 3, 1))
    log_dir = log_dir_of(run, topic)
    assert run(TOOL, "--verify", "--reassignment-json-file", file, "--preserve-throttles")[1] == (
        "Status of partition reassignment:\n"
        "There is no active reassignment of partition no-topic-3, but replica set is  rather than 1.\n"
        "Reassignment of partition unmoved-0 is completed.\n"
        f"Partition unmoved-0 on broker 1 is not being moved from log dir {log_dir} to /nowhere.\n"
    )


def test_generate(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "generated", partitions=2)
    file = tmp_path / "topics.json"
    file.write_text(json.dumps({"version": 1, "topics": [{"topic": topic}]}))
    generate = (TOOL, "--generate", "--topics-to-move-json-file", str(file), "--broker-list")
    code, out, _ = run(*generate, "1")
    assert code == 0
    lines = out.splitlines()
    assert (lines[0], lines[3]) == (
        "Current partition replica assignment",
        "Proposed partition reassignment configuration",
    )
    assert lines[4] == (
        '{"version":1,"partitions":[{"topic":"generated","partition":0,"replicas":[1],"log_dirs":["any"]},'
        '{"topic":"generated","partition":1,"replicas":[1],"log_dirs":["any"]}]}'
    )
    assert run(*generate, "7")[:2] == (1, "Error: All brokers are currently fenced.\n")
    assert run(*generate, "1,1")[:2] == (1, "Error: Broker list contains duplicate entries: [1]\n")
    file.write_text(json.dumps({"topics": [{"topic": "no-topic"}]}))
    unknown = "Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Topic no-topic not found.\n"
    assert run(*generate, "1")[:2] == (1, unknown)


@pytest.mark.parametrize(
    ("partitions", "sentence"),
    [
        ([], "Partition reassignment list cannot be empty"),
        ([entry("t", 0)], "Partition replica list cannot be empty"),
        ([entry("t", 0, 1), entry("t", 0, 1)], "Partition reassignment contains duplicate topic partitions: t-0"),
        (
            [entry("t", 0, 2, 1, 2)],
            "Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 2",
        ),
        (
            [entry("t", 0, 1, log_dirs=["/a", "/b"])],
            "Size of replicas list [1] is different from size of log dirs list [/a, /b] for partition t-0",
        ),
        ([entry("t", 0, 5)], "Unknown broker id 5"),
        (
            [entry("no-topic", 0, 1)],
            "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Topic no-topic not found.",
        ),
        ([{"topic": "t"}], 'plan.json: {"topic": "t"} needs topic, partition and replicas'),
    ],
)
def test_a_plan_that_cannot_be_executed(
    run: Run, tmp_path: Path, partitions: list[dict[str, object]], sentence: str
) -> None:
    code, out, err = run(TOOL, "--execute", "--reassignment-json-file", plan(tmp_path, *partitions))
    assert (code, err) == (1, "")
    assert out.startswith("Error: ")
    assert out.endswith(f"{sentence}\n")


def test_a_file_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    for text, sentence in (
        ("{", "The input string is not a valid JSON"),
        ('{"version": 2}', "Not supported version field value 2"),
        ("[]", "is no JSON object"),
        ('{"partitions": 1}', "partitions is no list"),
    ):
        file.write_text(text)
        assert sentence in run(TOOL, "--execute", "--reassignment-json-file", str(file))[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--list", "--execute"),
            "Command must include exactly one action: --generate, --execute, --verify, --cancel, --list",
        ),
        (("--execute",), 'Missing required argument "[reassignment-json-file]"'),
        (("--generate", "--broker-list", "1"), 'Missing required argument "[topics-to-move-json-file]"'),
        (("--list", "--additional"), 'Option "[additional]" can\'t be used with action "[list]"'),
        (
            ("--list", "--bootstrap-controller", "localhost:1"),
            "Please don't specify both --bootstrap-server and --bootstrap-controller",
        ),
    ],
)
def test_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(TOOL, *arguments)
    assert (code, out, err.splitlines()[0]) == (1, "", sentence)


# --- what one broker cannot show


def test_places_are_even() -> None:
    racks: dict[int, str | None] = {broker: f"rack-{broker % 3}" for broker in range(6)}
    placed = place_replicas(racks, 12, 3, Random(1))
    assert all(len({racks[broker] for broker in replicas}) == 3 for replicas in placed)
    assert set(Counter(replicas[0] for replicas in placed).values()) == {2}
    assert all(len(set(replicas)) == 5 for replicas in place_replicas(racks, 4, 5, Random(2)))
    assert place_replicas({4: None}, 2, 1, Random(3)) == [[4], [4]]
    with pytest.raises(ClientError, match="factor of 7 cannot be reached because only 6 broker"):
        place_replicas(racks, 1, 7, Random(4))


def test_moves() -> None:
    ongoing = {("a", 0): Reassignment([1, 2, 3], [3], [1])}
    assert moves_of(ongoing, {("a", 0): [4], ("b", 1): [2, 3]}, {("a", 0): [1, 2, 3], ("b", 1): [1, 2]}) == {
        ("a", 0): Move({1, 2}, {4}),
        ("b", 1): Move({1, 2}, {3}),
    }


@pytest.mark.parametrize(
    ("current", "future", "sentence", "done"),
    [
        ("/b", None, "Reassignment of replica t-0-1 completed successfully.", True),
        ("/a", "/b", "Reassignment of replica t-0-1 is still in progress.", False),
        ("/a", "/c", "Partition t-0 on broker 1 is being moved to log dir /c instead of /b.", False),
        ("/a", None, "Partition t-0 on broker 1 is not being moved from log dir /a to /b.", True),
        (
            None,
            None,
            "Partition t-0 is not found in any live log dir on broker 1. There is likely an offline log directory "
            "on the broker.",
            False,
        ),
    ],
)
def test_states_of_moves(current: str | None, future: str | None, sentence: str, done: bool) -> None:
    place = ReplicaPlace(current, future)
    assert state_text(Replica(1, "t", 0), place, "/b") == sentence
    assert is_done(place) is done
