"""``kafka-leader-election``: what Kafka's own tool prints of elections that are needed, needless, or fail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.client.cluster import Cluster
from minikafka.client.leaders import TopicPartition
from minikafka.errors import CLUSTER_AUTHORIZATION_FAILED, ELIGIBLE_LEADERS_NOT_AVAILABLE, REQUEST_TIMED_OUT, ApiError
from tests.cli.tool_run import Run, made

TOOL = "kafka-leader-election"
PREFERRED = ("--election-type", "preferred")


def test_nothing_to_elect(run: Run, broker: Broker) -> None:
    topic = made(broker, "elected", partitions=2)
    needless = (0, "Valid replica already elected for partitions elected-1\n", "")
    for kind in ("preferred", "UNCLEAN"):
        assert run(TOOL, "--election-type", kind, "--topic", topic, "--partition", "1") == needless
    assert run(TOOL, *PREFERRED, "--all-topic-partitions") == (0, "", "")


def test_partitions_of_a_file(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "elected-by-file")
    file = tmp_path / "partitions.json"
    entries = [{"topic": topic, "partition": 0}, {"topic": topic, "partition": 9}]
    file.write_text(json.dumps({"partitions": entries}))
    assert run(TOOL, *PREFERRED, "--path-to-json-file", str(file)) == (
        1,
        "Valid replica already elected for partitions elected-by-file-0\n"
        "Error completing leader election (PREFERRED) for partition: elected-by-file-9: "
        "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: No such partition as elected-by-file-9\n",
        "1 replica(s) could not be elected\n",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Replica election data is empty\n"),
        ("{}", 'Replica election data is missing "partitions" field\n'),
        ("{", "partitions.json is not JSON: "),
        ('{"partitions": [{"topic": "t"}]}', '{"topic": "t"} needs topic and partition\n'),
        (
            '{"partitions": [{"topic": "t", "partition": 0}, {"topic": "t", "partition": 0}]}',
            "Replica election data contains duplicate partitions: [t-0]\n",
        ),
    ],
)
def test_a_file_that_cannot_be_used(run: Run, tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "partitions.json"
    file.write_text(text)
    code, out, err = run(TOOL, *PREFERRED, "--path-to-json-file", str(file))
    assert (code, out) == (1, "")
    assert sentence in err


def test_outcomes_of_a_cluster(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more brokers than there are here."""

    def elect(
        cluster: Cluster, election_type: int, partitions: Iterable[TopicPartition] | None, *, timeout_ms: int
    ) -> dict[TopicPartition, ApiError | None]:
        assert (election_type, partitions) == (1, None)
        return {("b", 1): None, ("a", 0): None, ("c", 0): ApiError(ELIGIBLE_LEADERS_NOT_AVAILABLE)}

    monkeypatch.setattr("minikafka.cli.topics.leader_election.elect_leaders", elect)
    code, out, err = run(TOOL, "--election-type", "unclean", "--all-topic-partitions")
    assert out.splitlines() == [
        "Successfully completed leader election (UNCLEAN) for partitions a-0, b-1",
        "Error completing leader election (UNCLEAN) for partition: c-0: "
        "org.apache.kafka.common.errors.EligibleLeadersNotAvailableException: "
        "Eligible topic partition leaders are not available.",
    ]
    assert (code, err) == (1, "1 replica(s) could not be elected\n")


@pytest.mark.parametrize(
    ("error_code", "sentence"),
    [
        (REQUEST_TIMED_OUT, "Timeout waiting for election results\n"),
        (CLUSTER_AUTHORIZATION_FAILED, "Not authorized to perform leader election\n"),
    ],
)
def test_the_controller_refuses(run: Run, monkeypatch: pytest.MonkeyPatch, error_code: int, sentence: str) -> None:
    def refuse(*arguments: object, timeout_ms: int) -> None:
        raise ApiError(error_code)

    monkeypatch.setattr("minikafka.cli.topics.leader_election.elect_leaders", refuse)
    assert run(TOOL, *PREFERRED, "--all-topic-partitions") == (1, sentence, sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--all-topic-partitions",), "Missing required option(s): election-type"),
        (
            PREFERRED,
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-",
        ),
        ((*PREFERRED, "--topic", "t"), "Missing required option(s): partition"),
        (
            (*PREFERRED, "--all-topic-partitions", "--partition", "0"),
            "Option partition is only allowed if topic is used",
        ),
        (
            ("--election-type", "rigged", "--all-topic-partitions"),
            "Cannot parse argument 'rigged' of option election-type",
        ),
    ],
)
def test_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(TOOL, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)


def test_the_older_name_of_command_config(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("client.id=elector\n")
    code, out, _ = run(TOOL, *PREFERRED, "--all-topic-partitions", "--admin.config", str(file))
    assert code == 0
    assert out.startswith("Option --admin.config has been deprecated")
