"""The tools that look at a cluster and change it, as processes or in this one; Kafka's own print the same (matrix)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli import COMMANDS
from minikafka.cli.toolkit.connecting import broker_of_zookeeper
from minikafka.client.errors import ClientError
from tests.cli.tool_run import Run, made
from tests.support.brokers import free_port


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--list", "--create"], "Command must include exactly one action: --list, --describe, --create, --alter or"),
        (["--create"], 'Missing required argument "[topic]"'),
        (["--list", "--partitions", "3"], 'Option "[partitions]" can\'t be used with option "[list]"'),
        (
            ["--create", "--topic", "t", "--partitions", "1", "--replica-assignment", "1"],
            'Option "[replica-assignment]" can\'t be used with option "[partitions]"',
        ),
        (
            ["--alter", "--topic", "t", "--config", "a=b"],
            'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]"',
        ),
        (["--describe", "--if-exists"], "--topic or --topic-id is required to describe a topic"),
    ],
)
def test_topics_refuses(run: Run, arguments: list[str], sentence: str) -> None:
    code, out, err = run("kafka-topics", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(sentence) or sentence in err.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--list", "--topic", "[a"], "[a is an invalid regex"),
        (
            ["--list", "--topic", "a", "--topic", "b"],
            "Found multiple arguments for option topic, but you asked for only",
        ),
        (["--create", "--topic", ""], "The given topic name '' cannot be represented in a request."),
        (
            ["--create", "--topic", "t", "--config", "retention.ms="],
            "requirement failed: Invalid topic config: all conf",
        ),
        (["--create", "--topic", "t", "--replica-assignment", "1:x"], 'For input string: "x"'),
        (["--create", "--topic", "t", "--replica-assignment", "1:1"], "Partition replica lists may not contain dupl"),
    ],
)
def test_what_topics_cannot_do_is_said_behind_its_prefix(run: Run, arguments: list[str], sentence: str) -> None:
    code, out, err = run("kafka-topics", *arguments)
    assert (code, err) == (1, "")
    assert out.startswith(f"Error while executing topic command : {sentence}")


def test_topics_says_what_became_of_delete_config(run: Run) -> None:
    code, out, err = run("kafka-topics", "--alter", "--topic", "t", "--delete-config", "a")
    assert (code, out) == (1, "")
    lines = err.splitlines()
    assert lines[0].startswith("delete-config option is no longer supported and deprecated since version 4.0.")
    assert lines[1].startswith("kafka-configs --alter --entity-type topics --entity-name TOPIC --delete-config a")
    assert lines[2] == 'Missing required argument "[partitions]"'


@pytest.mark.parametrize("server", ["no-such-host.invalid", "no-such-host.invalid:9092,nor-this.invalid:9092"])
def test_names_without_an_address_are_not_waited_for(run: Run, server: str) -> None:
    code, out, err = run("kafka-topics", "--list", "--bootstrap-server", server, connected=False)
    assert (code, out) == (1, "")
    assert err.startswith("No resolvable bootstrap urls given in bootstrap.servers: no-such-host.invalid: ")


def test_which_versions_a_broker_has_is_not_waited_for(run: Run) -> None:
    code, out, err = run("kafka-broker-api-versions", "--bootstrap-server", "127.0.0.1:1", connected=False)
    assert (code, out) == (1, "")
    assert err == "cannot connect to 127.0.0.1:1: Connection refused. Is a broker running there?\n"


def test_topics_needs_a_broker(run: Run) -> None:
    assert run("kafka-topics", "--list", connected=False) == (1, "", "--bootstrap-server must be specified\n")


def test_topics_by_id_and_by_report(run: Run, broker: Broker) -> None:
    made(broker, "by-id", partitions=2)
    described = run("kafka-topics", "--describe", "--topic", "by-id")[1]
    found = re.search(r"TopicId: (\S{22})\t", described)
    assert found is not None
    assert run("kafka-topics", "--describe", "--topic-id", found[1]) == (0, described, "")
    unknown = run("kafka-topics", "--describe", "--topic-id", "A" * 21 + "w")
    assert unknown[:2] == (
        1,
        f"Error while executing topic command : TopicId '{'A' * 21}w' does not exist as expected\n",
    )
    for report in ("under-replicated-partitions", "unavailable-partitions", "under-min-isr-partitions"):
        assert run("kafka-topics", "--describe", "--topic", "by-id", f"--{report}") == (0, "", "")
    at_min = run("kafka-topics", "--describe", "--topic", "by-id", "--at-min-isr-partitions")[1]
    assert at_min.count("\n") == 2
    limited = run("kafka-topics", "--describe", "--topic", "by-id", "--partition-size-limit-per-response", "1")[1]
    assert limited == described


def test_get_offsets(run: Run, broker: Broker) -> None:
    topic = made(broker, "offsets", 3, partitions=2)
    assert run("kafka-get-offsets", "--topic", topic) == (0, f"{topic}:0:3\n{topic}:1:0\n", "")
    old = run("kafka-get-offsets", "--topic", topic, "--time", "-1", "--offsets", "1", "--max-wait-ms", "1000")
    assert old == (0, f"{topic}:0:3\n{topic}:1:0\n", "")
    assert run("kafka-get-offsets", "--topic-partitions", f"{topic}:-1") == (0, f"{topic}:0:3\n", "")
    assert run("kafka-get-offsets", "--topic-partitions", f"{topic}:1") == (0, f"{topic}:1:0\n", "")
    assert run("kafka-get-offsets", "--topic", topic, "--time", "1002") == (0, f"{topic}:0:2\n", "")
    assert run("kafka-get-offsets", "--topic", topic, "--partitions", "0", "--time", "earliest")[1] == f"{topic}:0:0\n"
    unknown_time = run("kafka-get-offsets", "--topic", topic, "--partitions", "1", "--time", "-9")
    assert unknown_time[2] == (
        f"Skip getting offsets for topic-partition {topic}-1 due to error: "
        "org.apache.kafka.common.errors.UnsupportedVersionException: The version of API is not supported.\n"
    )
    nothing = run("kafka-get-offsets", "--topic", "nope")
    assert nothing == (1, "", "Error occurred: Could not match any topic-partitions with the specified filters\n")


def test_delete_records(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "deleted", 3)
    file = tmp_path / "offsets.json"
    entries = [{"topic": topic, "partition": 0, "offset": 2}, {"topic": topic, "partition": 7, "offset": 0}]
    file.write_text(json.dumps({"partitions": entries, "version": 1}))
    assert run("kafka-delete-records", "--offset-json-file", str(file)) == (
        0,
        "Executing records delete operation\nRecords delete operation completed:\n"
        f"partition: {topic}-0\tlow_watermark: 2\n"
        f"partition: {topic}-7\terror: This server does not host this topic-partition.\n",
        "",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "The input string is not a valid JSON"),
        ("{}", "Missing partitions field"),
        ('{"partitions": [], "version": 2}', "Not supported version field value 2"),
        ('{"partitions": [{"topic": "t"}]}', "needs topic, partition and offset"),
        (
            '{"partitions": [' + ", ".join(['{"topic": "t", "partition": 0, "offset": 1}'] * 2) + "]}",
            "Offset json file contains duplicate topic partitions: t-0",
        ),
    ],
)
def test_delete_records_refuses_a_file(run: Run, tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "offsets.json"
    file.write_text(text)
    code, out, err = run("kafka-delete-records", "--offset-json-file", str(file))
    assert (code, out) == (1, "")
    assert sentence in err


def test_log_dirs(run: Run, broker: Broker) -> None:
    topic = made(broker, "sized", 1)
    code, out, _ = run("kafka-log-dirs", "--describe", "--topic-list", topic)
    assert code == 0
    assert out.splitlines()[:2] == [
        "Querying brokers for log directories information",
        f"Received log directory information from brokers {broker.node_id}",
    ]
    document = json.loads(out.splitlines()[2])
    (directory,) = document["brokers"][0]["logDirs"]
    assert directory["logDir"] == broker.log_dirs[0]
    (partition,) = directory["partitions"]
    assert partition.pop("size") > 0
    assert partition == {"partition": f"{topic}-0", "offsetLag": 0, "isFuture": False}
    missing = run("kafka-log-dirs", "--describe", "--broker-list", "77")
    assert missing[2].startswith("ERROR: The given brokers do not exist from --broker-list: 77.")


def test_cluster(run: Run, broker: Broker) -> None:
    assert run("kafka-cluster", "cluster-id") == (0, f"Cluster ID: {broker.cluster_id}\n", "")
    code, out, _ = run("kafka-cluster", "list-endpoints", "--include-fenced-brokers")
    assert code == 0
    assert out.splitlines()[1].split() == [
        str(broker.node_id),
        "127.0.0.1",
        str(broker.port),
        "null",
        "unfenced",
        "broker",
    ]
    assert run("kafka-cluster", connected=False)[2].startswith("usage: kafka-cluster")
    without = run("kafka-cluster", "cluster-id", "--command-config", "file", connected=False)
    sentence = "one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required"
    assert f"\nkafka-cluster: error: {sentence}\n" in without[2]


def test_api_versions(run: Run, broker: Broker) -> None:
    code, out, _ = run("kafka-broker-api-versions")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"127.0.0.1:{broker.port} (id: {broker.node_id} rack: null isFenced: false) -> ("
    assert lines[1] == "\tProduce(0): 0 to 13 [usable: 13],"
    assert lines[-1] == ")"
    assert not lines[-2].endswith(",")


@pytest.mark.parametrize("action", [("--describe",), ("--alter", "--add-config", "connection_creation_rate=5")])
def test_configs_of_an_address_that_is_none(run: Run, action: tuple[str, ...]) -> None:
    assert run("kafka-configs", *action, "--entity-type", "ips", "--entity-name", "300.1.1.1") == (
        1,
        "",
        "The entity name for ips must be a valid IP or resolvable host, but it is: 300.1.1.1\n",
    )


def test_configs_of_topics_brokers_and_clients(run: Run, broker: Broker) -> None:
    topic = made(broker, "configured")
    alter = ("kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", topic)
    assert run(*alter, "--add-config", "cleanup.policy=[compact,delete],retention.ms=5") == (
        0,
        f"Completed updating config for topic {topic}.\n",
        "",
    )
    assert run("kafka-configs", "--describe", "--topic", topic)[1].splitlines() == [
        f"Dynamic configs for topic {topic} are:",
        "  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, "
        "DEFAULT_CONFIG:log.cleanup.policy=delete}",
        "  retention.ms=5 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5}",
    ]
    assert run(*alter, "--delete-config", "retention.ms,nope")[2] == "Invalid config(s): nope\n"
    refused = run(*alter, "--add-config", "retention.ms=soon")
    assert refused[0] == 1
    assert refused[2].startswith("Error while executing config command with args '--alter --entity-type topics")
    everything = run("kafka-configs", "--describe", "--topic", topic, "--all")[1]
    assert everything.startswith(f"All configs for topic {topic} are:\n")
    assert "  segment.bytes=1073741824 " in everything
    assert run("kafka-configs", "--describe", "--topic", "nope") == (
        0,
        "The topic 'nope' doesn't exist and doesn't have dynamic config.\n",
        "",
    )
    assert run("kafka-configs", "--alter", "--broker-defaults", "--add-config", "log.retention.ms=7")[1] == (
        "Completed updating default config for brokers in the cluster.\n"
    )
    assert "  log.retention.ms=7 " in run("kafka-configs", "--describe", "--entity-type", "brokers")[1]


def test_an_option_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("security.protocol=SASL_SSL\n")
    code, _, err = run("kafka-topics", "--list", "--command-config", str(file))
    assert code == 1
    assert "sasl.mechanism is not set, which means GSSAPI, and this client has no such mechanism" in err
    missing = run("kafka-topics", "--list", "--command-config", str(tmp_path / "nope"))
    assert missing[0] == 1
    assert "nope cannot be read: No such file or directory" in missing[2]


def test_nobody_is_there(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("default.api.timeout.ms=400\n")
    servers = ("--bootstrap-server", f"127.0.0.1:{free_port()}")
    code, out, err = run("kafka-topics", "--list", *servers, "--command-config", str(file), connected=False)
    assert code == 1
    assert out.startswith("Error while executing topic command : cannot connect to 127.0.0.1:")
    assert out.endswith("Connection refused. Is a broker running there?\n")
    assert "WARN cannot connect to" in err


def test_the_broker_that_zookeeper_stands_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINIKAFKA_HOME", raising=False)
    assert broker_of_zookeeper("localhost:2181", "it") == "localhost:9092"
    assert broker_of_zookeeper("zk1:2181,zk2:2181/chroot", "it") == "zk1:9092,zk2:9092"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.properties").write_text("listeners=PLAINTEXT://:9192,OTHER://:9193\n")
    monkeypatch.setenv("MINIKAFKA_HOME", str(tmp_path))
    assert broker_of_zookeeper("localhost:2181", "it") == "localhost:9192"
    assert broker_of_zookeeper("elsewhere:2181", "it") == "elsewhere:9092"
    with pytest.raises(ClientError, match="--zookeeper /chroot names no host"):
        broker_of_zookeeper("/chroot", "--zookeeper /chroot")


WITH_HELP_OF_THEIR_OWN = (
    "kafka-server-start",
    "kafka-cluster",
    "kafka-storage",
    "kafka-transactions",
    "kafka-features",
    "kafka-metadata-quorum",
    "kafka-producer-perf-test",
    "kafka-run-class",
    "kafka-verifiable-consumer",
    "kafka-verifiable-producer",
)
TOOLS = [name for name in COMMANDS if name.startswith("kafka-") and name not in WITH_HELP_OF_THEIR_OWN]


@pytest.mark.parametrize("command", TOOLS)
def test_help_and_version(run: Run, command: str) -> None:
    code, out, err = run(command, "--help", connected=False)
    assert (code, out) == (1, "")
    assert err.startswith("This tool ") or "Option" in err.splitlines()[1]
    code, out, _ = run(command, "--version", connected=False)
    assert code == 0
    assert out.startswith("4.2.0 (minikafka ")


@pytest.mark.parametrize(
    "command",
    [
        *(
            "kafka-topics",
            "kafka-configs",
            "kafka-console-producer",
            "kafka-console-consumer",
            "kafka-console-share-consumer",
            "kafka-producer-perf-test",
            "kafka-consumer-perf-test",
            "kafka-e2e-latency",
            "kafka-verifiable-producer",
            "kafka-verifiable-consumer",
            "kafka-dump-log",
            "kafka-run-class",
        ),
        *("kafka-consumer-groups", "kafka-transactions", "kafka-features"),
    ],
)
def test_a_tool_starts_with_little(command: str) -> None:
    """What costs tens of milliseconds and is not needed: a tool has 300 ms from its name to its first word."""
    code = f"import sys, minikafka.cli.{COMMANDS[command][0]}; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    costly = {"argparse", "asyncio", "json", "logging", "ssl", "tempfile", "hashlib", "minikafka.config.broker"}
    assert costly.isdisjoint(modules), sorted(costly & set(modules))
    assert not [
        name for name in modules if name.startswith(("minikafka.server", "minikafka.storage", "lz4", "zstandard"))
    ]
