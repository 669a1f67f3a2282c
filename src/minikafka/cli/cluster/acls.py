"""``kafka-acls``: list, add and remove access control lists (AclCommand)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from minikafka.cli.cluster.acl_entries import entries, principals, resources
from minikafka.cli.cluster.acl_options import TOOL, bootstrap_of_authorizer, check, pattern_type
from minikafka.cli.cluster.controller_options import controllers_of
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options, UsageError
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.acls import (
    ANY_RESOURCE,
    Acl,
    AclEntry,
    ResourcePattern,
    create_acls,
    delete_acls,
    describe_acls,
)
from minikafka.client.controllers import Controllers
from minikafka.client.errors import ClientError
from minikafka.errors import ApiError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act, failure_prefix="Error while executing ACL command: ")


def _act(options: Options) -> int:
    action = check(options)
    with controllers_of(options, bootstrap_of_authorizer(options)) as controllers:
        try:
            _ACTIONS[action](controllers, options)
        except ApiError as error:
            raise ClientError(as_thrown(error)) from error
    return 0


def _list(controllers: Controllers, options: Options) -> None:
    wanted = principals(options, "principal")
    found: dict[ResourcePattern, list[AclEntry]] = {}
    for pattern in resources(options) or [ANY_RESOURCE]:
        for acl in describe_acls(controllers, pattern):
            if acl.entry not in found.setdefault(acl.pattern, []):
                found[acl.pattern].append(acl.entry)
    if not wanted:
        _print_acls(found)
    for principal in wanted:
        print(f"ACLs for principal `{principal}`")
        of_principal = {
            pattern: [entry for entry in given if entry.principal == principal] for pattern, given in found.items()
        }
        _print_acls({pattern: given for pattern, given in of_principal.items() if given})


def _print_acls(found: dict[ResourcePattern, list[AclEntry]]) -> None:
    for pattern, given in found.items():
        print(f"Current ACLs for resource `{pattern}`:\n{_lines(given)}\n")


def _add(controllers: Controllers, options: Options) -> None:
    kind = pattern_type(options)
    if kind not in ("LITERAL", "PREFIXED"):
        raise UsageError(f"A '--resource-pattern-type' value of '{kind}' is not valid when adding acls.")
    wanted = entries(options)
    if not all(wanted.values()):
        raise UsageError("You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.")
    for pattern, given in wanted.items():
        existing = set(describe_acls(controllers, pattern))
        new = []
        for acl in (Acl(pattern, entry) for entry in given):
            if acl in existing:
                print(f"Acl {acl} already exists.")
            else:
                new.append(acl)
        if new:
            print(f"Adding ACLs for resource `{pattern}`: \n {_lines(acl.entry for acl in new)}\n")
            create_acls(controllers, new)


def _remove(controllers: Controllers, options: Options) -> None:
    for pattern, given in entries(options).items():
        if given:
            question = (
                f"Are you sure you want to remove ACLs: \n {_lines(given)}\n from resource filter `{pattern}`? (y/n)"
            )
        else:
            question = f"Are you sure you want to delete all ACLs for resource filter `{pattern}`? (y/n)"
        if options.has("force") or _is_confirmed(question):
            delete_acls(controllers, pattern, given)


def _is_confirmed(question: str) -> bool:
    print(question, flush=True)
    return sys.stdin.readline().strip().lower() == "y"


def _lines(given: Iterable[AclEntry]) -> str:
    return "\n".join(f"\t{entry}" for entry in given)


_ACTIONS = {"list": _list, "add": _add, "remove": _remove}


if __name__ == "__main__":
    sys.exit(main())
