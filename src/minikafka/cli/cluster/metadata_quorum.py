"""``kafka-metadata-quorum``: the controllers of a cluster, and how they follow each other (MetadataQuorumCommand)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from minikafka.cli.cluster.controller_options import CONNECTION, RULES, controllers_of
from minikafka.cli.cluster.new_controller import new_controller
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options, Tool, flag, integer, string
from minikafka.cli.toolkit.subcommands import Subcommand, run_subcommand
from minikafka.cli.toolkit.tables import tabbed_table
from minikafka.client.admin.quorum import (
    Quorum,
    QuorumReplica,
    RaftEndpoint,
    add_voter,
    describe_quorum,
    remove_voter,
)
from minikafka.client.brokers import BROKERS, CONTROLLERS, describe_cluster
from minikafka.client.errors import ClientError
from minikafka.errors import ApiError
from minikafka.protocol.primitives import ZERO_UUID, uuid_from_text, uuid_to_text

_TOOL: Final = Tool("kafka-metadata-quorum", "This tool describes kraft metadata quorum status.", CONNECTION)
_DRY_RUN: Final = flag("dry-run", "Only say what would be done.")
_TITLES: Final = (
    "NodeId",
    "DirectoryId",
    "LogEndOffset",
    "Lag",
    "LastFetchTimestamp",
    "LastCaughtUpTimestamp",
    "Status",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_subcommand(_TOOL, RULES, _COMMANDS, arguments)


@contextmanager
def _named_errors() -> Iterator[None]:
    """What the controller refuses is printed with the name of the exception."""
    try:
        yield
    except ApiError as error:
        raise ClientError(as_thrown(error)) from error


# --- describe


def _describe(options: Options) -> int:
    is_status, is_replication, is_readable = map(options.has, ("status", "replication", "human-readable"))
    if is_status and is_replication:
        raise ClientError("Only one of --status or --replication should be specified with describe sub-command")
    if not is_status and not is_replication:
        raise ClientError("One of --status or --replication must be specified with describe sub-command")
    if is_status and is_readable:
        raise ClientError("The option --human-readable is only supported along with --replication")
    with controllers_of(options) as controllers, _named_errors():
        quorum = describe_quorum(controllers)
        kind = CONTROLLERS if controllers.are_asked else BROKERS
        cluster_id = describe_cluster(controllers.cluster, endpoint_type=kind).cluster_id
    if is_replication:
        print(*replication_table(quorum, now_ms=_now_ms() if is_readable else None), sep="\n")
    else:
        print(status_text(quorum, cluster_id or "null"))
    return 0


def replication_table(quorum: Quorum, *, now_ms: int | None) -> list[str]:
    """The leader, its followers, and the observers. ``now_ms``: say how long ago, for people.

    :raises ClientError: the clocks of the two machines differ.
    """
    leader = _leader(quorum)
    followers = [voter for voter in quorum.voters if voter.replica_id != quorum.leader_id]
    rows = []
    for status, replicas in (("Leader", [leader]), ("Follower", followers), ("Observer", quorum.observers)):
        for replica in replicas:
            rows.append(
                (
                    replica.replica_id,
                    uuid_to_text(replica.directory_id),
                    replica.log_end_offset,
                    leader.log_end_offset - replica.log_end_offset,
                    _time_text(replica.last_fetch_ms, "last fetch", now_ms),
                    _time_text(replica.last_caught_up_ms, "last caught up", now_ms),
                    status,
                )
            )
    return list(tabbed_table(_TITLES, rows))


def _time_text(timestamp_ms: int | None, what: str, now_ms: int | None) -> str:
    if timestamp_ms is None:
        return "-1"
    if now_ms is None:
        return str(timestamp_ms)
    if not 0 < timestamp_ms <= now_ms:
        raise ClientError(
            "Error while computing relative time, possible drift in system clock.\n"
            f"Current timestamp is {now_ms}, {what} timestamp is {timestamp_ms}"
        )
    return f"{now_ms - timestamp_ms} ms ago"


def status_text(quorum: Quorum, cluster_id: str) -> str:
    """Who leads, since when, and how far the slowest voter is behind."""
    leader = _leader(quorum)
    slowest = min(quorum.voters, key=lambda voter: voter.log_end_offset)
    lag_ms = -1
    if slowest is leader:
        lag_ms = 0
    elif leader.last_caught_up_ms is not None and slowest.last_caught_up_ms is not None:
        lag_ms = leader.last_caught_up_ms - slowest.last_caught_up_ms
    return "\n".join(
        f"{title + ':':24}{value}"
        for title, value in (
            ("ClusterId", cluster_id),
            ("LeaderId", quorum.leader_id),
            ("LeaderEpoch", quorum.leader_epoch),
            ("HighWatermark", quorum.high_watermark),
            ("MaxFollowerLag", leader.log_end_offset - slowest.log_end_offset),
            ("MaxFollowerLagTimeMs", lag_ms),
            ("CurrentVoters", _nodes_text(quorum, quorum.voters)),
            ("CurrentObservers", _nodes_text(quorum, quorum.observers)),
        )
    )


def _leader(quorum: Quorum) -> QuorumReplica:
    for voter in quorum.voters:
        if voter.replica_id == quorum.leader_id:
            return voter
    raise ClientError(f"the leader of the quorum, {quorum.leader_id}, is none of its voters")


def _nodes_text(quorum: Quorum, replicas: Sequence[QuorumReplica]) -> str:
    nodes = []
    for replica in replicas:
        parts = [f'"id": {replica.replica_id}']
        if replica.directory_id != ZERO_UUID:
            parts.append(f'"directoryId": "{uuid_to_text(replica.directory_id)}"')
        endpoints = quorum.endpoints.get(replica.replica_id, [])
        if endpoints:
            parts.append(f'"endpoints": [{", ".join(map(_quoted, endpoints))}]')
        nodes.append("{" + ", ".join(parts) + "}")
    return f"[{', '.join(nodes)}]"


def _quoted(endpoint: RaftEndpoint) -> str:
    return f'"{_address(endpoint)}"'


def _address(endpoint: RaftEndpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{endpoint.listener}://{host}:{endpoint.port}"


# --- change


def _add_controller(options: Options) -> int:
    path = options.value("command-config")
    if path is None:
        raise ClientError(
            "You must supply the configuration file of the controller you are adding when using add-controller."
        )
    added = new_controller(path)
    if not options.has("dry-run"):
        with controllers_of(options) as controllers, _named_errors():
            add_voter(controllers, added.node_id, added.directory_id, added.endpoints)
    done = "DRY RUN of adding" if options.has("dry-run") else "Added"
    endpoints = ", ".join(map(_address, added.endpoints))
    directory_id = uuid_to_text(added.directory_id)
    print(f"{done} controller {added.node_id} with directory id {directory_id} and endpoints: {endpoints}")
    return 0


def _remove_controller(options: Options) -> int:
    controller_id = options.number("controller-id") or 0
    if controller_id < 0:
        raise ClientError(f"Invalid negative --controller-id: {controller_id}")
    text = options.value("controller-directory-id") or ""
    try:
        directory_id = uuid_from_text(text)
    except ValueError as error:
        raise ClientError(f"Failed to parse --controller-directory-id: {error}") from error
    if not options.has("dry-run"):
        with controllers_of(options) as controllers, _named_errors():
            remove_voter(controllers, controller_id, directory_id)
    # Kafka has two blanks here.
    done = "DRY RUN of removing " if options.has("dry-run") else "Removed "
    print(f"{done} KRaft controller {controller_id} with directory id {uuid_to_text(directory_id)}")
    return 0


def _now_ms() -> int:
    return int(time.time() * 1000)


_COMMANDS: Final = {
    "describe": Subcommand(
        "Describe the metadata quorum info",
        (
            flag("status", "The quorum in short."),
            flag("replication", "The replicas, one by one."),
            flag("human-readable", "With --replication: say how long ago things were."),
        ),
        _describe,
    ),
    "add-controller": Subcommand("Add a controller to the KRaft controller cluster", (_DRY_RUN,), _add_controller),
    "remove-controller": Subcommand(
        "Remove a controller from the KRaft controller cluster",
        (
            integer("controller-id", "CONTROLLER_ID", "The id of the controller.", "i"),
            string("controller-directory-id", "CONTROLLER_DIRECTORY_ID", "The id of its directory.", "d"),
            _DRY_RUN,
        ),
        _remove_controller,
        required=("controller-id", "controller-directory-id"),
    ),
}


if __name__ == "__main__":
    sys.exit(main())
