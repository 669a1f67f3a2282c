"""kafka-storage: what it prints, and that a broker takes what it formats for its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.local.scram_argument import credential_record
from minikafka.cli.local.storage import main
from minikafka.client.admin.scram_credentials import describe_credentials
from minikafka.client.cluster import Cluster
from minikafka.config import BrokerConfig
from minikafka.protocol.primitives import uuid_from_text

CLUSTER_ID = "bWluaWthZmthLXRlc3RzIQ"


def settings(directory: Path, *more: str) -> str:
    file = directory / "server.properties"
    lines = [
        "process.roles=broker,controller",
        "node.id=4",
        "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:9093",
        "controller.listener.names=CONTROLLER",
        f"log.dirs={directory / 'one'},{directory / 'two'}",
        *more,
    ]
    file.write_text("\n".join(lines))
    return str(file)


def test_random_uuid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["random-uuid"]) == 0
    first = capsys.readouterr().out
    assert main(["random-uuid"]) == 0
    assert capsys.readouterr().out != first
    assert len(uuid_from_text(first.strip())) == 16


VOTERS = "controller.quorum.voters=4@localhost:9093"
BOOTSTRAP = "controller.quorum.bootstrap.servers=localhost:9093"
OWN_VOTER = "4@127.0.0.1:19093:JEXY6aqzQY-32P5TStzaFg"


@pytest.mark.parametrize(
    ("setting", "flags", "what"),
    [
        (VOTERS, [], "metadata directory"),
        (VOTERS, ["-N"], "metadata directory"),
        (BOOTSTRAP, ["--standalone"], "dynamic metadata voter directory"),
        (BOOTSTRAP, ["-I", OWN_VOTER], "dynamic metadata voter directory"),
        (BOOTSTRAP, ["--no-initial-controllers"], "metadata directory"),
        ("", [], "dynamic metadata voter directory"),
    ],
)
def test_a_broker_starts_on_what_was_formatted(
    setting: str, flags: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = settings(tmp_path, setting)
    assert main(["format", *flags, "-t", CLUSTER_ID, "-c", file]) == 0
    features = (
        *(("metadata.version", 29), ("eligible.leader.replicas.version", 1), ("group.version", 1)),
        *(("share.version", 1), ("streams.version", 1), ("transaction.version", 2)),
    )
    records = ", ".join(
        f"ApiMessageAndVersion(FeatureLevelRecord(name='{name}', featureLevel={level}) at version 0)"
        for name, level in features
    )
    assert capsys.readouterr().out == (
        f"Bootstrap metadata: BootstrapMetadata(records=[{records}], metadataVersionLevel=29, source=format command)\n"
        f"Formatting {what} {tmp_path}/one with metadata.version 4.2-IV1.\n"
        f"Formatting data directory {tmp_path}/two with metadata.version 4.2-IV1.\n"
    )
    ids = [(tmp_path / name / "meta.properties").read_text().split("directory.id=")[1] for name in ("one", "two")]
    with Broker(config=BrokerConfig.load(file)) as broker:
        assert broker.cluster_id == CLUSTER_ID
        assert broker.node_id == 4
    assert ("JEXY6aqzQY-32P5TStzaFg" in ids[0]) == ("-I" in flags)
    after = [(tmp_path / name / "meta.properties").read_text().split("directory.id=")[1] for name in ("one", "two")]
    assert after == ids


def test_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path)
    assert main(["info", "-c", file]) == 1
    assert capsys.readouterr().out == (
        f"Found problems:\n  {tmp_path}/one does not exist\n  {tmp_path}/two does not exist\n\n"
    )
    assert main(["format", "-c", file, "-t", CLUSTER_ID]) == 0
    capsys.readouterr()
    assert main(["info", "-c", file]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Found log directories:\n  {tmp_path}/one\n  {tmp_path}/two\n\nFound metadata: {{")
    assert f"{{cluster.id={CLUSTER_ID}, directory.id=" in told
    assert told.endswith(", node.id=4, version=1}\n\n")


@pytest.mark.parametrize(
    ("one", "two", "problem"),
    [
        ("", None, "{folder}/two is not a directory"),
        ("", "cluster.id=other", "Mismatched cluster IDs between storage directories."),
        ("", "node.id=5", "Mismatched node IDs between storage directories."),
        (
            "",
            "version=7",
            "Error loading {folder}/two/meta.properties: {folder}/two/meta.properties: unknown version 7",
        ),
        (
            "version=0",
            "version=0",
            "The kafka configuration file appears to be for a cluster in KRaft mode, but the dire",
        ),
    ],
)
def test_info_of_what_does_not_fit(
    one: str, two: str | None, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = settings(tmp_path)
    for name, change in (("one", one), ("two", two)):
        if change is None:
            (tmp_path / name).write_text("")
            continue
        (tmp_path / name).mkdir()
        key, _, value = change.partition("=")
        said = {"version": "1", "cluster.id": CLUSTER_ID, "node.id": "4"} | ({key: value} if key else {})
        (tmp_path / name / "meta.properties").write_text("".join(f"{key}={said[key]}\n" for key in said))
    assert main(["info", "-c", file]) == 1
    assert f"\n\nFound problem:\n  {problem.format(folder=tmp_path)}" in capsys.readouterr().out


def test_files_are_not_formatted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).write_text("")
    assert main(["format", "-c", file, "-t", CLUSTER_ID]) == 1
    captured = capsys.readouterr()
    ignored = "I/O error trying to read log directory {}. Ignoring...\n"
    assert captured.out == ignored.format(tmp_path / "one") + ignored.format(tmp_path / "two")
    assert captured.err == "No available log directories to format.\n"


def test_what_is_formatted_already(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    format_command = ["format", "-c", settings(tmp_path), "-t", CLUSTER_ID]
    assert main(format_command) == 0
    capsys.readouterr()
    assert main(format_command) == 1
    assert capsys.readouterr().err == (
        f"Log directory {tmp_path}/one is already formatted. Use --ignore-formatted to ignore this directory and "
        "format the others.\n"
    )
    assert main([*format_command, "-g"]) == 0
    assert capsys.readouterr().out == "All of the log directories are already formatted.\n"
    (tmp_path / "two" / "meta.properties").unlink()
    assert main([*format_command, "--ignore-formatted"]) == 0
    assert f"{tmp_path}/two" in capsys.readouterr().out


_NO_VOTERS_AND_DYNAMIC = (
    "You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. If "
    "you want to use dynamic quorum, please remove controller.quorum.voters and specify "
    "controller.quorum.bootstrap.servers instead."
)
_DYNAMIC_FLAGS = (
    "one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic "
)


@pytest.mark.parametrize(
    ("setting", "arguments", "sentence"),
    [
        # Kafka 4.2 says the same.
        (
            "",
            ["-f", "no.such=1"],
            "Unsupported feature: no.such. Supported features are: eligible.leader.replicas.version,"
            " group.version, kraft.version, share.version, streams.version, transaction.version",
        ),
        ("", ["-f", "group.version=9"], "No feature:group.version with feature level 9"),
        ("", ["-f", "group.version"], "Can't parse feature=level string group.version: equals sign not found."),
        ("", ["-f", "a=x"], "Can't parse feature=level string a=x: unable to parse x as a short."),
        ("", ["-r", "3.2"], "Unknown metadata.version '3.2'. Supported metadata.version are: 3.3-IV3, "),
        ("", ["-r", "4.3-IV0"], "Unknown metadata.version '4.3-IV0'. Supported metadata.version are: 3.3-IV3, "),
        (
            "",
            ["-r", "3.9", "-f", "metadata.version=20"],
            "Use --release-version instead of --feature metadata.version=X to avoid ambiguity.",
        ),
        (VOTERS, ["-s"], _NO_VOTERS_AND_DYNAMIC),
        (VOTERS, ["-I", OWN_VOTER], _NO_VOTERS_AND_DYNAMIC),
        (
            VOTERS,
            ["-f", "kraft.version=1"],
            f"Cannot set kraft.version to 1 unless controller.quorum.voters is empty and "
            f"{_DYNAMIC_FLAGS}controllers support, try using one of",
        ),
        (
            BOOTSTRAP,
            ["-s", "-f", "kraft.version=0"],
            "Cannot set kraft.version to 0 if controller.quorum.voters is empty "
            f"and {_DYNAMIC_FLAGS}controllers support, try removing",
        ),
        (
            BOOTSTRAP,
            [],
            "Because controller.quorum.voters is not set on this controller, you must specify one of the "
            "following: --standalone, --initial-controllers, or --no-initial-controllers.",
        ),
        (BOOTSTRAP, ["-I", "nonsense"], "No @ found in dynamic voter string."),
        (BOOTSTRAP, ["-s", "-N"], "argument --no-initial-controllers/-N: not allowed with argument --standalone/-s"),
        (
            "",
            ["-r", "3.4", "-S", "SCRAM-SHA-256=[name=a,password=b]"],
            "SCRAM is only supported in metadata.version 3.5-IV2 or later.",
        ),
        ("", ["-S", "SCRAM-SHA-256=[password=a]"], "You must supply 'name' to add-scram"),
        (
            "",
            ["-S", "SCRAM-SHA-256=[name=alice]"],
            "You must supply one of 'password' or 'saltedpassword' to add-scram",
        ),
        ("", ["-S", "SCRAM-SHA-1=[name=a,password=b]"], "The add-scram mechanism SCRAM-SHA-1 is not supported."),
        ("", ["-S", "nonsense"], "Failed to find equals sign in SCRAM argument 'nonsense'"),
        (
            "",
            ["-S", "SCRAM-SHA-256=[name=a,password=a,iterations=100]"],
            "The 'iterations' value must be >= 4096 for add-scram using SCRAM_SHA_256",
        ),
        (
            "",
            ["-S", "SCRAM-SHA-512=[name=a,password=a,iterations=100000]"],
            "The 'iterations' value must be <= 16384 for add-scram using SCRAM_SHA_512",
        ),
        ("", ["-S", "SCRAM-SHA-256=[name=a,password=a,iterations=x]"], "Failed to parse iterations count: x"),
        ("", ["-S", "SCRAM-SHA-256=name=alice"], "Expected configuration string to start with ["),
        ("", ["-S", "SCRAM-SHA-256=[name=alice"], "Expected configuration string to end with ]"),
        ("", ["-S", "SCRAM-SHA-256=[name=a,password=a,color=red]"], "Unknown SCRAM configurations: color"),
        (
            "",
            ["-S", 'SCRAM-SHA-256=[name=a,saltedpassword="YCE="]'],
            "You must supply 'salt' with 'saltedpassword' to add-scram",
        ),
        ("", ["-S", 'SCRAM-SHA-256=[name=a,salt="x",password=a]'], "Failed to decode given salt: x"),
        ("", ["-S", "SCRAM-SHA-256=[name]"], "No equals sign found in SCRAM component: name"),
        # One node is not what they are for.
        (
            BOOTSTRAP,
            ["-I", f"{OWN_VOTER},5@127.0.0.1:19094:MvDxzVmcRsaTz33bUuRU6A"],
            "minikafka is one node, and the only voter of its cluster; name node 4 alone",
        ),
        (
            BOOTSTRAP,
            ["-I", "5@127.0.0.1:19094:MvDxzVmcRsaTz33bUuRU6A"],
            "name node 4 alone, as 4@HOST:PORT:DIRECTORY_ID",
        ),
        (BOOTSTRAP, ["-I", "4@127.0.0.1:19094"], "it has the form ID@HOST:PORT:DIRECTORY_ID"),
        (BOOTSTRAP, ["-I", "4@127.0.0.1:19094:short"], "Failed to parse directory ID"),
        (
            "",
            ["-f", "metadata.version=3"],
            "No MetadataVersion with feature level 3. Valid feature levels are from 7 to",
        ),
    ],
)
def test_what_cannot_be_formatted(
    setting: str, arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["format", "-c", settings(tmp_path, setting), "-t", CLUSTER_ID, *arguments]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "one").exists()


def test_another_cluster_is_not_mixed_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path)
    assert main(["format", "-c", file, "-t", CLUSTER_ID]) == 0
    assert main(["format", "-g", "-c", file, "-t", "AAAAAAAAAAAAAAAAAAAAAQ"]) == 1
    assert capsys.readouterr().err == (
        f"Invalid cluster.id in: {tmp_path}/one/meta.properties. Expected AAAAAAAAAAAAAAAAAAAAAQ, but read "
        f"{CLUSTER_ID}\n"
    )


@pytest.mark.parametrize(
    ("arguments", "release", "levels"),
    [
        (["-r", "3.3"], "3.3-IV3", {"metadata.version": 7}),
        (["-r", "3.9"], "3.9-IV0", {"metadata.version": 21}),
        (["-r", "4.0"], "4.0-IV3", {"metadata.version": 25, "group.version": 1, "transaction.version": 2}),
        (["-f", "metadata.version=20"], "3.8-IV0", {"metadata.version": 20}),
        (["-r", "3.9", "-f", "group.version=1"], "3.9-IV0", {"metadata.version": 21, "group.version": 1}),
    ],
)
def test_a_cluster_of_an_older_release(
    arguments: list[str], release: str, levels: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = settings(tmp_path, VOTERS)
    assert main(["format", "-c", file, "-t", CLUSTER_ID, *arguments]) == 0
    assert f"{tmp_path}/one with metadata.version {release}.\n" in capsys.readouterr().out
    with Broker(config=BrokerConfig.load(file)) as broker, Cluster(broker.bootstrap_servers) as cluster:
        finalized = cluster.any_broker().api_versions().finalized_features
        assert {feature.name: feature.max_version_level for feature in finalized} == levels
        broker.produce("t", "hello")
        assert [record.value for record in broker.records("t")] == [b"hello"]


def test_users_are_there_from_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path)
    salted = 'SCRAM-SHA-256=[name=bob,salt="MWx2NHBkbnc=",saltedpassword="mT0yyUUxnlJa",iterations=8192]'
    users = [
        "-S",
        "SCRAM-SHA-256=[name=alice,password=secret]",
        "-S",
        "SCRAM-SHA-512=[name=alice,password=s]",
        "-S",
        salted,
    ]
    assert main(["format", "-c", file, "-t", CLUSTER_ID, *users]) == 0
    assert "alice" not in capsys.readouterr().out
    with Broker(config=BrokerConfig.load(file)) as broker, Cluster(broker.bootstrap_servers) as cluster:
        assert describe_credentials(cluster, []) == {
            "alice": {"SCRAM-SHA-256": 4096, "SCRAM-SHA-512": 4096},
            "bob": {"SCRAM-SHA-256": 8192},
        }


def test_the_keys_of_a_credential_are_kafkas() -> None:
    record = credential_record(
        'SCRAM-SHA-256=[name=alice,salt="MWx2NHBkbnc0ZndxN25vdGN4bTB5Mnk1bmc=",'
        'saltedpassword="mT0yyUUxnlJaC99HXgRTSYlbuqa4FSGtJCJfTMvjYCE=",iterations=8192]'
    )
    # Written by kafka-storage of Kafka 4.2.
    assert record.stored_key.hex() == "5d322aa071e8decb1c758c7270bd3bba1f2eb661e7f5f5ed8eac8317aec28d25"
    assert record.server_key.hex() == "65ae77476c8434848dedf1cbed6531ae216457b71f6eb3b7f82b44a6d31b4cf1"
    assert (record.mechanism, record.iterations, record.name) == (1, 8192, "alice")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            [],
            [
                "metadata.version=29 (4.2-IV1)",
                *("kraft.version=1", "transaction.version=2", "group.version=1"),
                *("eligible.leader.replicas.version=1", "share.version=1", "streams.version=1"),
            ],
        ),
        (
            ["-r", "4.0-IV1"],
            [
                "metadata.version=23 (4.0-IV1)",
                *("kraft.version=1", "transaction.version=0"),
                *("group.version=1", "eligible.leader.replicas.version=0"),
                *("share.version=0", "streams.version=0"),
            ],
        ),
    ],
)
def test_version_mapping(arguments: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version-mapping", *arguments]) == 0
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    ("features", "code", "said"),
    [
        (["metadata.version=29"], 0, "metadata.version=29 (4.2-IV1) has no dependencies.\n"),
        (
            ["transaction.version=2", "group.version=1"],
            0,
            "transaction.version=2 has no dependencies.\ngroup.version=1 has no dependencies.\n",
        ),
        (
            ["eligible.leader.replicas.version=1"],
            0,
            "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n",
        ),
        (["metadata.version=99"], 1, "Unknown metadata.version 99\n"),
        (["transaction.version=3"], 1, "Feature level 3 is not supported for feature transaction.version\n"),
        (["foo=1"], 1, "Unknown feature: foo\n"),
        (
            ["group.version"],
            1,
            "Invalid feature format: group.version. Expected format: 'feature=version' (e.g. 'group.version=1')\n",
        ),
        (["group.version=x"], 1, "Invalid version format: x for feature group.version\n"),
    ],
)
def test_feature_dependencies(features: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [word for feature in features for word in ("-f", feature)]
    assert main(["feature-dependencies", *arguments]) == code
    captured = capsys.readouterr()
    assert (captured.err if code else captured.out) == said


def test_a_feature_that_stays_off(tmp_path: Path) -> None:
    file = settings(tmp_path)
    assert main(["format", "-c", file, "-t", CLUSTER_ID, "--feature", "share.version=0"]) == 0
    assert b"share.version" not in (tmp_path / "one" / "bootstrap.checkpoint").read_bytes()
    assert b"group.version" in (tmp_path / "one" / "bootstrap.checkpoint").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "too few arguments"),
        (["unformat"], "invalid choice: 'unformat' (choose from 'info', 'format', "),
        (["random-uuid", "extra"], "unrecognized arguments: 'extra'"),
        (["info"], "argument --config/-c is required"),
        (["info", "-c"], "argument --config/-c: expected one argument"),
        (["format", "-c", "-t", CLUSTER_ID], "argument --config/-c: expected one argument"),
        (["format", "-c", "/no/such/file"], "argument --cluster-id/-t is required"),
        (["feature-dependencies"], "argument --feature/-f is required"),
    ],
)
def test_wrong_use(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: kafka-storage")
    assert f"\nkafka-storage: error: {sentence}" in captured.err


def test_help_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["random-uuid", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: kafka-storage random-uuid\n")
