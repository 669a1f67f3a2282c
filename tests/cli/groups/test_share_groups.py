"""``kafka-share-groups`` and ``kafka-groups``; the session of the matrix compares them with Kafka's on Apache Kafka."""

from __future__ import annotations

import pytest

from minikafka.broker import Broker
from minikafka.cli.groups.share_group_tables import member_table, offset_lines, state_table
from minikafka.client.admin.group_offsets import set_offsets
from minikafka.client.admin.share_groups import ShareGroupDescription, ShareGroupMember, SharePartition
from minikafka.client.brokers import BrokerNode
from minikafka.client.cluster import Cluster
from minikafka.client.coordinator import GroupCoordinator
from tests.cli.tool_run import Run, made

TOOL = "kafka-share-groups"
GROUP = ShareGroupDescription(
    "sharing",
    "Stable",
    BrokerNode(1, "127.0.0.1", 9092, None, False),
    [
        ShareGroupMember("member-b", "client", "/127.0.0.1", 3, [("orders", 1), ("orders", 0), ("items", 2)]),
        ShareGroupMember("member-a", "client", "/127.0.0.1", 2, []),
    ],
    4,
    3,
)


def test_offsets() -> None:
    offsets = {("orders", 1): SharePartition(None, None, None), ("orders", 0): SharePartition(7, 0, 3)}
    assert offset_lines("sharing", offsets, is_verbose=False) == [
        "GROUP           TOPIC           PARTITION  START-OFFSET  LAG",
        "sharing         orders          0          7             3",
        "sharing         orders          1          -             -",
    ]
    assert offset_lines("sharing", offsets, is_verbose=True)[:2] == [
        "GROUP           TOPIC           PARTITION  LEADER-EPOCH  START-OFFSET  LAG",
        "sharing         orders          0          0             7             3",
    ]
    assert offset_lines("sharing", {}, is_verbose=True) == ["Share group 'sharing' has no offset information."]


def test_members() -> None:
    assert member_table(GROUP, is_verbose=True) == [
        "GROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS  MEMBER-EPOCH  ASSIGNMENT",
        "sharing         member-a        /127.0.0.1      client          0            2             ",
        "sharing         member-b        /127.0.0.1      client          3            3             items:2;orders:0,1",
    ]
    assert member_table(GROUP, is_verbose=False)[2].endswith(" 3            items:2;orders:0,1")


def test_state() -> None:
    assert state_table(GROUP, is_verbose=False) == [
        "GROUP           COORDINATOR (ID)          STATE           #MEMBERS",
        "sharing         127.0.0.1:9092  (1)       Stable          2",
    ]
    assert state_table(GROUP, is_verbose=True)[1] == (
        "sharing         127.0.0.1:9092  (1)       Stable          4            3                 2"
    )


def test_a_group_that_begins_somewhere_else(run: Run, broker: Broker) -> None:
    topic = made(broker, "moved")
    for value in ("a", "b", "c"):
        broker.produce(topic, value)
    for where, offset in (("--to-latest", 3), ("--to-earliest", 0)):
        code, out, _ = run(TOOL, "--reset-offsets", "--execute", "--group", "mover", "--topic", topic, where)
        assert code == 0
        assert out.splitlines()[-1].split() == ["mover", topic, "0", str(offset)]
    assert run(TOOL, "--list") == (0, "mover\n", "")
    assert run(TOOL, "--describe", "--group", "mover")[1].splitlines()[-1].split() == ["mover", topic, "0", "0", "-"]
    titles = f"{'GROUP':20} {'TYPE':20} {'PROTOCOL':20}\n"
    assert run("kafka-groups", "--list", "--share")[1] == titles + f"{'mover':20} {'Share':20} {'share':20} \n"
    out = run(TOOL, "--delete-offsets", "--group", "mover", "--topic", topic)[1]
    assert out.splitlines()[-1].split() == [topic, "Successful"]
    out = run(TOOL, "--delete", "--group", "mover")[1]
    assert out == "Deletion of requested share groups ('mover') was successful.\n"
    assert broker.groups() == {}


def test_groups_that_are_not_there(run: Run) -> None:
    assert run(TOOL, "--list") == (0, "", "")
    assert run(TOOL, "--list", "--state", "stable")[1] == "GROUP           STATE\n"
    assert run(TOOL, "--delete", "--group", "nobody")[1] == (
        "\nError: Deletion of some share groups failed:\n* Group 'nobody' could not be deleted due to: "
        "java.lang.IllegalArgumentException: Group 'nobody' is not a share group.\n"
    )
    code, out, _ = run(TOOL, "--describe", "--group", "sharing")
    assert (code, out) == (
        0,
        "\nError: Executing share group command failed due to "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: Group sharing not found.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (),
            "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets.",
        ),
        (("--describe",), "Option [describe] takes one of these options: [all-groups], [group]"),
        (("--delete",), "Option [delete] takes the options [group] or [all-groups]"),
        (("--reset-offsets", "--group", "g"), "Option [reset-offsets] takes the option: [execute] or [dry-run]"),
        (
            ("--reset-offsets", "--group", "g", "--execute", "--all-topics"),
            "Option [reset-offsets] takes one of these options: [to-datetime], [to-earliest], [to-latest]",
        ),
        (("--list", "--state", "dizzy"), "Invalid state list 'dizzy'. Valid states are: Stable, Dead, Empty"),
        (("--list", "--verbose"), "Option(s) [verbose] are unavailable given other options on the command line"),
    ],
)
def test_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(TOOL, *arguments)
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == sentence


def test_groups_of_all_types(run: Run, broker: Broker) -> None:
    with Cluster(broker.bootstrap_servers) as cluster:
        set_offsets(GroupCoordinator(cluster, "simple"), {(made(broker, "grouped"), 0): 0})
    titles = f"{'GROUP':20} {'TYPE':20} {'PROTOCOL':20}\n"
    simple = f"{'simple':20} {'Classic':20} {'':20} \n"
    for wanted in ((), ("--consumer",), ("--group-type", "classic"), ("--protocol", "")):
        assert run("kafka-groups", "--list", *wanted) == (0, titles + simple, "")
    for unwanted in ("--share", "--streams"):
        assert run("kafka-groups", "--list", unwanted) == (0, titles, "")
    assert run("kafka-groups", "--list", "--group-type", "any") == (
        1,
        "",
        "--group-type must be a valid group type.\n",
    )
