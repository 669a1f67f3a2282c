"""``kafka-consumer-groups``: what Kafka's own tool prints of the same groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.groups.consumer_groups import main
from minikafka.client.admin.group_offsets import set_offsets
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.group_member import GroupMember, GroupSettings
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.producing.producer import Producer
from minikafka.protocol.messages import ConsumerGroupHeartbeatRequest
from tests.cli.tool_run import Run, made

TOOL = "kafka-consumer-groups"
FAILED = "\nError: Executing consumer group command failed due to "


def committed(broker: Broker, group: str, topic: str, *offsets: int) -> str:
    """A group without members that has these offsets, by partition."""
    with Cluster(broker.bootstrap_servers) as cluster:
        set_offsets(GroupCoordinator(cluster, group), {(topic, index): at for index, at in enumerate(offsets)})
    return group


@contextmanager
def classic_member(broker: Broker, group: str, topic: str) -> Iterator[None]:
    """The one member of a group, static, which has all partitions of the topic."""
    with Cluster(broker.bootstrap_servers, client_id="the-client") as cluster:
        settings = GroupSettings(group, instance_id="the-instance")
        member = GroupMember(cluster, settings, lambda topics: dict.fromkeys(topics, 2))
        member.join([topic])
        yield


def consumer_member(broker: Broker, group: str, topic: str) -> None:
    """The same in the protocol of KIP-848; it stays for its session timeout."""
    request = ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id="the-member",
        member_epoch=0,
        rebalance_timeout_ms=60_000,
        subscribed_topic_names=[topic],
        topic_partitions=[],
    )
    with Cluster(broker.bootstrap_servers, client_id="the-client") as cluster:
        answer = GroupCoordinator(cluster, group).call(request, lambda answer: answer.error_code)
    assert (answer.error_code, len(answer.assignment.topic_partitions)) == (0, 1)


def words(line: str) -> list[str]:
    return line.split()


def rows(text: str) -> list[list[str]]:
    return [words(line) for line in text.splitlines() if line]


# --- list and describe


def test_list(run: Run, broker: Broker) -> None:
    topic = made(broker, "listed", partitions=2)
    committed(broker, "listed-empty", topic, 0)
    with classic_member(broker, "listed-classic", topic):
        consumer_member(broker, "listed-consumer", topic)
        code, out, err = run(TOOL, "--list")
        assert (code, err) == (0, "")
        ours = ["listed-classic", "listed-consumer", "listed-empty"]
        assert [group for group in out.splitlines() if group.startswith("listed-")] == ours
        out = run(TOOL, "--list", "--state", "--type")[1]
        assert out.splitlines()[0] == f"{'GROUP':25} {'TYPE':20} {'STATE':20}"
        assert ["listed-classic", "Classic", "Stable"] in rows(out)
        assert ["listed-consumer", "Consumer", "Stable"] in rows(out)
        stable = rows(run(TOOL, "--list", "--type", "consumer,Classic", "--state", "STABLE")[1])
        assert ["listed-empty", "Classic", "Empty"] not in stable
        assert ["listed-classic", "Classic", "Stable"] in stable
        assert rows(run(TOOL, "--list", "--type", "consumer")[1]) == [
            ["GROUP", "TYPE"],
            ["listed-consumer", "Consumer"],
        ]


def test_describe_without_members(run: Run, broker: Broker) -> None:
    topic = made(broker, "described-idle", 10, partitions=2)
    group = committed(broker, "idle", topic, 4)
    assert run(TOOL, "--describe", "--group", group) == (
        0,
        "\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             "
        "CONSUMER-ID     HOST            CLIENT-ID\n"
        "idle            described-idle  0          4               10              6               "
        "-               -               -\n",
        "\nConsumer group 'idle' has no active members.\n",
    )
    assert run(TOOL, "--describe", "--group", group, "--members")[1] == (
        "\nGROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n"
    )
    assert rows(run(TOOL, "--describe", "--group", group, "--state")[1])[1][-3:] == ["-", "Empty", "0"]


def test_describe_a_classic_group(run: Run, broker: Broker) -> None:
    topic = made(broker, "described", 10, partitions=2)
    describe = (TOOL, "--describe", "--group", "classic")
    with classic_member(broker, "classic", topic):
        offsets = rows(run(*describe)[1])
        assert [row[:6] for row in offsets[1:]] == [
            ["classic", topic, "0", "-", "10", "-"],
            ["classic", topic, "1", "-", "0", "-"],
        ]
        assert offsets[1][6].startswith("the-instance-")
        assert offsets[1][7:] == ["/127.0.0.1", "the-client"]
        assert rows(run(*describe, "--offsets", "--verbose")[1])[0][3] == "LEADER-EPOCH"
        members = rows(run(*describe, "--members", "--verbose")[1])
        assert members[0][2] == "GROUP-INSTANCE-ID"
        assert members[1][2:] == ["the-instance", "/127.0.0.1", "the-client", "2", "-", f"{topic}:0,1", "-", "-"]
        address = broker.bootstrap_servers
        assert rows(run(*describe, "--state", "--verbose")[1]) == [
            words("GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE GROUP-EPOCH TARGET-ASSIGNMENT-EPOCH #MEMBERS"),
            ["classic", address, "(1)", "range", "Stable", "-", "-", "1"],
        ]


def test_describe_a_consumer_group(run: Run, broker: Broker) -> None:
    topic = made(broker, "described-848", 10, partitions=2)
    consumer_member(broker, "modern", topic)
    out = run(TOOL, "--describe", "--group", "modern", "--members", "--verbose")[1]
    assert rows(out) == [
        words(
            "GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS "
            "CURRENT-EPOCH CURRENT-ASSIGNMENT TARGET-EPOCH TARGET-ASSIGNMENT"
        ),
        ["modern", "the-member", "/127.0.0.1", "the-client", "2", "1", f"{topic}:0,1", "1", f"{topic}:0,1"],
    ]
    state = rows(run(TOOL, "--describe", "--group", "modern", "--state", "--verbose")[1])[1]
    assert state[3:] == ["uniform", "Stable", "1", "1", "1"]


def test_describe_what_is_not_there(run: Run) -> None:
    sentence = "org.apache.kafka.common.errors.GroupIdNotFoundException: Group missing not found."
    assert run(TOOL, "--describe", "--group", "missing") == (0, f"{FAILED}{sentence}\n", "")


# --- reset


@pytest.fixture(scope="module")
def moved(broker: Broker) -> str:
    """A topic of ten messages, one each second from 1.000 s on, and one empty partition."""
    with Cluster(broker.bootstrap_servers) as cluster:
        create_topic(cluster, "moved", partitions=2)
        producer = Producer(cluster)
        for number in range(10):
            producer.send("moved", b"v", partition=0, timestamp_ms=1000 * (1 + number))
        producer.flush()
    committed(broker, "mover", "moved", 5, 0)
    return "moved"


@pytest.mark.parametrize(
    ("how", "offset"),
    [
        (("--to-earliest",), 0),
        (("--to-latest",), 10),
        (("--to-current",), 5),
        (("--to-offset", "7"), 7),
        (("--to-offset", "-3"), 0),
        (("--to-offset", "70"), 10),
        (("--shift-by", "2"), 7),
        (("--shift-by", "-2"), 3),
        (("--shift-by", "-20"), 0),
        (("--to-datetime", "1970-01-01T00:00:04.000"), 3),
        (("--to-datetime", "1970-01-01T01:00:03.500+01:00"), 3),
        (("--to-datetime", "1969-12-31T23:00:04.000-01"), 3),
        (("--by-duration", "PT-1M"), 10),
    ],
)
def test_reset(run: Run, moved: str, how: tuple[str, ...], offset: int) -> None:
    code, out, _ = run(TOOL, "--reset-offsets", "--group", "mover", "--topic", f"{moved}:0", "--dry-run", *how)
    assert code == 0
    assert out.endswith(
        "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n"
        f"mover           moved           0          {offset}\n"
    )


def test_reset_says_where_it_falls_back(run: Run, moved: str) -> None:
    reset = (TOOL, "--reset-offsets", "--group", "mover", "--all-topics", "--dry-run")
    out = run(*reset, "--to-datetime", "1970-01-01T00:00:04.000")[1]
    assert out.startswith(
        "\nWarn: Partition 1 from topic moved is empty. Falling back to latest known offset.\n\nGROUP"
    )
    err = run(*reset, "--to-offset", "99")[2]
    sentence = "New offset (99) is higher than latest offset for topic partition moved-0. Value will be set to 10"
    assert sentence in err


def test_reset_executes_a_plan(run: Run, broker: Broker, tmp_path: Path) -> None:
    topic = made(broker, "planned-of-more-than-24-characters", 10)
    reset = (TOOL, "--reset-offsets", "--group", "planner")
    missing = "WARN: No action will be performed as the --execute option is missing. In version 5.0,"
    assert run(*reset, "--topic", topic, "--to-offset", "4")[2].startswith(missing)
    assert run(*reset, "--topic", topic, "--to-offset", "4", "--execute")[2] == ""
    plan = tmp_path / "plan.csv"
    code, text, _ = run(*reset, "--all-topics", "--to-current", "--dry-run", "--export")
    assert (code, text) == (0, f'"{topic}",0,4\n\n')
    plan.write_text(text.replace(",4", ",8"))
    run(*reset, "--from-file", str(plan), "--execute")
    assert rows(run(TOOL, "--describe", "--group", "planner")[1])[1][:6] == ["planner", topic, "0", "8", "10", "2"]
    plan.write_text(f"planner,{topic},0,1\n")
    code, out, _ = run(*reset, "--group", "nobody", "--from-file", str(plan), "--dry-run")
    assert out.startswith("\nError: No reset plan for group nobody found\n")
    assert rows(out)[-1] == ["planner", topic, "0", "1"]
    plan.write_text("one,two\n")
    assert (
        "line 1: 'one,two' is not of the form TOPIC,PARTITION,OFFSET"
        in run(*reset, "--from-file", str(plan), "--dry-run")[1]
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--topic", "moved:9", "--to-earliest"), 'The partitions "moved-9" do not exist'),
        (("--topic", "nope", "--to-earliest"), "This server does not host this topic-partition."),
        (
            ("--topic", "moved", "--to-datetime", "2023-11-14"),
            "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format",
        ),
        (
            ("--topic", "moved", "--to-datetime", "2023-11-14T25:00:00.000"),
            'java.text.ParseException: Unparseable date: "2023-11-14T25:00:00.000Z"',
        ),
        (("--topic", "moved", "--by-duration", "PT"), "Text cannot be parsed to a Duration"),
    ],
)
def test_reset_fails(run: Run, moved: str, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, _ = run(TOOL, "--reset-offsets", "--group", "mover", "--dry-run", *arguments)
    assert (code, out) == (0, f"{FAILED}{sentence}\n")


def test_reset_leaves_living_groups(run: Run, broker: Broker) -> None:
    topic = made(broker, "lively", 3, partitions=2)
    with classic_member(broker, "living", topic):
        reset = (TOOL, "--reset-offsets", "--group", "living", "--topic", topic, "--to-earliest", "--execute")
        assert run(*reset)[1] == (
            "\nError: Assignments can only be reset if the group 'living' is inactive, "
            "but the current state is Stable.\n"
            "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n"
        )
        assert run(TOOL, "--delete", "--group", "living")[1] == (
            "\nError: Deletion of some consumer groups failed:\n* Group 'living' could not be deleted due to: "
            "org.apache.kafka.common.errors.GroupNotEmptyException: The group is not empty.\n"
        )
        out = run(TOOL, "--delete-offsets", "--group", "living", "--topic", topic)[1]
        assert out.startswith("\nError: Encountered some partition-level error, see the follow-up details.\n")


# --- delete


def test_delete_offsets(run: Run, broker: Broker) -> None:
    topic = made(broker, "forgotten", 3, partitions=2)
    committed(broker, "forgetter", topic, 1, 0)
    delete = (TOOL, "--delete-offsets", "--group", "forgetter", "--topic")
    assert run(*delete, f"{topic}:0")[1] == (
        "Request succeeded for deleting offsets from group forgetter.\n"
        "\nTOPIC           PARTITION  STATUS         \n"
        "forgotten       0          Successful     \n"
    )
    unknown = "UnknownTopicOrPartitionException: This server does not host this topic-partition."
    out = run(*delete, topic, "--topic", "nope")[1]
    assert "nope            -          Error: org.apache.kafka.common.errors." + unknown in out
    assert run(TOOL, "--delete-offsets", "--group", "no-group", "--topic", topic)[1].startswith(
        "\nError: The group id does not exist.\n"
    )


def test_delete(run: Run, broker: Broker) -> None:
    topic = made(broker, "doomed", 3)
    committed(broker, "doomed-a", topic, 1)
    committed(broker, "doomed-b", topic, 1)
    assert run(TOOL, "--delete", "--group", "doomed-a")[1] == (
        "Deletion of requested consumer groups ('doomed-a') was successful.\n"
    )
    assert run(TOOL, "--delete", "--group", "doomed-a", "--group", "doomed-b")[1] == (
        "\nError: Deletion of some consumer groups failed:\n* Group 'doomed-a' could not be deleted due to: "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.\n"
        "\nThese consumer groups were deleted successfully: 'doomed-b'\n"
    )


def test_all_groups(capsys: pytest.CaptureFixture[str]) -> None:
    with Broker() as broker:
        for group, offset in (("first", 1), ("second", 2)):
            committed(broker, group, made(broker, f"of-{group}", 3), offset)

        def printed(*arguments: str) -> list[str]:
            assert main([*arguments, "--all-groups", "--bootstrap-server", broker.bootstrap_servers]) == 0
            return capsys.readouterr().out.splitlines()

        described = printed("--describe")
        assert [line.split()[:6] for line in described if line.startswith(("first", "second"))] == [
            ["first", "of-first", "0", "1", "3", "2"],
            ["second", "of-second", "0", "2", "3", "1"],
        ]
        assert printed("--reset-offsets", "--all-topics", "--to-latest", "--dry-run", "--export") == [
            "first,of-first,0,3",
            "second,of-second,0,3",
            "",
        ]
        assert printed("--delete") == ["Deletion of requested consumer groups ('first', 'second') was successful."]
        assert printed("--describe") == []


# --- the command line


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (),
            "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets",
        ),
        (("--describe",), "Option [describe] takes one of these options: [group], [all-groups]"),
        (("--list", "--group", "g"), 'Option "[group]" can\'t be used with option "[list]"'),
        (("--list", "--state", "sleepy"), "Invalid state list 'sleepy'. Valid states are: PreparingRebalance, "),
        (("--list", "--type", "share"), "Invalid types list 'share'. Valid types are: Classic, Consumer"),
        (("--list", "--members"), "Option(s) [members] are unavailable given other options on the command line"),
        (
            ("--describe", "--group", "g", "--state", "--members"),
            "Option [describe] takes at most one of these options: [members], [offsets], [state]",
        ),
        (("--describe", "--group", "g", "--state", "x"), "Option [describe] does not take a value for [state]"),
        (
            ("--delete", "--group", "g", "--topic", "t"),
            "The consumer does not support topic-specific offset deletion from a consumer group.",
        ),
        (
            ("--reset-offsets", "--group", "g", "--dry-run", "--execute"),
            "Option [reset-offsets] only accepts one of [execute] and [dry-run]",
        ),
        (
            ("--reset-offsets", "--group", "g", "--dry-run", "--to-latest"),
            "One of the reset scopes should be defined: --all-topics, --topic.",
        ),
        (
            ("--reset-offsets", "--group", "g", "--dry-run", "--topic", "moved"),
            "Option '[reset-offsets]' requires one of the following scenarios: [[to-datetime], ",
        ),
        (
            ("--reset-offsets", "--group", "mover", "--dry-run", "--topic", "moved:0", "--topic", "x:y", "--to-latest"),
            "Invalid partition 'y' specified in topic arg 'x:y''",
        ),
        (
            ("--reset-offsets", "--group", "new", "--dry-run", "--topic", "moved", "--shift-by", "1"),
            "Cannot shift offset for partition moved-0 since there is no current committed offset",
        ),
    ],
)
def test_refuses(run: Run, moved: str, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(TOOL, *arguments)
    assert (code, out) == (1, "")
    assert sentence in err.splitlines()[0]


def test_validate_regex(run: Run) -> None:
    assert run(TOOL, "--validate-regex", "a.*b", connected=False) == (
        0,
        "The regular expression `a.*b` is valid.\n",
        "",
    )
    assert run(TOOL, "--validate-regex", "[a", connected=False)[1] == (
        "The regular expression `[a` is invalid: missing closing ].\n"
    )


def test_options_of_kafka_1_and_2(run: Run, broker: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    committed(broker, "of-old", made(broker, "old-ways"), 0)
    assert "of-old" in run(TOOL, "--new-consumer", "--list")[1].splitlines()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.properties").write_text(f"listeners=PLAINTEXT://{broker.bootstrap_servers}\n")
    monkeypatch.setenv("MINIKAFKA_HOME", str(tmp_path))
    code, out, err = run(TOOL, "--list", "--zookeeper", "localhost:2181", connected=False)
    assert (code, "of-old" in out.splitlines()) == (0, True)
    assert re.match("minikafka needs no ZooKeeper: ", err)
