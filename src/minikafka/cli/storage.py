"""``kafka-storage``: format log directories, say what they are, and make ids (StorageTool).

A broker of minikafka formats its directory by itself; instructions for KRaft have it done before.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from minikafka.cli.options import Options, Tool, UsageError, flag, string
from minikafka.cli.tool import run_tool
from minikafka.config import BrokerConfig
from minikafka.controller.bootstrap import formatted_features, kraft_version_record, only_voter, write_bootstrap
from minikafka.controller.registration import controller_endpoints
from minikafka.controller.snapshots import BOOTSTRAP_FILE, encode_snapshot
from minikafka.errors import ConfigError
from minikafka.protocol.primitives import uuid_to_text
from minikafka.state.features import SUPPORTED
from minikafka.state.metadata_version import FEATURE_NAME
from minikafka.storage.files import OsFiles
from minikafka.storage.meta_properties import (
    MetaProperties,
    random_uuid,
    read_meta_properties,
    write_meta_properties,
)

_LATEST_RELEASE = "4.2-IV1"
_METADATA_FOLDER = "__cluster_metadata-0"
_CONFIG = string("config", "CONFIG", "The settings of the broker: its server.properties.", "c")
_INFO = Tool("kafka-storage info", "Get information about the Kafka log directories on this node.", (_CONFIG,))
_FORMAT = Tool(
    "kafka-storage format",
    "Format the Kafka log directories on this node.",
    (
        _CONFIG,
        string("cluster-id", "CLUSTER_ID", "The id of the cluster; kafka-storage random-uuid makes one.", "t"),
        string("add-scram", "ADD_SCRAM", "A user's credential: SCRAM-SHA-256=[name=alice,password=secret].", "S"),
        flag("ignore-formatted", "Leave directories that are formatted already as they are.", "g"),
        string("release-version", "RELEASE_VERSION", f"The release to format for; {_LATEST_RELEASE}.", "r"),
        string("feature", "FEATURE", "The level of a feature: group.version=1; any number of times.", "f"),
        flag("standalone", "This node is the only controller; so it always is here.", "s"),
        flag("no-initial-controllers", "As in Kafka; without effect.", "N"),
        string("initial-controllers", "INITIAL_CONTROLLERS", "As in Kafka: this node alone may be named.", "I"),
    ),
)
_USAGE = """usage: kafka-storage {info,format,random-uuid} ...

The Kafka storage tool.

  info         Get information about the Kafka log directories on this node.
  format       Format the Kafka log directories on this node.
  random-uuid  Print a random UUID."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given[0] if given else ""
    if command == "random-uuid":
        print(uuid_to_text(random_uuid()))
        return 0
    if command == "info":
        return run_tool(_INFO, given[1:], _info)
    if command == "format":
        return run_tool(_FORMAT, given[1:], _format)
    is_help = command in ("-h", "--help")
    print(_USAGE, file=sys.stdout if is_help else sys.stderr)
    return 0 if is_help else 1


def _load(options: Options) -> BrokerConfig:
    path = options.value("config")
    if path is None:
        raise UsageError("argument --config/-c is required")
    return BrokerConfig.load(path)


def _directories(config: BrokerConfig) -> list[str]:
    """All log directories, the metadata's included, by name."""
    metadata = config["metadata.log.dir"]
    return sorted({*config.log_dirs, *([metadata] if metadata else [])})


# What is there.


def _info(options: Options) -> int:
    files = OsFiles()
    directories = _directories(_load(options))
    found = {}
    problems = []
    for directory in directories:
        if not files.exists(directory):
            problems.append(f"{directory} does not exist")
            continue
        properties = read_meta_properties(files, directory)
        if properties is None:
            problems.append(f"{directory} is not formatted.")
        else:
            found[directory] = properties
    present = [directory for directory in directories if files.exists(directory)]
    if present:
        print(f"Found log director{_y(present)}:")
        print("".join(f"  {directory}\n" for directory in present))
    if found:
        # The directories of a node differ in nothing but their ids, and Kafka shows one of them.
        print(f"Found metadata: {{{_words(next(iter(found.values())))}}}\n")
    if problems:
        print(f"Found problem{'' if len(problems) == 1 else 's'}:")
        print("".join(f"  {problem}\n" for problem in problems))
        return 1
    return 0


def _words(properties: MetaProperties) -> str:
    words = {
        "cluster.id": properties.cluster_id,
        "directory.id": None if properties.directory_id is None else uuid_to_text(properties.directory_id),
        "node.id": properties.node_id,
        "version": properties.version,
    }
    return ", ".join(f"{key}={value}" for key, value in words.items() if value is not None)


def _y(directories: list[str]) -> str:
    return "y" if len(directories) == 1 else "ies"


# Formatting.


def _format(options: Options) -> int:
    config = _load(options)
    cluster_id = options.value("cluster-id")
    if cluster_id is None:
        raise UsageError("argument --cluster-id/-t is required")
    features = _features(options)
    files = OsFiles()
    directories = _directories(config)
    formatted = [each for each in directories if files.exists(each) and read_meta_properties(files, each) is not None]
    if formatted and not options.has("ignore-formatted"):
        raise ConfigError(
            f"Log directory {formatted[0]} is already formatted. Use --ignore-formatted to ignore this directory and "
            "format the others."
        )
    fresh = [directory for directory in directories if directory not in formatted]
    if not fresh:
        print("All of the log directories are already formatted.")
        return 0
    metadata_directory = config["metadata.log.dir"] or config.log_dirs[0]
    for directory in fresh:
        is_metadata = directory == metadata_directory
        print(f"Formatting {_what(config, is_metadata)} {directory} with metadata.version {_LATEST_RELEASE}.")
        _format_directory(files, directory, config, cluster_id, features, is_metadata)
    return 0


def _what(config: BrokerConfig, is_metadata: bool) -> str:
    if not is_metadata:
        return "data directory"
    return "metadata directory" if config["controller.quorum.voters"] else "dynamic metadata voter directory"


def _format_directory(
    files: OsFiles, directory: str, config: BrokerConfig, cluster_id: str, features: list[Any], is_metadata: bool
) -> None:
    now_ms = time.time_ns() // 1_000_000
    directory_id = random_uuid()
    files.make_directory(directory, sync=True)
    if is_metadata and not config["controller.quorum.voters"]:
        folder = f"{directory}/{_METADATA_FOLDER}"
        files.make_directory(folder, sync=True)
        voter = only_voter(config.node_id, directory_id, controller_endpoints(config))
        raft_messages = [kraft_version_record(), voter]
        for path in write_bootstrap(files, directory, folder, features, raft_messages=raft_messages, now_ms=now_ms):
            files.sync_file(path)
    else:
        content = encode_snapshot(features, epoch=0, now_ms=now_ms, last_contained_log_timestamp=0)
        files.write_bytes(f"{directory}/{BOOTSTRAP_FILE}", content, sync=True)
    # Last, as it says that the directory is formatted.
    write_meta_properties(files, directory, MetaProperties(cluster_id, config.node_id, directory_id), now_ms)


def _features(options: Options) -> list[Any]:
    release = options.value("release-version")
    if release not in (None, _LATEST_RELEASE, "4.2"):
        raise ConfigError(f"--release-version {release}: this release formats for {_LATEST_RELEASE} only")
    if options.has("add-scram"):
        raise ConfigError(
            "--add-scram: credentials cannot be added while formatting; kafka-configs --alter --entity-type users adds "
            "them to a running broker"
        )
    records = formatted_features()
    levels = {record.name: record for record, _ in records}
    for text in options.values("feature"):
        name, _, level = text.partition("=")
        if name not in SUPPORTED or name == FEATURE_NAME:
            raise ConfigError(f"Unsupported feature: {name}. Supported features are: {', '.join(sorted(SUPPORTED))}")
        low, high = SUPPORTED[name]
        if not level.isdecimal() or not low <= int(level) <= high:
            raise ConfigError(f"No feature:{name} with feature level {level}: it has the levels {low} to {high}")
        if name in levels:
            levels[name].feature_level = int(level)
    return [(record, version) for record, version in records if record.feature_level > 0]


if __name__ == "__main__":
    sys.exit(main())
