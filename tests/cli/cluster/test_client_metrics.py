"""``kafka-client-metrics`` and ``kafka-delegation-tokens``: what Kafka's own tools print."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka.cli.cluster.delegation_tokens import print_tokens
from minikafka.client.admin.delegation_tokens import DelegationToken, Principal
from tests.cli.tool_run import Run

METRICS = "kafka-client-metrics"
TOKENS = "kafka-delegation-tokens"


def test_a_subscription(run: Run) -> None:
    named = ("--name", "mine")
    missing = "The client metric resource mine doesn't exist and doesn't have dynamic config.\n"
    assert run(METRICS, "--describe", *named) == (0, missing, "")
    altered = (0, "Altered client metrics config for mine.\n", "")
    settings = ("--interval", "5000", "--metrics", "org.apache.kafka.producer.", "--match", "client_id=app.*")
    assert run(METRICS, "--alter", *named, *settings) == altered
    assert run(METRICS, "--list") == (0, "mine\n", "")
    out = run(METRICS, "--describe")[1]
    assert out.splitlines()[0] == "Client metrics configs for mine are:"
    assert sorted(out.splitlines()[1:]) == [
        "  interval.ms=5000",
        "  match=client_id=app.*",
        "  metrics=org.apache.kafka.producer.",
    ]
    assert run(METRICS, "--alter", *named, "--interval", "") == altered
    assert "  interval.ms=300000" in run(METRICS, "--describe", *named)[1]
    assert run(METRICS, "--delete", *named) == (0, "Deleted client metrics config for mine.\n", "")
    assert run(METRICS, "--describe", *named) == (0, missing, "")
    code, out, _ = run(METRICS, "--alter", *named, "--interval", "1")
    assert code == 1
    assert out.startswith("Error while executing client metrics command : ")


def test_a_subscription_with_a_name_of_its_own(run: Run) -> None:
    code, out, _ = run(METRICS, "--alter", "--generate-name", "--metrics", "a")
    name = out.removeprefix("Altered client metrics config for ").removesuffix(".\n")
    assert (code, len(name)) == (0, 22)
    assert run(METRICS, "--list")[1] == f"{name}\n"
    run(METRICS, "--delete", f"--name={name}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--list", "--alter"), "Command must include exactly one action: --alter, --delete, --describe or --list."),
        (("--list", "--name", "x"), 'Option "[list]" can\'t be used with option "[name]"'),
        (("--alter",), "One of --name or --generate-name must be specified with --alter."),
        (("--alter", "--name", "x", "--generate-name"), "One of --name or --generate-name must be specified with"),
        (
            ("--alter", "--name", "x", "--interval", "soon"),
            "Invalid interval value. Enter an integer, or leave empty to reset.",
        ),
        (("--delete",), "A client metrics resource name must be specified with --delete."),
    ],
)
def test_client_metrics_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(METRICS, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)


# --- delegation tokens


@pytest.fixture
def settings(tmp_path: Path) -> str:
    file = tmp_path / "client.properties"
    file.write_text("client.id=tool\n")
    return str(file)


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_tokens_table(capsys: pytest.CaptureFixture[str], in_utc: None) -> None:
    alice = Principal("User", "alice")
    times_ms = (1_700_000_000_000, 1_700_086_400_000, 1_700_600_000_000)
    print_tokens(
        [
            DelegationToken("the-token", b"secret", alice, Principal("User", "bob"), [alice], *times_ms),
            DelegationToken("other", b"", alice, None, [], *times_ms),
        ]
    )
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "",
        "TOKENID         HMAC                           OWNER           REQUESTER       RENEWERS                  "
        "ISSUEDATE       EXPIRYDATE      MAXDATE",
        "",
        "the-token       c2VjcmV0                       User:alice      User:bob        [User:alice]              "
        "2023-11-14T22:13 2023-11-15T22:13 2023-11-21T20:53",
        "",
        "other                                          User:alice      -               []                        "
        "2023-11-14T22:13 2023-11-15T22:13 2023-11-21T20:53",
    ]


@pytest.mark.parametrize(
    ("arguments", "announced"),
    [
        (
            (
                "--create",
                "--max-life-time-period",
                "-1",
                "--renewer-principal",
                "User:a",
                "--renewer-principal",
                "User:b",
            ),
            "Calling create token operation with renewers :[User:a, User:b] , max-life-time-period :-1\n",
        ),
        (
            ("--renew", "--hmac", "YWJj", "--renew-time-period", "7"),
            "Calling renew token operation with hmac :YWJj , renew-time-period :7\n",
        ),
        (
            ("--expire", "--hmac", "YWJj", "--expiry-time-period", "-1"),
            "Calling expire token operation with hmac :YWJj , expire-time-period :-1\n",
        ),
        (("--describe",), "Calling describe token operation for current user.\n"),
        (
            ("--describe", "--owner-principal", "User:a"),
            "Calling describe token operation for owners: [User:a]\n",
        ),
    ],
)
def test_tokens_need_authentication(run: Run, settings: str, arguments: tuple[str, ...], announced: str) -> None:
    code, out, err = run(TOKENS, "--command-config", settings, *arguments)
    assert (code, out) == (1, announced)
    assert err.startswith("org.apache.kafka.common.errors.")
    assert "elegation" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--describe", "--create"),
            "Command must include exactly one action: --create, --renew, --expire or --describe",
        ),
        (("--create",), 'Missing required argument "[max-life-time-period]"'),
        (("--renew", "--hmac", "YWJj"), 'Missing required argument "[renew-time-period]"'),
        (
            ("--renew", "--hmac", "YWJj", "--renew-time-period", "1", "--owner-principal", "User:a"),
            'Option "[renew]" can\'t be used with option "[owner-principal]"',
        ),
        (("--describe", "--hmac", "YWJj"), 'Option "[describe]" can\'t be used with option "[hmac]"'),
        (
            ("--create", "--max-life-time-period", "1", "--renewer-principal", "a"),
            "expected a string in format principalType:principalName but got a",
        ),
    ],
)
def test_tokens_refuses(run: Run, settings: str, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(TOKENS, "--command-config", settings, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)


def test_tokens_needs_settings_and_base64(run: Run, settings: str) -> None:
    assert run(TOKENS, "--describe")[2].startswith('Missing required argument "[command-config]"')
    code, _, err = run(TOKENS, "--command-config", settings, "--expire", "--hmac", "abc", "--expiry-time-period", "1")
    assert (code, err.startswith("--hmac abc is not Base64: ")) == (1, True)
