"""``kafka-acls``: what is asked of the authorizer, and what is printed; the matrix compares it with Kafka's own."""

from __future__ import annotations

import io

import pytest

from minikafka import errors
from minikafka.cli.cluster.acl_entries import entries
from minikafka.cli.cluster.acl_options import TOOL, bootstrap_of_authorizer, check
from minikafka.cli.toolkit.options import UsageError, parse
from minikafka.client.admin import acls as client_acls
from minikafka.client.admin.acls import Acl, AclEntry, ResourcePattern
from minikafka.client.controllers import Controllers
from tests.cli.tool_run import Run

ORDERS = ResourcePattern("TOPIC", "orders", "LITERAL")
CLUSTER = ResourcePattern("CLUSTER", "kafka-cluster", "LITERAL")
CONNECTED = ("--bootstrap-server", "localhost:9092")


def allowed(operation: str, principal: str = "User:a", host: str = "*") -> AclEntry:
    return AclEntry(principal, host, operation, "ALLOW")


def asked_for(*arguments: str) -> dict[ResourcePattern, list[AclEntry]]:
    options = parse(TOOL, [*arguments, *CONNECTED])
    check(options)
    return entries(options)


def test_entries() -> None:
    assert asked_for("--add", "--topic", "orders", "--allow-principal", "User:a") == {ORDERS: [allowed("ALL")]}
    several = (
        "--operation",
        "Read",
        "--operation",
        "describeconfigs",
        "--allow-host",
        "1.1.1.1",
        "--allow-host",
        "::1",
    )
    assert asked_for("--add", "--topic", "orders", "--allow-principal", "User:a", *several)[ORDERS] == [
        allowed(operation, host=host) for host in ("1.1.1.1", "::1") for operation in ("DESCRIBE_CONFIGS", "READ")
    ]
    denied = asked_for("--remove", "--group", "*", "--deny-principal", "User:b", "--resource-pattern-type", "any")
    assert denied == {ResourcePattern("GROUP", "*", "ANY"): [AclEntry("User:b", "*", "ALL", "DENY")]}
    assert asked_for("--remove", "--cluster") == {CLUSTER: []}


def test_entries_of_roles() -> None:
    who = ("--allow-principal", "User:a")
    producer = asked_for("--add", "--producer", "--idempotent", "--topic", "orders", "--transactional-id", "t", *who)
    assert producer == {
        ORDERS: [allowed("CREATE"), allowed("DESCRIBE"), allowed("WRITE")],
        ResourcePattern("TRANSACTIONAL_ID", "t", "LITERAL"): [allowed("DESCRIBE"), allowed("WRITE")],
        CLUSTER: [allowed("IDEMPOTENT_WRITE")],
    }
    consumer = asked_for("--add", "--consumer", "--topic", "orders", "--group", "g", *who)
    assert consumer == {
        ORDERS: [allowed("DESCRIBE"), allowed("READ")],
        ResourcePattern("GROUP", "g", "LITERAL"): [allowed("READ")],
    }
    both = asked_for("--add", "--producer", "--consumer", "--topic", "orders", "--group", "g", *who)
    assert sorted(entry.operation for entry in both[ORDERS]) == ["CREATE", "DESCRIBE", "READ", "WRITE"]


def test_a_broker_without_an_authorizer(run: Run) -> None:
    said = (
        "Error while executing ACL command: org.apache.kafka.common.errors.SecurityDisabledException: "
        "No Authorizer is configured on the broker\n"
    )
    assert run("kafka-acls", "--list") == (1, said, "")
    assert run("kafka-acls", "--add", "--topic", "t", "--allow-principal", "User:a") == (1, said, "")
    code, out, _ = run("kafka-acls", "--remove", "--topic", "t", "--force")
    assert (code, "SecurityDisabledException" in out) == (1, True)


class Authorizer:
    """Stands in for the cluster: keeps ACLs, and finds them by their literal resource."""

    def __init__(self) -> None:
        self.acls: list[Acl] = []

    def describe(self, controllers: Controllers, pattern: ResourcePattern) -> list[Acl]:
        return sorted(acl for acl in self.acls if pattern in (acl.pattern, client_acls.ANY_RESOURCE))

    def create(self, controllers: Controllers, acls: list[Acl]) -> None:
        self.acls += acls

    def delete(self, controllers: Controllers, pattern: ResourcePattern, given: list[AclEntry]) -> None:
        self.acls = [acl for acl in self.acls if acl.pattern != pattern or (given and acl.entry not in given)]


@pytest.fixture
def authorizer(monkeypatch: pytest.MonkeyPatch) -> Authorizer:
    authorizer = Authorizer()
    for name in ("describe", "create", "delete"):
        monkeypatch.setattr(f"minikafka.cli.cluster.acls.{name}_acls", getattr(authorizer, name))
    return authorizer


def test_add_list_and_remove(run: Run, authorizer: Authorizer) -> None:
    add = ("kafka-acls", "--add", "--topic", "orders", "--allow-principal", "User:a", "--operation", "Read")
    entry = "(principal=User:a, host=*, operation=READ, permissionType=ALLOW)"
    resource = "ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)"
    assert run(*add) == (0, f"Adding ACLs for resource `{resource}`: \n \t{entry}\n\n", "")
    assert run(*add) == (0, f"Acl (pattern={resource}, entry={entry}) already exists.\n", "")
    listed = f"Current ACLs for resource `{resource}`:\n\t{entry}\n\n"
    assert run("kafka-acls", "--list") == (0, listed, "")
    assert run("kafka-acls", "--list", "--topic", "orders", "--topic", "items") == (0, listed, "")
    assert run("kafka-acls", "--list", "--principal", "User:a", "--principal", "User:b") == (
        0,
        f"ACLs for principal `User:a`\n{listed}ACLs for principal `User:b`\n",
        "",
    )
    assert run("kafka-acls", "--remove", "--topic", "orders", "--force") == (0, "", "")
    assert authorizer.acls == []


def test_remove_asks(run: Run, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    authorizer.acls = [Acl(ORDERS, allowed("READ"))]
    for answer, left in (("n\n", 1), ("", 1), ("Y\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code, out, _ = run("kafka-acls", "--remove", "--topic", "orders")
        assert (code, len(authorizer.acls)) == (0, left)
        assert out == f"Are you sure you want to delete all ACLs for resource filter `{ORDERS}`? (y/n)\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    some = ("--allow-principal", "User:a", "--operation", "Read")
    assert run("kafka-acls", "--remove", "--topic", "orders", *some)[1] == (
        f"Are you sure you want to remove ACLs: \n \t{allowed('READ')}\n from resource filter `{ORDERS}`? (y/n)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--list", "--add"), "Command must include exactly one action: --list, --add, --remove. "),
        (("--list", "--producer"), 'Option "[list]" can\'t be used with option "[producer]"'),
        (
            ("--add", "--producer", "--topic", "t", "--operation", "Read"),
            'Option "[producer]" can\'t be used with option "[operation]"',
        ),
        (("--add", "--principal", "User:a"), "The --principal option is only available if --list is set"),
        (("--add", "--producer"), "With --producer you must specify a --topic"),
        (("--add", "--idempotent"), "The --idempotent option is only available if --producer is set"),
        (("--add", "--consumer", "--topic", "t"), "With --consumer you must specify a --topic and a --group and no "),
        (("--add", "--allow-principal", "User:a"), "You must provide at least one resource: --topic <topic> or "),
        (("--add", "--topic", "t"), "You must specify one of: --allow-principal, --deny-principal when trying to add"),
        (
            ("--add", "--topic", "t", "--resource-pattern-type", "match"),
            "A '--resource-pattern-type' value of 'MATCH' is not valid when adding acls.",
        ),
        (
            ("--list", "--resource-pattern-type", "some"),
            "Cannot parse argument 'some' of option resource-pattern-type",
        ),
        (
            ("--add", "--group", "g", "--allow-principal", "User:a", "--operation", "Write"),
            "ResourceType GROUP only supports operations [READ, DELETE, DESCRIBE, ",
        ),
    ],
)
def test_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run("kafka-acls", *arguments)
    assert (code, out) == (1, "")
    assert err.splitlines()[0].startswith(sentence)


def test_refuses_without_a_cluster_or_with_two(run: Run) -> None:
    assert run("kafka-acls", "--list", connected=False)[2].startswith(
        "One of --bootstrap-server or --bootstrap-controller must be specified\n"
    )
    assert run("kafka-acls", "--list", "--bootstrap-controller", "localhost:1")[2].startswith(
        "Only one of --bootstrap-server or --bootstrap-controller must be specified\n"
    )
    who = run("kafka-acls", "--add", "--topic", "t", "--allow-principal", "a")
    sentence = "expected a string in format principalType:principalName but got a\n"
    assert who == (1, f"Error while executing ACL command: {sentence}", "")


def test_names_are_those_of_the_wire() -> None:
    """Numbers of ``org.apache.kafka.common.acl`` and ``common.resource``."""
    assert client_acls.RESOURCE_TYPES.index("USER") == 7
    assert client_acls.PATTERN_TYPES.index("PREFIXED") == 4
    assert client_acls.OPERATIONS.index("TWO_PHASE_COMMIT") == 15
    assert client_acls.PERMISSION_TYPES.index("ALLOW") == 3
    assert errors.SECURITY_DISABLED == 54


def test_the_broker_that_properties_of_an_authorizer_stand_for() -> None:
    authorizer = ("--authorizer", "kafka.security.auth.SimpleAclAuthorizer", "--list")
    options = parse(TOOL, [*authorizer, "--authorizer-properties", "zookeeper.connect=zk:2181/kafka"])
    assert check(options) == "list"
    assert bootstrap_of_authorizer(options) == "zk:9092"
    with pytest.raises(UsageError, match=r"takes zookeeper\.connect=HOST:2181"):
        bootstrap_of_authorizer(parse(TOOL, ["--list", "--authorizer-properties", "zookeeper.connect"]))
    with pytest.raises(UsageError, match="Only one of --bootstrap-server or --authorizer must be specified"):
        check(parse(TOOL, [*authorizer, *CONNECTED]))
