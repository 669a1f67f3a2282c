"""``kafka-transactions``: look at transactions and their producers, and end what hangs (TransactionsCommand)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from minikafka.cli.cluster.hanging_transactions import OpenTransaction, SearchFailed, find_hanging, partitions_to_search
from minikafka.cli.toolkit.argparse_tool import Rules
from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.options import Options, Tool, integer, long, string
from minikafka.cli.toolkit.subcommands import Subcommand, run_subcommand
from minikafka.cli.toolkit.tables import tabbed_table
from minikafka.client.admin.transaction_admin import (
    NOT_KNOWN,
    Abortion,
    abort_transaction,
    describe_producers,
    describe_transaction,
    fence_producer,
    list_transactions,
)
from minikafka.client.cluster import Cluster
from minikafka.client.coordinator import TransactionCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import ApiError

_TOOL: Final = Tool(
    "kafka-transactions.sh",
    "This tool is used to analyze the transactional state of producers in the cluster. It can be used to detect and "
    "recover from hanging transactions.",
    (
        string("bootstrap-server", "host:port", "Where brokers are: HOST:PORT, with commas between several."),
        COMMAND_CONFIG,
    ),
)
_RULES: Final = Rules(required=("bootstrap-server",))
_TOPIC: Final = string("topic", "TOPIC", "The topic.")
_PARTITION: Final = integer("partition", "PARTITION", "The number of the partition.")

_LISTED: Final = ("TransactionalId", "Coordinator", "ProducerId", "TransactionState")
_DESCRIBED: Final = (
    "CoordinatorId",
    "TransactionalId",
    "ProducerId",
    "ProducerEpoch",
    "TransactionState",
    "TransactionTimeoutMs",
    "CurrentTransactionStartTimeMs",
    "TransactionDurationMs",
    "TopicPartitions",
)
_PRODUCERS: Final = (
    "ProducerId",
    "ProducerEpoch",
    "LatestCoordinatorEpoch",
    "LastSequence",
    "LastTimestamp",
    "CurrentTransactionStartOffset",
)
_HANGING: Final = (
    "Topic",
    "Partition",
    "ProducerId",
    "ProducerEpoch",
    "CoordinatorEpoch",
    "StartOffset",
    "LastTimestamp",
    "Duration(min)",
)
_NONE: Final = "None"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_subcommand(_TOOL, _RULES, _COMMANDS, arguments)


@contextmanager
def _doing(what: str) -> Iterator[None]:
    """What goes wrong is said in the words of Kafka's tool. Raises ClientError."""
    try:
        yield
    except (ApiError, ClientError) as error:
        raise ClientError(f"{what}: {error}. Enable debug logging for additional detail.") from error


def _list(options: Options) -> int:
    longer_than_ms = options.number("duration-filter")
    with cluster_of(options) as cluster, _doing("Failed to list transactions"):
        found = list_transactions(
            cluster,
            longer_than_ms=NOT_KNOWN if longer_than_ms is None else longer_than_ms,
            pattern=options.value("transactional-id-pattern"),
        )
    print(*tabbed_table(_LISTED, found), sep="\n")
    return 0


def _describe(options: Options) -> int:
    name = options.value("transactional-id") or ""
    with cluster_of(options) as cluster, _doing(f"Failed to describe transaction state of transactional-id `{name}`"):
        found = describe_transaction(TransactionCoordinator(cluster, name))
    start_ms = found.start_time_ms
    row = (
        *found[:6],
        _NONE if start_ms is None else start_ms,
        _NONE if start_ms is None else _now_ms() - start_ms,
        ",".join(_name(partition) for partition in found.partitions),
    )
    print(*tabbed_table(_DESCRIBED, [row]), sep="\n")
    return 0


def _describe_producers(options: Options) -> int:
    partition = _partition(options)
    broker_id = options.number("broker-id")
    where = "leader" if broker_id is None else f"broker {broker_id}"
    with (
        cluster_of(options) as cluster,
        _doing(f"Failed to describe producers for partition {_name(partition)} on {where}"),
    ):
        producers = describe_producers(cluster, [partition], broker_id=broker_id)[partition]
    rows = [
        (*producer[:5], _NONE if producer.start_offset is None else producer.start_offset) for producer in producers
    ]
    print(*tabbed_table(_PRODUCERS, rows), sep="\n")
    return 0


def _abort(options: Options) -> int:
    start_offset, producer_id = options.number("start-offset"), options.number("producer-id")
    if start_offset is None and producer_id is None:
        raise ClientError(
            "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or "
            "with --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)"
        )
    partition = _partition(options)
    with cluster_of(options) as cluster:
        if start_offset is not None:
            abortion = _transaction_at(cluster, partition, start_offset)
        else:
            epochs = (_needed(options, "producer-epoch"), max(0, _needed(options, "coordinator-epoch")))
            abortion = Abortion(partition, producer_id or 0, *epochs)
        with _doing(f"Failed to abort transaction {abortion}"):
            abort_transaction(cluster, abortion)
    return 0


def _transaction_at(cluster: Cluster, partition: TopicPartition, start_offset: int) -> Abortion:
    with _doing(f"Failed to validate producer state for partition {_name(partition)}"):
        producers = describe_producers(cluster, [partition])[partition]
    for producer in producers:
        if producer.start_offset == start_offset:
            epoch = max(0, producer.coordinator_epoch)
            return Abortion(partition, producer.producer_id, producer.producer_epoch, epoch)
    raise ClientError(
        f"Could not find any open transactions starting at offset {start_offset} on partition {_name(partition)}"
    )


def _needed(options: Options, name: str) -> int:
    value = options.number(name)
    if value is None:
        raise ClientError(f"Missing required argument --{name}")
    return value


def _find_hanging(options: Options) -> int:
    topic, index, broker_id = options.value("topic"), options.number("partition"), options.number("broker-id")
    if topic is None and broker_id is None:
        raise ClientError(
            "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search"
        )
    if index is not None and topic is None:
        raise ClientError("The --partition argument requires --topic to be provided")
    timeout_ms = (options.number("max-transaction-timeout") or 0) * 60_000
    with cluster_of(options) as cluster:
        try:
            partitions = partitions_to_search(cluster, topic, index, broker_id)
            hanging = find_hanging(
                cluster, partitions, broker_id=broker_id, longer_than_ms=timeout_ms, now_ms=_now_ms()
            )
        except SearchFailed as error:
            raise ClientError(f"{error}. Enable debug logging for additional detail.") from error
    print(*tabbed_table(_HANGING, map(_hanging_row, hanging)), sep="\n")
    return 0


def _hanging_row(found: OpenTransaction) -> tuple[object, ...]:
    (topic, index), state = found
    minutes = (_now_ms() - state.last_timestamp) // 60_000
    numbers = (state.producer_id, state.producer_epoch, state.coordinator_epoch, state.start_offset)
    return topic, index, *numbers, state.last_timestamp, minutes


def _force_terminate(options: Options) -> int:
    name = options.value("transactionalId") or ""
    with cluster_of(options) as cluster, _doing(f"Failed to force terminate transactionalId `{name}`"):
        fence_producer(TransactionCoordinator(cluster, name))
    return 0


def _partition(options: Options) -> TopicPartition:
    return options.value("topic") or "", options.number("partition") or 0


def _name(partition: TopicPartition) -> str:
    return f"{partition[0]}-{partition[1]}"


def _now_ms() -> int:
    return int(time.time() * 1000)


_COMMANDS: Final = {
    "list": Subcommand(
        "list transactions",
        (
            long("duration-filter", "DURATION_FILTER", "Only transactions that run for longer (ms); below 0: all."),
            string("transactional-id-pattern", "TRANSACTIONAL_ID_PATTERN", "Only ids that this expression matches."),
        ),
        _list,
    ),
    "describe": Subcommand(
        "describe the state of an active transactional-id",
        (string("transactional-id", "TRANSACTIONAL_ID", "The transactional id."),),
        _describe,
        required=("transactional-id",),
    ),
    "describe-producers": Subcommand(
        "describe the states of active producers for a topic partition",
        (integer("broker-id", "BROKER_ID", "The broker to ask instead of the leader."), _TOPIC, _PARTITION),
        _describe_producers,
        required=("topic", "partition"),
    ),
    "abort": Subcommand(
        "abort a hanging transaction (requires administrative privileges)",
        (
            _TOPIC,
            _PARTITION,
            long("start-offset", "START_OFFSET", "Where the transaction begins; enough for brokers since 3.0."),
            long("producer-id", "PRODUCER_ID", "For brokers before 3.0: the producer's id,"),
            integer("producer-epoch", "PRODUCER_EPOCH", "its epoch,"),
            integer("coordinator-epoch", "COORDINATOR_EPOCH", "and that of its coordinator."),
        ),
        _abort,
        required=("topic", "partition"),
    ),
    "find-hanging": Subcommand(
        "find hanging transactions",
        (
            integer("broker-id", "BROKER_ID", "Only what this broker has."),
            integer(
                "max-transaction-timeout",
                "MAX_TRANSACTION_TIMEOUT",
                "How long a transaction may take, in minutes.",
                default=15,
            ),
            _TOPIC,
            _PARTITION,
        ),
        _find_hanging,
    ),
    "forceTerminateTransaction": Subcommand(
        "Force abort an ongoing transaction on transactionalId (requires administrative privileges)",
        (string("transactionalId", "TRANSACTIONALID", "The transactional id."),),
        _force_terminate,
        required=("transactionalId",),
    ),
}


if __name__ == "__main__":
    sys.exit(main())
