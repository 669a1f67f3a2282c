"""``kafka-reassign-partitions``: move partitions to other brokers or directories (ReassignPartitionsCommand)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final

from minikafka.cli.cluster.controller_options import controllers_of
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.tool import run_tool
from minikafka.cli.topics.log_dir_moves import is_done, places, start_moves, state_text
from minikafka.cli.topics.reassign_files import (
    Plan,
    Replica,
    check_plan,
    commas,
    named,
    plan_text,
    read_brokers,
    read_plan,
    read_topics,
)
from minikafka.cli.topics.reassign_options import TOOL, bootstrap_of_zookeeper, check
from minikafka.cli.topics.reassign_throttles import clear_throttles, moves_of, throttle_log_dirs, throttle_moves
from minikafka.cli.topics.replica_placement import place_replicas
from minikafka.client.admin.reassignments import alter_reassignments, list_reassignments
from minikafka.client.admin.topics import describe_topics
from minikafka.client.brokers import describe_cluster
from minikafka.client.cluster import Cluster
from minikafka.client.controllers import Controllers
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import UNKNOWN_TOPIC_OR_PARTITION, ApiError

_EXISTING: Final = (
    "Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a "
    "new partition assignment in addition to the existing one. The --additional flag can also be used to change the "
    "throttle by resubmitting the current reassignment."
)
_VERIFY: Final = (
    "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed."
)

Assignment = dict[TopicPartition, list[int]]


class _Terse(ClientError):
    """A sentence without "Error: " in front of it, as Kafka's TerseException."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    action = check(options)
    try:
        with controllers_of(options, bootstrap_of_zookeeper(options)) as controllers:
            _ACTIONS[action](controllers, options)
    except _Terse as error:
        print(error)
        return 1
    except (ApiError, ClientError) as error:
        print(f"Error: {as_thrown(error)}")
        return 1
    return 0


# --- verify and list


def _verify(controllers: Controllers, options: Options) -> None:
    plan = _plan(options)
    ongoing = list_reassignments(controllers)
    print("Status of partition reassignment:")
    for where, target in sorted(dict(plan.partitions).items()):
        if where in ongoing:
            print(f"Reassignment of partition {named(where)} is still in progress.")
            continue
        current = _current_replicas(controllers.cluster, where)
        if current == target:
            print(f"Reassignment of partition {named(where)} is completed.")
        else:
            print(
                f"There is no active reassignment of partition {named(where)}, but replica set is {commas(current)} "
                f"rather than {commas(target)}."
            )
    found = places(controllers.cluster, plan.log_dirs)
    print("\n".join(state_text(replica, found[replica], plan.log_dirs[replica]) for replica in sorted(plan.log_dirs)))
    if not ongoing and all(map(is_done, found.values())) and not options.has("preserve-throttles"):
        _clear_throttles(controllers, plan)


def _current_replicas(cluster: Cluster, where: TopicPartition) -> list[int]:
    """None at all of what is not there. Raises ApiError, ClientError."""
    try:
        topic = describe_topics(cluster, [where[0]])[where[0]]
    except ApiError as error:
        if error.code != UNKNOWN_TOPIC_OR_PARTITION:
            raise
        return []
    return next((part.replicas for part in topic.partitions if part.partition == where[1]), [])


def _list(controllers: Controllers, options: Options) -> None:
    ongoing = list_reassignments(controllers)
    print("Current partition reassignments:" if ongoing else "No partition reassignments found.")
    for where, (replicas, adding, removing) in sorted(ongoing.items()):
        added = f" adding: {commas(adding)}." if adding else ""
        removed = f" removing: {commas(removing)}." if removing else ""
        print(f"{named(where)}: replicas: {commas(replicas)}.{added}{removed}")


# --- generate


def _generate(controllers: Controllers, options: Options) -> None:
    brokers = read_brokers(options.value("broker-list") or "")
    topics = read_topics(options.value("topics-to-move-json-file") or "")
    cluster = controllers.cluster
    current = _assignment(cluster, topics)
    log_dirs = _log_dirs(cluster, current)
    racks = _racks(cluster, brokers, is_rack_aware=not options.has("disable-rack-aware"))
    proposed: Assignment = {}
    random = Random()
    for topic in dict.fromkeys(name for name, _ in sorted(current)):
        of_topic = [replicas for (name, _), replicas in sorted(current.items()) if name == topic]
        placed = place_replicas(racks, len(of_topic), len(of_topic[0]), random)
        proposed.update({(topic, index): replicas for index, replicas in enumerate(placed)})
    print(f"Current partition replica assignment\n{plan_text(current, log_dirs)}\n")
    print(f"Proposed partition reassignment configuration\n{plan_text(proposed, {})}")


def _racks(cluster: Cluster, brokers: Sequence[int], *, is_rack_aware: bool) -> dict[int, str | None]:
    nodes = [node for node in describe_cluster(cluster).brokers if node.node_id in brokers]
    racks = {node.node_id: node.rack if is_rack_aware else None for node in nodes}
    without = [broker for broker, rack in racks.items() if rack is None]
    if is_rack_aware and without and len(without) != len(racks):
        raise ClientError(
            "Not all brokers have rack information. Add --disable-rack-aware in command line to make replica "
            "assignment without rack information."
        )
    return racks


# --- execute and cancel


def _execute(controllers: Controllers, options: Options) -> None:
    cluster = controllers.cluster
    plan = _plan(options)
    check_plan(plan)
    proposed = dict(plan.partitions)
    ongoing = list_reassignments(controllers)
    if ongoing and not options.has("additional"):
        raise _Terse(_EXISTING)
    _check_brokers(cluster, {broker for replicas in proposed.values() for broker in replicas})
    current = _existing(cluster, proposed)
    print(
        f"Current partition replica assignment\n\n{plan_text(current, _log_dirs(cluster, current))}\n\n"
        "Save this to use as the --reassignment-json-file option during rollback"
    )
    throttle, log_dir_throttle = (options.number(name) or 0 for name in ("throttle", "replica-alter-log-dirs-throttle"))
    if throttle >= 0 or log_dir_throttle >= 0:
        print(_VERIFY)
    if throttle >= 0:
        throttle_moves(cluster, moves_of(ongoing, proposed, current), throttle)
    if log_dir_throttle >= 0:
        throttle_log_dirs(cluster, [replica.broker_id for replica in plan.log_dirs], log_dir_throttle)
    outcomes = alter_reassignments(
        controllers,
        proposed,
        allow_replication_factor_change=not options.has("disallow-replication-factor-change"),
    )
    failures = _failures(outcomes)
    if failures:
        raise _Terse(f"Error reassigning partition(s):\n{failures}")
    print(f"Successfully started partition reassignment{_plural(proposed)} for {_joined(proposed)}")
    if plan.log_dirs:
        start_moves(cluster, plan.log_dirs, timeout_ms=options.number("timeout") or 0)


def _cancel(controllers: Controllers, options: Options) -> None:
    plan = _plan(options)
    wanted = dict(plan.partitions)
    active = [
        where
        for where, each in list_reassignments(controllers).items()
        if where in wanted and (each.adding_replicas or each.removing_replicas)
    ]
    if active:
        failures = _failures(alter_reassignments(controllers, dict.fromkeys(active)))
        if failures:
            raise _Terse(f"Error cancelling partition reassignment{_plural(failures.splitlines())} for:\n{failures}")
        print(f"Successfully cancelled partition reassignment{_plural(active)} for: {_joined(active)}")
    else:
        print("None of the specified partition reassignments are active.")
    moving = {
        replica: place.current
        for replica, place in places(controllers.cluster, plan.log_dirs).items()
        if place.current is not None and place.future is not None
    }
    if moving:
        start_moves(controllers.cluster, moving, timeout_ms=options.number("timeout") or 0)
    else:
        print("None of the specified partition moves are active.", end="")
    if not options.has("preserve-throttles"):
        _clear_throttles(controllers, plan)


def _plan(options: Options) -> Plan:
    return read_plan(options.value("reassignment-json-file") or "")


def _check_brokers(cluster: Cluster, wanted: Iterable[int]) -> None:
    unknown = sorted(set(wanted) - set(cluster.broker_ids()))
    if unknown:
        raise ClientError(f"Unknown broker id {unknown[0]}")


def _existing(cluster: Cluster, wanted: Iterable[TopicPartition]) -> Assignment:
    partitions = list(wanted)
    known = _assignment(cluster, {topic for topic, _ in partitions})
    missing = [named(where) for where in partitions if where not in known]
    if missing:
        raise ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find partition: {', '.join(missing)}")
    return {where: known[where] for where in partitions}


def _assignment(cluster: Cluster, topics: Iterable[str]) -> Assignment:
    found: Assignment = {}
    for topic in sorted(topics):
        try:
            described = describe_topics(cluster, [topic])[topic]
        except ApiError as error:
            if error.code != UNKNOWN_TOPIC_OR_PARTITION:
                raise
            raise ApiError(error.code, f"Topic {topic} not found.") from error
        found.update({(topic, part.partition): part.replicas for part in described.partitions})
    return found


def _log_dirs(cluster: Cluster, assignment: Mapping[TopicPartition, Sequence[int]]) -> dict[Replica, str]:
    alive = set(cluster.broker_ids())
    replicas = [
        Replica(broker, *where) for where, brokers in assignment.items() for broker in brokers if broker in alive
    ]
    return {replica: place.current for replica, place in places(cluster, replicas).items() if place.current is not None}


def _clear_throttles(controllers: Controllers, plan: Plan) -> None:
    brokers = {*controllers.node_ids(), *(broker for _, replicas in plan.partitions for broker in replicas)}
    clear_throttles(controllers.cluster, brokers, [topic for (topic, _), _ in plan.partitions])


def _failures(outcomes: Mapping[TopicPartition, ApiError | None]) -> str:
    return "\n".join(f"{named(where)}: {error}" for where, error in sorted(outcomes.items()) if error is not None)


def _joined(partitions: Iterable[TopicPartition]) -> str:
    return ",".join(map(named, sorted(partitions)))


def _plural(things: Iterable[object]) -> str:
    return "" if len(list(things)) == 1 else "s"


_ACTIONS: Final[dict[str, Callable[[Controllers, Options], None]]] = {
    "verify": _verify,
    "generate": _generate,
    "execute": _execute,
    "cancel": _cancel,
    "list": _list,
}


if __name__ == "__main__":
    sys.exit(main())
