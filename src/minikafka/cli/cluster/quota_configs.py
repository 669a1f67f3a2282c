"""What ``kafka-configs`` does for users, clients and IP addresses: quotas, and users' SCRAM credentials."""

from __future__ import annotations

import re

from minikafka.cli.cluster.config_options import Target
from minikafka.cli.console.deserializers import java_double
from minikafka.client.admin.quotas import CLIENT_ID, IP, USER, AnyName, QuotaEntity, alter_quotas, describe_quotas
from minikafka.client.admin.scram_credentials import (
    MECHANISMS,
    MIN_ITERATIONS,
    Credential,
    alter_credentials,
    describe_credentials,
)
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError

_ENTITY_TYPES = {"users": USER, "clients": CLIENT_ID, "ips": IP}
_WORDS = {USER: "user-principal", CLIENT_ID: "client-id", IP: "ip"}
_CLIENT_QUOTAS = frozenset(
    {"producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"}
)
_IP_QUOTAS = frozenset({"connection_creation_rate"})
_CREDENTIAL = re.compile(r"(?:iterations=(-?[0-9]*),)?password=(.*)", re.DOTALL)


def describe(cluster: Cluster, target: Target) -> None:
    """Print quotas; and credentials where users alone are asked for. Raises ApiError, ClientError."""
    wanted: dict[str, str | type[AnyName] | None] = {}
    for index, kind in enumerate(target.types):
        wanted[_ENTITY_TYPES[kind]] = (target.names[index] or None) if index < len(target.names) else AnyName
    for entity in describe_quotas(cluster, wanted):
        quotas = ", ".join(f"{key}={java_double(value)}" for key, value in sorted(entity.quotas.items()))
        print(f"Quota configs for {_entity_words(entity)} are {quotas}")
    if target.types == ["users"] and "" not in target.names:
        for user, credentials in describe_credentials(cluster, target.names).items():
            words = ", ".join(f"{name}=iterations={iterations}" for name, iterations in credentials.items())
            print(f"SCRAM credential configs for user-principal '{user}' are {words}")


def alter(cluster: Cluster, target: Target, added: dict[str, str], deleted: list[str]) -> None:
    """Raises ApiError, ClientError."""
    _check(target, added, deleted)
    if any(name in MECHANISMS for name in [*added, *deleted]):
        credentials = [_credential(name, value) for name, value in added.items()]
        alter_credentials(cluster, target.names[0], credentials, deleted)
        return
    entity = {_ENTITY_TYPES[kind]: name or None for kind, name in zip(target.types, target.names, strict=True)}
    existing = {key for found in describe_quotas(cluster, {**entity}) for key in found.quotas}
    unknown = [name for name in deleted if name not in existing]
    if unknown:
        raise ClientError(f"Invalid config(s): {','.join(unknown)}")
    changes: dict[str, float | None] = {name: _number(name, value) for name, value in added.items()}
    alter_quotas(cluster, entity, {**changes, **dict.fromkeys(deleted)})


def _check(target: Target, added: dict[str, str], deleted: list[str]) -> None:
    kind = "clients" if "clients" in target.types else target.types[0]
    allowed = {
        "ips": (_IP_QUOTAS, "connection quota"),
        "clients": (_CLIENT_QUOTAS, "quota"),
        "users": (_CLIENT_QUOTAS | MECHANISMS.keys(), "quota and SCRAM credential"),
    }
    names, what = allowed[kind]
    for verb, given in (("added", added), ("deleted", deleted)):
        unknown = [name for name in given if name not in names]
        if unknown:
            listed = ",".join(unknown) if kind == "ips" else f"Set({', '.join(unknown)})"
            raise ClientError(
                f"Only {what} configs can be {verb} for '{kind}' using --bootstrap-server. Unexpected config names: "
                + listed
            )
    if any(name in MECHANISMS for name in [*added, *deleted]):
        if "" in target.names:
            raise ClientError(
                "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using "
                "--bootstrap-server."
            )
        if any(name in _CLIENT_QUOTAS for name in [*added, *deleted]):
            raise ClientError(
                "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using "
                "--bootstrap-server."
            )


def _credential(mechanism: str, text: str) -> Credential:
    found = _CREDENTIAL.fullmatch(text)
    if found is None:
        raise ClientError(
            f"Invalid credential property {mechanism}={text}: it has the form [iterations=8192,password=SECRET]"
        )
    iterations = int(found[1]) if found[1] not in (None, "", "-1") else MIN_ITERATIONS
    if iterations < MIN_ITERATIONS:
        raise ClientError(f"Iterations {iterations} is less than the minimum {MIN_ITERATIONS} required for {mechanism}")
    return Credential(mechanism, iterations, found[2])


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ClientError(f"Cannot parse quota configuration value for {name}: {value}") from None


def _entity_words(entity: QuotaEntity) -> str:
    words = []
    for kind in (USER, CLIENT_ID, IP):
        if kind in entity.parts:
            name = entity.parts[kind]
            words.append(f"the default {_WORDS[kind]}" if name is None else f"{_WORDS[kind]} '{name}'")
    return ", ".join(words)
