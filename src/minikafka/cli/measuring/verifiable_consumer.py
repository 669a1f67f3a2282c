"""``kafka-verifiable-consumer``: reads as a member of a group, and tells about each step (VerifiableConsumer)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from minikafka.cli.measuring.verifiable_events import print_event, text_of
from minikafka.cli.measuring.verifiable_properties import properties_of
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.argparse_tool import Rules, WrongArguments, run
from minikafka.cli.toolkit.client_settings import consumer_settings, group_settings
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.cli.toolkit.options import Options, Tool, flag, integer, string
from minikafka.cli.toolkit.stopping import Stopped, Stopping
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import Consumer
from minikafka.client.consuming.fetcher import FetchedRecord
from minikafka.client.leaders import TopicPartition
from minikafka.errors import MinikafkaError
from minikafka.named_tuple import NamedTuple

_POLL_S: Final = 60.0
_MAX_POLL_RECORDS: Final = 500

TOOL = Tool(
    "verifiable-consumer",
    "This tool consumes messages from a specific topic and emits consumer events (e.g. group rebalances, received "
    "messages, and offsets committed) as JSON objects to STDOUT.",
    (
        string("topic", "TOPIC", "The topic to read."),
        string("group-protocol", "GROUP-PROTOCOL", "CLASSIC or CONSUMER.", default="classic"),
        string("group-remote-assignor", "GROUP-REMOTE-ASSIGNOR", "The broker's assignor, with CONSUMER."),
        string("group-id", "GROUP-ID", "The group to be a member of."),
        string("group-instance-id", "GROUP-INSTANCE-ID", "The name of a static member."),
        integer("max-messages", "MAX-MESSAGES", "So many; -1: until the process is ended.", default=-1),
        integer("session-timeout", "TIMEOUT-MS", "After so long without a sign of life others take over."),
        flag("verbose", "Tell about each record, too."),
        flag("enable-autocommit", "Commit every now and then instead of after each lot of records."),
        string("reset-policy", "RESET-POLICY", "Where to begin: earliest, latest or none.", default="earliest"),
        string(
            "assignment-strategy",
            "ASSIGNMENT-STRATEGY",
            "How members share partitions, with CLASSIC.",
            default="org.apache.kafka.clients.consumer.RangeAssignor",
        ),
        string("consumer.config", "CONFIG-FILE", "(DEPRECATED) The same as --command-config."),
        string("command-config", "CONFIG-FILE", "Settings of the consumer, in a property file."),
        string("bootstrap-server", "HOST1:PORT1[,HOST2:PORT2[...]]", "Where a broker is.", "broker-list"),
    ),
)
RULES = Rules(required=("topic", "group-id"), one_of=("bootstrap-server",))


class _Asked(NamedTuple):
    """``max_count`` below 0: no end."""

    bootstrap_servers: str
    topic: str
    group_id: str
    max_count: int
    is_verbose: bool
    commits_itself: bool
    properties: dict[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run(TOOL, RULES, arguments, _act)


def _act(options: Options) -> int:
    asked = _read(options)
    stopping = Stopping()
    with (
        stopping.signals_caught(),
        open_cluster(asked.bootstrap_servers, asked.properties, client_id="consumer-1", connect_timeout_s=0) as cluster,
    ):
        _Session(asked, cluster, stopping).run()
    return stopping.exit_code


def _read(options: Options) -> _Asked:
    """Raises WrongArguments, ConfigError."""
    properties = properties_of(options, "consumer.config")
    protocol = (options.value("group-protocol") or "").upper()
    if protocol not in ("CLASSIC", "CONSUMER"):
        raise WrongArguments(f"--group-protocol {options.value('group-protocol')}: it is CLASSIC or CONSUMER")
    properties["group.protocol"] = protocol
    given = {
        "group.remote.assignor": options.value("group-remote-assignor") if protocol == "CONSUMER" else None,
        "partition.assignment.strategy": options.value("assignment-strategy") if protocol == "CLASSIC" else None,
        "session.timeout.ms": options.value("session-timeout"),
        "group.instance.id": options.value("group-instance-id"),
    }
    properties.update({name: value for name, value in given.items() if value is not None})
    properties["enable.auto.commit"] = "true" if options.has("enable-autocommit") else "false"
    properties["auto.offset.reset"] = options.value("reset-policy") or ""
    max_count = options.number("max-messages")
    return _Asked(
        bootstrap_servers=options.value("bootstrap-server") or "",
        topic=options.value("topic") or "",
        group_id=options.value("group-id") or "",
        max_count=-1 if max_count is None else max_count,
        is_verbose=options.has("verbose"),
        commits_itself=not options.has("enable-autocommit"),
        properties=properties,
    )


class _Session:
    def __init__(self, asked: _Asked, cluster: Cluster, stopping: Stopping) -> None:
        self._asked = asked
        self._stopping = stopping
        self._count = 0
        self._consumer = Consumer(
            cluster,
            consumer_settings(asked.properties),
            group_settings(asked.group_id, asked.properties),
            on_warning=lambda sentence: stderr_log.warn(f"[Consumer clientId={cluster.client_id}] {sentence}"),
            on_assigned=lambda partitions: print_event("partitions_assigned", partitions=_named(partitions)),
            on_revoked=lambda partitions: print_event("partitions_revoked", partitions=_named(partitions)),
        )

    def run(self) -> None:
        """Read until there are enough, or a signal comes."""
        print_event("startup_complete")
        self._consumer.subscribe([self._asked.topic])
        try:
            while self._asked.max_count < 0 or self._count < self._asked.max_count:
                with self._stopping.may_interrupt():
                    while not self._consumer.poll(_POLL_S):
                        pass
                self._take()
        except Stopped:
            pass
        except MinikafkaError as error:
            stderr_log.error(f"Error during processing, terminating consumer process: {error}")
        finally:
            self._close()
            print_event("shutdown_complete")

    def _take(self) -> None:
        limit = _MAX_POLL_RECORDS
        if self._asked.max_count >= 0:
            limit = min(limit, self._asked.max_count - self._count)
        by_partition: dict[TopicPartition, list[FetchedRecord]] = {}
        for where, fetched in self._consumer.take_many(limit):
            by_partition.setdefault(where, []).append(fetched)
        summaries = []
        for (topic, partition), records in by_partition.items():
            offsets = {"minOffset": records[0].record.offset, "maxOffset": records[-1].record.offset}
            summaries.append({"topic": topic, "partition": partition, "count": len(records), **offsets})
            if self._asked.is_verbose:
                for fetched in records:
                    _print_record(topic, partition, fetched)
            self._count += len(records)
        count = sum(map(len, by_partition.values()))
        print_event("records_consumed", count=count, partitions=summaries)
        if self._asked.commits_itself:
            self._commit({where: records[-1].record.offset + 1 for where, records in by_partition.items()})

    def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        named = [
            {"topic": topic, "partition": partition, "offset": offset} for (topic, partition), offset in offsets.items()
        ]
        try:
            self._consumer.commit()
        except MinikafkaError as error:
            print_event("offsets_committed", offsets=named, error=str(error), success=False)
        else:
            print_event("offsets_committed", offsets=named, success=True)

    def _close(self) -> None:
        try:
            self._consumer.close()
        except MinikafkaError as error:
            stderr_log.warn(f"The consumer could not be closed cleanly: {error}")


def _print_record(topic: str, partition: int, fetched: FetchedRecord) -> None:
    record = fetched.record
    print_event(
        "record_data",
        key=text_of(record.key),
        value=text_of(record.value),
        topic=topic,
        partition=partition,
        offset=record.offset,
    )


def _named(partitions: list[TopicPartition]) -> list[dict[str, object]]:
    return [{"topic": topic, "partition": partition} for topic, partition in partitions]


if __name__ == "__main__":
    sys.exit(main())
