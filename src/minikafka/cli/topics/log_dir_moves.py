"""Replicas that are to be in other log directories of their brokers: where they are, and letting them be moved."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Final

from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.topics.reassign_files import Replica
from minikafka.client.admin.log_dirs import describe_log_dirs
from minikafka.client.admin.reassignments import alter_log_dirs
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import NONE, REPLICA_NOT_AVAILABLE, ApiError
from minikafka.named_tuple import NamedTuple

_RETRY_S: Final = 0.1


class ReplicaPlace(NamedTuple):
    """Directories; None where it is in none, and where it is not being moved."""

    current: str | None
    future: str | None


def places(cluster: Cluster, replicas: Collection[Replica]) -> dict[Replica, ReplicaPlace]:
    """Raises ApiError, ClientError."""
    found = dict.fromkeys(replicas, ReplicaPlace(None, None))
    for broker_id in sorted({replica.broker_id for replica in replicas}):
        for directory in describe_log_dirs(cluster, broker_id):
            for each in directory.replicas:
                replica = Replica(broker_id, each.topic, each.partition)
                if replica in found:
                    known = found[replica]
                    found[replica] = (
                        known._replace(future=directory.path)
                        if each.is_future
                        else known._replace(current=directory.path)
                    )
    return found


def is_done(place: ReplicaPlace) -> bool:
    """Nothing more will happen to it."""
    return place.current is not None and place.future is None


def state_text(replica: Replica, place: ReplicaPlace, target: str) -> str:
    """What ``--verify`` says of a replica that is to be in ``target``."""
    on_broker = f"Partition {replica.topic}-{replica.partition} on broker {replica.broker_id}"
    if place.current is None:
        return (
            f"Partition {replica.topic}-{replica.partition} is not found in any live log dir on broker "
            f"{replica.broker_id}. There is likely an offline log directory on the broker."
        )
    if place.future == target:
        return f"Reassignment of replica {replica} is still in progress."
    if place.future is not None:
        return f"{on_broker} is being moved to log dir {place.future} instead of {target}."
    if place.current == target:
        return f"Reassignment of replica {replica} completed successfully."
    return f"{on_broker} is not being moved from log dir {place.current} to {target}."


def start_moves(cluster: Cluster, targets: Mapping[Replica, str], *, timeout_ms: int) -> None:
    """Ask until all have begun: a broker may first have to get the replica. Raises ClientError."""
    deadline = time.monotonic() + timeout_ms / 1000
    pending = dict(sorted(targets.items()))
    while True:
        for replica in _started(cluster, pending):
            print(
                f"Successfully started moving log directory to {pending.pop(replica)} for replica "
                f"{replica.topic}-{replica.partition} with broker {replica.broker_id} "
            )
        if not pending:
            return
        if time.monotonic() >= deadline:
            plural = "" if len(pending) == 1 else "s"
            left = ",".join(map(str, pending))
            raise ClientError(f"Timed out before log directory move{plural} could be started for: {left}")
        time.sleep(_RETRY_S)


def _started(cluster: Cluster, pending: Mapping[Replica, str]) -> list[Replica]:
    started = []
    for broker_id in sorted({replica.broker_id for replica in pending}):
        of_broker = {
            (replica.topic, replica.partition): path
            for replica, path in pending.items()
            if replica.broker_id == broker_id
        }
        for (topic, index), code in sorted(alter_log_dirs(cluster, broker_id, of_broker).items()):
            replica = Replica(broker_id, topic, index)
            if code == NONE:
                started.append(replica)
            elif code != REPLICA_NOT_AVAILABLE:
                raise ClientError(f"Failed to alter dir for {replica}: {as_thrown(ApiError(code))}")
    return started
