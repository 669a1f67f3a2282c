"""zookeeper-shell, against the stand-in; what it prints is what ZooKeeper's own shell prints there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from minikafka.broker import Broker
from minikafka.cli.local import zookeeper_shell
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from tests.support.brokers import free_port
from tests.zookeeper.stand_in import StandIn

GREETING = "Connecting to {}\n\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n"

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(stand_in: StandIn, capsys: pytest.CaptureFixture[str]) -> Shell:
    """``shell("ls", "/")`` -> exit code, stdout behind the greeting, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        address = f"127.0.0.1:{stand_in.port}"
        code = zookeeper_shell.main([address, *words])
        out, err = capsys.readouterr()
        greeting = GREETING.format(address)
        assert out.startswith(greeting)
        return code, out[len(greeting) :], err

    return run


def test_ls_get_and_stat(shell: Shell, broker: Broker) -> None:
    with Cluster(broker.bootstrap_servers) as cluster:
        create_topic(cluster, "b", partitions=1)
        create_topic(cluster, "a", partitions=1)
    assert shell("ls", "/brokers/topics") == (0, "[a, b]\n", "")
    assert shell("ls", "-R", "/admin") == (0, "/admin\n/admin/delete_topics\n", "")
    code, out, _ = shell("get", "-s", "/controller_epoch")
    assert code == 0
    assert re.fullmatch(
        r"1\ncZxid = 0x\w+\nctime = \w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4}\nmZxid = 0x\w+\nmtime = .*\n"
        r"pZxid = 0x\w+\ncversion = 0\ndataVersion = 0\naclVersion = 0\nephemeralOwner = 0x0\ndataLength = 1\n"
        r"numChildren = 0\n",
        out,
    )
    assert shell("get", "/admin")[1] == "null\n"
    assert "numChildren = 2\n" in shell("stat", "/brokers/topics")[1]
    assert shell("ls", "-s", "/brokers/ids")[1].startswith(f"[{broker.node_id}]\ncZxid = ")


def test_what_else_it_can(shell: Shell) -> None:
    assert shell("getAcl", "/controller") == (0, "'world,'anyone\n: r\n", "")
    assert shell("getAcl", "/brokers/topics")[1] == "'world,'anyone\n: cdrwa\n"
    assert shell("getAllChildrenNumber", "/admin") == (0, "1\n", "")
    assert shell("sync", "/") == (0, "Sync is OK\n", "")
    assert shell("whoami") == (0, "Auth scheme: User\nip: 127.0.0.1\n", "")
    assert shell("help")[1].startswith("zookeeper-shell cmd args\n\tcreate [-s] [-e] path [data]\n")
    assert shell("quit") == (0, "", "")


def test_writes(shell: Shell) -> None:
    config = '{"version":1,"config":{"retention.ms":"5"}}'
    assert shell("create", "/config/topics/typed", config) == (0, "Created /config/topics/typed\n", "")
    assert "dataVersion = 1\n" in shell("set", "-s", "/config/topics/typed", '{"version":1,"config":{}}')[1]
    assert shell("create", "/consumers/typed", "x") == (0, "Created /consumers/typed\n", "")
    assert shell("delete", "/consumers/typed") == (0, "", "")
    created = shell("create", "-s", "/config/changes/config_change_")
    assert re.fullmatch(r"Created /config/changes/config_change_\d{10}\n", created[1])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["get", "/nope"], "Node does not exist: /nope"),
        (["stat", "/nope"], "Node does not exist: /nope"),
        (["create", "/mine"], "Insufficient permission : /mine"),
        (["create", "/admin"], "Node already exists: /admin"),
        (["delete", "/controller"], "Insufficient permission : /controller"),
        (["ls", "nope"], "KeeperErrorCode = BadArguments for nope"),
        (["ls"], "ls [-s] [-R] path"),
        (["get", "-x", "/"], "get [-s] path"),
        (["frobnicate"], "Command not found: Command not found frobnicate"),
    ],
)
def test_what_goes_wrong(shell: Shell, words: list[str], sentence: str) -> None:
    assert shell(*words) == (1, "", sentence + "\n")


def test_commands_are_typed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ls /admin\n\nget /nope\nget /'\nquit\nls /\n"))
    code, out, err = shell()
    assert (code, out) == (0, "[delete_topics]\n")
    assert err == "Node does not exist: /nope\nNode does not exist: /'\n"


def test_below_a_path(stand_in: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert zookeeper_shell.main([f"127.0.0.1:{stand_in.port}/config", "ls", "/"]) == 0
    assert capsys.readouterr().out.endswith("[brokers, changes, clients, topics, users]\n")


def test_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert zookeeper_shell.main([f"127.0.0.1:{port}", "ls", "/"]) == 1
    assert capsys.readouterr().err == f"zookeeper-shell: cannot connect to 127.0.0.1:{port}: Connection refused\n"
    assert zookeeper_shell.main([]) == 1
    assert capsys.readouterr().out.startswith("USAGE: zookeeper-shell zookeeper_host:port")
