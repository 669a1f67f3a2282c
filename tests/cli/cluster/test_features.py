"""``kafka-features`` and ``kafka-metadata-quorum``: what Kafka's own tools print."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.cluster.metadata_quorum import replication_table, status_text
from minikafka.client.admin.quorum import Quorum, QuorumReplica, RaftEndpoint
from minikafka.client.errors import ClientError
from minikafka.protocol.primitives import ZERO_UUID
from minikafka.state.features import FORMATTED
from tests.cli.tool_run import Run

FEATURES = "kafka-features"
QUORUM = "kafka-metadata-quorum"
ONE = bytes(15) + b"\1"
ONE_TEXT = "AAAAAAAAAAAAAAAAAAAAAQ"


def test_describe(run: Run) -> None:
    code, out, err = run(FEATURES, "describe")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split("\t")[0].removeprefix("Feature: ") for line in lines] == sorted([*FORMATTED, "kraft.version"])
    assert lines[1].startswith(
        "Feature: group.version\tSupportedMinVersion: 0\tSupportedMaxVersion: 1\tFinalizedVersionLevel: 1\tEpoch: "
    )
    assert "\tSupportedMinVersion: 3.3-IV3\tSupportedMaxVersion: 4.2-IV1\tFinalizedVersionLevel: 4.2-IV1\t" in lines[3]
    assert len(run(FEATURES, "describe", "--node-id", "1")[1].splitlines()) == len(lines)
    assert run(FEATURES, "describe", "--node-id", "7")[2].startswith("there is no node 7 in the cluster of ")
    assert run(FEATURES, "describe", "--node-id", "-1")[2] == "Invalid node id -1: must be non-negative.\n"


def test_the_latest_release_is_what_is_formatted(run: Run) -> None:
    out = run(FEATURES, "version-mapping")[1]
    assert out.startswith("metadata.version=29 (4.2-IV1)\n")
    levels = dict(line.split(" ")[0].split("=") for line in out.splitlines())
    assert {feature: int(level) for feature, level in levels.items()} == {**FORMATTED, "kraft.version": 1}


def test_version_mapping(run: Run) -> None:
    for release in ("3.9", "3.9.1", "3.9-IV0"):
        assert run(FEATURES, "version-mapping", "--release-version", release) == (
            0,
            f"metadata.version=21 ({release})\nkraft.version=1\ntransaction.version=0\ngroup.version=0\n"
            "eligible.leader.replicas.version=0\nshare.version=0\nstreams.version=0\n",
            "",
        )
    code, _, err = run(FEATURES, "version-mapping", "--release-version", "2.8")
    assert code == 1
    assert err.startswith("Unknown metadata.version '2.8'. Supported metadata.version are: 3.3-IV3, 3.4-IV0, ")


def test_feature_dependencies(run: Run) -> None:
    wanted = ("metadata.version=21", "eligible.leader.replicas.version=1", "group.version=0")
    arguments = [word for feature in wanted for word in ("--feature", feature)]
    assert run(FEATURES, "feature-dependencies", *arguments) == (
        0,
        "metadata.version=21 (3.9-IV0) has no dependencies.\n"
        "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n"
        "group.version=0 has no dependencies.\n",
        "",
    )


@pytest.mark.parametrize(
    ("feature", "sentence"),
    [
        ("group.version=9", "No feature:group.version with feature level 9"),
        ("metadata.version=99", "Unknown metadata.version 99"),
        ("nothing=1", "Unknown feature: nothing"),
        ("nothing", "Can't parse feature=level string nothing: equals sign not found."),
        ("nothing=x", "Can't parse feature=level string nothing=x: unable to parse x as a short."),
        ("nothing=70000", "Can't parse feature=level string nothing=70000: unable to parse 70000 as a short."),
    ],
)
def test_feature_dependencies_refuses(run: Run, feature: str, sentence: str) -> None:
    assert run(FEATURES, "feature-dependencies", "--feature", feature) == (1, "", sentence + "\n")


def test_change_levels(run: Run) -> None:
    done = (0, "share.version was disabled.\n", "")
    assert run(FEATURES, "disable", "--feature", "share.version") == done
    assert "FinalizedVersionLevel: 0" in run(FEATURES, "describe")[1].splitlines()[4]
    upgrade = (FEATURES, "upgrade", "--feature", "share.version=1")
    assert run(*upgrade, "--dry-run") == (0, "share.version can be upgraded to 1.\n", "")
    assert run(*upgrade) == (0, "share.version was upgraded to 1.\n", "")
    assert run(FEATURES, "downgrade", "--feature", "share.version=0")[1] == "share.version was downgraded to 0.\n"
    code, out, _ = run(FEATURES, "upgrade", "--release-version", "4.2")
    assert code == 0
    assert out.splitlines()[4] == "share.version was upgraded to 1."


def test_change_levels_refuses(run: Run) -> None:
    code, out, err = run(FEATURES, "upgrade", "--dry-run", "--feature", "group.version=9")
    assert (code, err) == (1, "1 out of 1 operation(s) failed.\n")
    assert out.startswith("Can not upgrade group.version to 9. ")
    assert run(FEATURES, "upgrade")[2] == "You must specify at least one feature to upgrade\n"
    assert run(FEATURES, "disable")[2] == "You must specify at least one feature to disable\n"
    both = run(FEATURES, "upgrade", "--release-version", "4.0", "--metadata", "4.0")
    assert both == (1, "", "Can not specify `release-version` with other feature flags.\n")
    twice = ("--feature", "group.version=1") * 2
    assert run(FEATURES, "upgrade", *twice)[2] == "Feature group.version was specified more than once.\n"
    code, out, _ = run(FEATURES, "downgrade", "--dry-run", "--metadata", "3.3-IV3")
    assert (code, out.splitlines()[0]) == (1, " `metadata` flag is deprecated and may be removed in a future release.")


def test_one_of_brokers_and_controllers(run: Run) -> None:
    code, _, err = run(FEATURES, "describe", connected=False)
    assert (code, err.splitlines()[-1]) == (
        1,
        "kafka-features: error: one of the arguments --bootstrap-server --bootstrap-controller is required",
    )


# --- quorum


def test_quorum_of_one(run: Run, broker: Broker) -> None:
    code, out, err = run(QUORUM, "describe", "--status")
    assert (code, err) == (0, "")
    titles = [line.split(":")[0] for line in out.splitlines()]
    assert titles == [
        "ClusterId",
        "LeaderId",
        "LeaderEpoch",
        "HighWatermark",
        "MaxFollowerLag",
        "MaxFollowerLagTimeMs",
        "CurrentVoters",
        "CurrentObservers",
    ]
    assert out.startswith(f"ClusterId:              {broker.cluster_id}\nLeaderId:               1\n")
    titles, row = (
        [cell.strip() for cell in line.split("\t")] for line in run(QUORUM, "describe", "--replication")[1].splitlines()
    )
    assert titles[:4] == ["NodeId", "DirectoryId", "LogEndOffset", "Lag"]
    assert (row[0], row[3], row[6]) == ("1", "0", "Leader")
    assert " ms ago" in run(QUORUM, "describe", "--replication", "--human-readable")[1]


THREE = Quorum(
    1,
    7,
    90,
    [
        QuorumReplica(2, ZERO_UUID, 95, 4_000, 3_000),
        QuorumReplica(1, ONE, 100, 5_000, 5_000),
        QuorumReplica(3, ONE, 80, None, None),
    ],
    [QuorumReplica(9, ZERO_UUID, 60, 1_000, 500)],
    {1: [RaftEndpoint("CONTROLLER", "::1", 9093), RaftEndpoint("OTHER", "host", 1)]},
)


def test_status_of_three() -> None:
    assert status_text(THREE, "the-cluster").splitlines()[2:] == [
        "LeaderEpoch:            7",
        "HighWatermark:          90",
        "MaxFollowerLag:         20",
        "MaxFollowerLagTimeMs:   -1",
        'CurrentVoters:          [{"id": 2}, {"id": 1, "directoryId": "AAAAAAAAAAAAAAAAAAAAAQ", "endpoints": '
        '["CONTROLLER://[::1]:9093", "OTHER://host:1"]}, {"id": 3, "directoryId": "AAAAAAAAAAAAAAAAAAAAAQ"}]',
        'CurrentObservers:       [{"id": 9}]',
    ]


def test_replication_of_three() -> None:
    rows = [[cell.strip() for cell in line.split("\t")] for line in replication_table(THREE, now_ms=None)]
    assert [[row[0], row[2], row[3], row[4], row[6]] for row in rows[1:]] == [
        ["1", "100", "0", "5000", "Leader"],
        ["2", "95", "5", "4000", "Follower"],
        ["3", "80", "20", "-1", "Follower"],
        ["9", "60", "40", "1000", "Observer"],
    ]
    assert "1000 ms ago" in replication_table(THREE, now_ms=5_000)[2]
    with pytest.raises(ClientError, match="possible drift in system clock"):
        replication_table(THREE, now_ms=4_500)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("describe",), "One of --status or --replication must be specified with describe sub-command"),
        (
            ("describe", "--status", "--replication"),
            "Only one of --status or --replication should be specified with describe sub-command",
        ),
        (
            ("describe", "--status", "--human-readable"),
            "The option --human-readable is only supported along with --replication",
        ),
        (
            ("add-controller",),
            "You must supply the configuration file of the controller you are adding when using add-controller.",
        ),
        (("remove-controller", "-i", "-1", "-d", ONE_TEXT), "Invalid negative --controller-id: -1"),
        (("remove-controller", "-i", "1", "-d", "x"), "Failed to parse --controller-directory-id: not a uuid: 'x'"),
    ],
)
def test_quorum_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(QUORUM, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)


def test_remove_controller(run: Run) -> None:
    remove = (QUORUM, "remove-controller", "--controller-id", "7", "--controller-directory-id", ONE_TEXT)
    assert run(*remove, "--dry-run") == (
        0,
        f"DRY RUN of removing  KRaft controller 7 with directory id {ONE_TEXT}\n",
        "",
    )
    code, out, err = run(*remove)
    assert (code, out) == (1, "")
    assert err


def test_add_controller(run: Run, tmp_path: Path) -> None:
    settings = {
        "node.id": "7",
        "process.roles": "controller",
        "log.dirs": str(tmp_path / "data"),
        "listeners": "CONTROLLER://:9093,PLAINTEXT://:9092",
        "advertised.listeners": "PLAINTEXT://host:9092",
        "controller.listener.names": "CONTROLLER",
    }
    file = tmp_path / "controller.properties"
    add = (QUORUM, "add-controller", "--dry-run", "--command-config", str(file))

    def said(*missing: str) -> str:
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items() if key not in missing))
        return run(*add)[2]

    question = "Is this a valid controller configuration file?\n"
    assert said("node.id") == f"node.id not found in configuration file. {question}"
    assert said("process.roles") == f"process.roles did not contain 'controller' in configuration file. {question}"
    assert said("log.dirs") == f"Neither metadata.log.dir nor log.dirs were found. {question}"
    assert said().startswith(f"Unable to read meta.properties from {tmp_path / 'data'}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text(f"version=1\ndirectory.id={ONE_TEXT}\n")
    assert said("controller.listener.names") == f"controller.listener.names was not found. {question}"
    assert said("listeners") == "Cannot find information about controller listener name: CONTROLLER\n"
    assert said() == ""
    assert run(*add) == (
        0,
        f"DRY RUN of adding controller 7 with directory id {ONE_TEXT} and endpoints: CONTROLLER://localhost:9093\n",
        "",
    )
