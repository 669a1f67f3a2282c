"""``kafka-topics``: create, list, describe, alter and delete topics (Kafka's TopicCommand).

With ``--zookeeper``, which Kafka had until 2.8, the sentences are those of Kafka 2.4.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from minikafka.cli.toolkit.connecting import cluster_of
from minikafka.cli.toolkit.options import Options, UsageError
from minikafka.cli.toolkit.tool import run_tool
from minikafka.cli.topics import topic_options, topics_of_2_4
from minikafka.cli.topics.topic_description import Report, describe
from minikafka.client.admin.configs import DELETE, SET, TOPIC, Change, Resource, alter_configs
from minikafka.client.admin.topics import (
    TopicDescription,
    create_partitions,
    create_topic,
    delete_topics,
    describe_topics,
    list_topics,
)
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import TOPIC_ALREADY_EXISTS, ApiError, MinikafkaError
from minikafka.protocol.primitives import ZERO_UUID, uuid_from_text, uuid_to_text

_MAX_REPLICATION_FACTOR = 32767


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(topic_options.TOOL, arguments, _act, failure_prefix="Error while executing topic command : ")


def _act(options: Options) -> int:
    action = topic_options.check(options)
    try:
        cluster = cluster_of(options)
    except MinikafkaError as error:  # what cannot be asked at all, Kafka says on stderr, without its prefix
        raise UsageError(str(error), shows_help=False) from error
    try:
        with cluster:
            _ACTIONS[action](cluster, options)
    except UsageError as error:  # found in the action, such as an option that is there twice
        raise ClientError(str(error)) from error
    return 0


def _create(cluster: Cluster, options: Options) -> None:
    name = options.value("topic") or ""
    configs = _configs_to_add(options)
    if "." in name or "_" in name:
        print(
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide."
            " To avoid issues it is best to use either, but not both."
        )
    if options.has("zookeeper"):
        topics_of_2_4.check_create(cluster, name, options)
    elif not name:
        raise ClientError("The given topic name '' cannot be represented in a request.")
    replication_factor = options.number("replication-factor")
    if replication_factor is not None and not 1 <= replication_factor <= _MAX_REPLICATION_FACTOR:
        raise ClientError(f"The replication factor must be between 1 and {_MAX_REPLICATION_FACTOR} inclusive")
    partitions = options.number("partitions")
    if partitions is not None and partitions < 1:
        raise ClientError("The partitions must be greater than 0")
    try:
        create_topic(
            cluster,
            name,
            partitions=-1 if partitions is None else partitions,
            replication_factor=-1 if replication_factor is None else replication_factor,
            assignment=topic_options.replica_assignment(options),
            configs=configs,
        )
    except ApiError as error:
        if error.code == TOPIC_ALREADY_EXISTS and options.has("if-not-exists"):
            return
        raise
    print(f"Created topic {name}.")


def _list(cluster: Cluster, options: Options) -> None:
    print("\n".join(_selected(cluster, options)))


def _describe(cluster: Cluster, options: Options) -> None:
    topic_id = _wanted_id(options)
    if topic_id is not None and options.has("topic") and options.has("if-exists"):
        print(
            "Only topic id will be used when both --topic and --topic-id are specified and topicId is not "
            "Uuid.ZERO_UUID"
        )
    if topic_id is None:
        names = _existing(cluster, options)
    else:
        names = [topic.name for topic in _listed(cluster, options) if topic.topic_id == topic_id]
        if not names and not options.has("if-exists"):
            raise ClientError(f"TopicId '{uuid_to_text(topic_id)}' does not exist as expected")
    describe(cluster, names, Report.of(options))


def _wanted_id(options: Options) -> bytes | None:
    text = options.value("topic-id")
    if text is None:
        return None
    try:
        topic_id = uuid_from_text(text)
    except ValueError as error:
        raise ClientError(f"--topic-id: {error}") from error
    return None if topic_id == ZERO_UUID else topic_id


def _alter(cluster: Cluster, options: Options) -> None:
    names = _existing(cluster, options)
    if options.has("config") or options.has("delete-config"):
        _alter_configs(cluster, names, options)
    count = options.number("partitions")
    if count is None or not names:
        return
    if options.has("zookeeper"):
        print(
            "WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the "
            "messages will be affected"
        )
        topics_of_2_4.check_partitions(cluster, names, count)
    assignment = topic_options.replica_assignment(options)
    assignments = {}
    if assignment:
        described = describe_topics(cluster, names)
        assignments = {name: list(assignment.values())[len(described[name].partitions) :] for name in names}
    create_partitions(cluster, dict.fromkeys(names, count), assignments)
    if options.has("zookeeper"):
        print("Adding partitions succeeded!")


def _alter_configs(cluster: Cluster, names: list[str], options: Options) -> None:
    """Kafka 2.x does it here; from 3.0 on it is kafka-configs that does."""
    if not options.has("zookeeper"):
        return
    changes = [Change(key, SET, value) for key, value in _configs_to_add(options).items()]
    changes += [Change(key.strip(), DELETE, None) for key in options.values("delete-config")]
    for name in names:
        print(
            "WARNING: Altering topic configuration from this script has been deprecated and may be removed in future "
            "releases.\n         Going forward, please use kafka-configs.sh for this functionality"
        )
        alter_configs(cluster, Resource(TOPIC, name), changes)
        print(f"Updated config for topic {name}.")


def _delete(cluster: Cluster, options: Options) -> None:
    names = _existing(cluster, options)
    if options.has("zookeeper"):
        topics_of_2_4.delete(cluster, names)
    else:
        delete_topics(cluster, names)


_ACTIONS = {"create": _create, "list": _list, "describe": _describe, "alter": _alter, "delete": _delete}


def _existing(cluster: Cluster, options: Options) -> list[str]:
    names = _selected(cluster, options)
    wanted = options.value("topic")
    if wanted and not names and not options.has("if-exists"):
        raise ClientError(f"Topic '{wanted}' does not exist as expected")
    return names


def _selected(cluster: Cluster, options: Options) -> list[str]:
    names = [topic.name for topic in _listed(cluster, options)]
    pattern = options.value("topic")
    if pattern is None:
        return names
    included = _include_list(pattern)
    return [name for name in names if included.fullmatch(name)]


def _listed(cluster: Cluster, options: Options) -> list[TopicDescription]:
    return [topic for topic in list_topics(cluster) if not (topic.is_internal and options.has("exclude-internal"))]


def _include_list(pattern: str) -> re.Pattern[str]:
    """As Kafka's IncludeList reads it: a regular expression, in which a comma means "or"."""
    expression = re.sub(r"""^["']+|["']+$""", "", pattern.strip().replace(",", "|").replace(" ", ""))
    try:
        return re.compile(expression)
    except re.error as error:
        raise ClientError(f"{expression} is an invalid regex: {error}") from error


def _configs_to_add(options: Options) -> dict[str, str]:
    configs = {}
    for pair in options.values("config"):
        words = re.split(r"\s*=\s*", pair)
        if len(words) != 2 or not words[1]:
            raise ClientError(
                'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".'
            )
        configs[words[0].strip()] = words[1].strip()
    return configs


if __name__ == "__main__":
    sys.exit(main())
