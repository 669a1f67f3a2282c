"""``kafka-storage``: format log directories, say what they are, and make ids (StorageTool).

A broker of minikafka formats its directory by itself; instructions for KRaft have it done before.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.cluster.feature_levels import (
    LATEST,
    METADATA_VERSION,
    dependency_lines,
    mapping_lines,
    release_of_level,
)
from minikafka.cli.local.storage_format import DYNAMIC, kind_of_directory, plan, write_directory
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.config import BrokerConfig
from minikafka.errors import ConfigError
from minikafka.protocol.primitives import uuid_to_text
from minikafka.state.features import SUPPORTED
from minikafka.storage.files import OsFiles
from minikafka.storage.meta_properties import MetaProperties, random_uuid, read_meta_properties

_LATEST_RELEASE = release_of_level(LATEST)
_CONFIG = string("config", "CONFIG", "The settings of the broker: its server.properties.", "c")
_RELEASE = f"The release whose features are meant, from 3.3-IV3 on; {_LATEST_RELEASE} when it is left out."
_INFO = Tool("kafka-storage info", "Get information about the Kafka log directories on this node.", (_CONFIG,))
_FORMAT = Tool(
    "kafka-storage format",
    "Format the Kafka log directories on this node.",
    (
        _CONFIG,
        string("cluster-id", "CLUSTER_ID", "The id of the cluster; kafka-storage random-uuid makes one.", "t"),
        string("add-scram", "ADD_SCRAM", "A user's credential: SCRAM-SHA-256=[name=alice,password=secret].", "S"),
        flag("ignore-formatted", "Leave directories that are formatted already as they are.", "g"),
        string("release-version", "RELEASE_VERSION", _RELEASE, "r"),
        string("feature", "FEATURE", "The level of a feature: group.version=1; any number of times.", "f"),
        flag("standalone", "This node is the only controller, and says so in its directory.", "s"),
        flag("no-initial-controllers", "Who the controllers are is not said in the directory.", "N"),
        string("initial-controllers", "INITIAL_CONTROLLERS", "This node alone: ID@HOST:PORT:DIRECTORY_ID.", "I"),
    ),
)
_VERSION_MAPPING = Tool(
    "kafka-storage version-mapping",
    "Look up the corresponding features for a given metadata version.",
    (string("release-version", "RELEASE_VERSION", _RELEASE, "r"),),
)
_FEATURE_DEPENDENCIES = Tool(
    "kafka-storage feature-dependencies",
    "Look up dependencies for a given feature version.",
    (string("feature", "FEATURE", "A feature and its level: metadata.version=21; any number of times.", "f"),),
)
_USAGE = """usage: kafka-storage {info,format,version-mapping,feature-dependencies,random-uuid} ...

The Kafka storage tool.

  info                  Get information about the Kafka log directories on this node.
  format                Format the Kafka log directories on this node.
  version-mapping       Look up the corresponding features for a given metadata version.
  feature-dependencies  Look up dependencies for a given feature version.
  random-uuid           Print a random UUID."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given[0] if given else ""
    if command == "random-uuid":
        print(uuid_to_text(random_uuid()))
        return 0
    if command == "version-mapping":
        # Without options it has something to say, other than the rest.
        return run_tool(_VERSION_MAPPING, given[1:] or ["--"], _version_mapping)
    if command == "feature-dependencies":
        return run_tool(_FEATURE_DEPENDENCIES, given[1:], _feature_dependencies)
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
    flags = [name for name in DYNAMIC if options.has(name)]
    if len(flags) > 1:
        raise UsageError(f"argument --{flags[1]}: not allowed with argument --{flags[0]}")
    wanted = plan(options, config, cluster_id)
    files = OsFiles()
    directories = _directories(config)
    formatted = {
        directory: properties
        for directory in directories
        if files.exists(directory) and (properties := read_meta_properties(files, directory)) is not None
    }
    for directory, properties in formatted.items():
        if not options.has("ignore-formatted"):
            raise ConfigError(
                f"Log directory {directory} is already formatted. Use --ignore-formatted to ignore this directory and "
                "format the others."
            )
        if properties.cluster_id != cluster_id:
            raise ConfigError(
                f"Invalid cluster.id in: {directory}/meta.properties. Expected {cluster_id}, but read "
                f"{properties.cluster_id}"
            )
    fresh = [directory for directory in directories if directory not in formatted]
    if not fresh:
        print("All of the log directories are already formatted.")
        return 0
    print(f"Bootstrap metadata: {wanted}")
    for directory in fresh:
        is_metadata = directory == config.metadata_log_dir
        kind = kind_of_directory(wanted, is_metadata)
        print(f"Formatting {kind} {directory} with metadata.version {wanted.release}.")
        write_directory(files, directory, config, wanted, is_metadata)
    return 0


# Features.


def _version_mapping(options: Options) -> int:
    print("\n".join(mapping_lines(options.value("release-version"))))
    return 0


def _feature_dependencies(options: Options) -> int:
    if not options.has("feature"):
        raise UsageError("argument --feature/-f is required")
    for text in options.values("feature"):
        name, equals, level = text.partition("=")
        if not equals:
            raise ConfigError(
                f"Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')"
            )
        if not level.strip().isdecimal():
            raise ConfigError(f"Invalid version format: {level} for feature {name}")
        _, highest = SUPPORTED.get(name.strip(), (0, int(level)))
        if int(level) > highest and name.strip() != METADATA_VERSION:
            raise ConfigError(f"Feature level {level} is not supported for feature {name}")
        print("\n".join(dependency_lines(name.strip(), int(level))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
