"""``kafka-leader-election``: let partitions elect their leaders anew (LeaderElectionCommand)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, load_properties, open_cluster
from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.options import Options, Tool, flag, integer, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.cli.topics.partition_files import partitions_in
from minikafka.client.admin.elections import PREFERRED, UNCLEAN, elect_leaders
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import CLUSTER_AUTHORIZATION_FAILED, ELECTION_NOT_NEEDED, REQUEST_TIMED_OUT, ApiError

_TOOL: Final = Tool(
    "kafka-leader-election",
    "This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are "
    "preferred replicas and unclean replicas.",
    (
        string("bootstrap-server", "host:port", "REQUIRED: where brokers are: HOST:PORT, with commas between several."),
        COMMAND_CONFIG,
        string("admin.config", "config file", "As --command-config; deprecated."),
        string(
            "election-type",
            "election type",
            "REQUIRED: preferred, where the leader is not the first replica; or unclean, where there is none in sync.",
        ),
        string("topic", "topic name", "The topic."),
        integer("partition", "partition id", "With --topic: the partition."),
        flag("all-topic-partitions", "All partitions that can do with an election of that type."),
        string(
            "path-to-json-file",
            "Path to JSON file",
            'Partitions in a file: {"partitions": [{"topic": "foo", "partition": 1}]}.',
        ),
    ),
)
_TYPES: Final = {"PREFERRED": PREFERRED, "UNCLEAN": UNCLEAN}
_SCOPES: Final = ("topic", "all-topic-partitions", "path-to-json-file")
_TIMEOUT_MS: Final = 30_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act)


def _act(options: Options) -> int:
    _check(options)
    name = (options.value("election-type") or "").upper()
    if name not in _TYPES:
        raise ClientError(f"Cannot parse argument '{options.value('election-type')}' of option election-type")
    partitions = _partitions(options)
    path = options.value("command-config")
    if options.has("admin.config"):
        print(
            "Option --admin.config has been deprecated and will be removed in a future version. Use --command-config "
            "instead."
        )
        path = options.value("admin.config")
    servers = options.value("bootstrap-server") or ""
    with open_cluster(servers, load_properties(path), client_id="adminclient-1") as cluster:
        try:
            outcomes = elect_leaders(cluster, _TYPES[name], partitions, timeout_ms=_TIMEOUT_MS)
        except ApiError as error:
            raise _refused(error) from error
    _print_outcomes(name, outcomes)
    return 0


def _check(options: Options) -> None:
    missing = [name for name in ("bootstrap-server", "election-type") if not options.has(name)]
    if missing:
        raise ClientError(f"Missing required option(s): {', '.join(missing)}")
    options.forbid_with("admin.config", ["command-config"])
    if sum(map(options.has, _SCOPES)) != 1:
        raise ClientError(f"One and only one of the following options is required: {', '.join(_SCOPES)}")
    if options.has("topic") and not options.has("partition"):
        raise ClientError("Missing required option(s): partition")
    if options.has("partition") and not options.has("topic"):
        raise ClientError("Option partition is only allowed if topic is used")


def _partitions(options: Options) -> list[TopicPartition] | None:
    if options.has("all-topic-partitions"):
        return None
    if options.has("topic"):
        return [(options.value("topic") or "", options.number("partition") or 0)]
    return partitions_in(options.value("path-to-json-file") or "")


def _refused(error: ApiError) -> ClientError:
    sentences = {
        REQUEST_TIMED_OUT: "Timeout waiting for election results",
        CLUSTER_AUTHORIZATION_FAILED: "Not authorized to perform leader election",
    }
    sentence = sentences.get(error.code)
    if sentence is None:
        return ClientError(as_thrown(error))
    print(sentence)
    return ClientError(sentence)


def _print_outcomes(name: str, outcomes: Mapping[TopicPartition, ApiError | None]) -> None:
    done = [where for where, error in outcomes.items() if error is None]
    needless = [where for where, error in outcomes.items() if error and error.code == ELECTION_NOT_NEEDED]
    failed = {where: error for where, error in outcomes.items() if error and error.code != ELECTION_NOT_NEEDED}
    if done:
        print(f"Successfully completed leader election ({name}) for partitions {_joined(done)}")
    if needless:
        print(f"Valid replica already elected for partitions {_joined(needless)}")
    for where, error in sorted(failed.items()):
        print(f"Error completing leader election ({name}) for partition: {_joined([where])}: {as_thrown(error)}")
    if failed:
        raise ClientError(f"{len(failed)} replica(s) could not be elected")


def _joined(partitions: Sequence[TopicPartition]) -> str:
    return ", ".join(f"{topic}-{index}" for topic, index in sorted(partitions))


if __name__ == "__main__":
    sys.exit(main())
