"""``kafka-storage``: format log directories, say what they are, and make ids (StorageTool).

A broker of minikafka formats its directory by itself; instructions for KRaft have it done before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from minikafka.cli.cluster.feature_levels import (
    LATEST,
    METADATA_VERSION,
    dependency_lines,
    mapping_lines,
    release_of_level,
)
from minikafka.cli.local.storage_format import DYNAMIC, kind_of_directory, plan, write_directory
from minikafka.cli.toolkit.argparse_tool import Rules
from minikafka.cli.toolkit.options import Options, Tool, flag, string
from minikafka.cli.toolkit.subcommands import Subcommand, all_values, run_subcommand
from minikafka.config import BrokerConfig
from minikafka.errors import ConfigError, StorageError
from minikafka.protocol.primitives import uuid_to_text
from minikafka.state.features import SUPPORTED
from minikafka.storage.files import OsFiles
from minikafka.storage.meta_properties import FILE_NAME as META_PROPERTIES
from minikafka.storage.meta_properties import MetaProperties, random_uuid, read_meta_properties

_LEGACY: Final = 0
"""The version of meta.properties that a broker with ZooKeeper writes."""
_LATEST_RELEASE = release_of_level(LATEST)
_TOOL: Final = Tool("kafka-storage", "The Kafka storage tool.", ())
_CONFIG: Final = string("config", "CONFIG", "The settings of the broker: its server.properties.", "c")
_RELEASE: Final = string(
    "release-version",
    "RELEASE_VERSION",
    f"The release whose features are meant, from 3.3-IV3 on; {_LATEST_RELEASE} when it is left out.",
    "r",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_subcommand(_TOOL, Rules(), _COMMANDS, arguments)


def _random_uuid(_: Options) -> int:
    print(uuid_to_text(random_uuid()))
    return 0


def _config(options: Options) -> BrokerConfig:
    return BrokerConfig.load(options.value("config"))


def _directories(config: BrokerConfig) -> list[str]:
    """All log directories, the metadata's included, by name."""
    metadata = config["metadata.log.dir"]
    return sorted({*config.log_dirs, *([metadata] if metadata else [])})


# What is there.


def _info(options: Options) -> int:
    directories = _directories(_config(options))
    present = [directory for directory in directories if os.path.isdir(directory)]
    first, problems = _look_at(directories)
    if present:
        print(f"Found log director{_y(present)}:")
        print("".join(f"  {directory}\n" for directory in present))
    if first is not None:
        # The directories of a node differ in nothing but their ids, and Kafka shows one of them.
        print(f"Found metadata: {{{_words(first)}}}\n")
    if problems:
        print(f"Found problem{'' if len(problems) == 1 else 's'}:")
        print("".join(f"  {problem}\n" for problem in problems))
        return 1
    return 0


def _look_at(directories: list[str]) -> tuple[MetaProperties | None, list[str]]:
    """What the first directory that is formatted says, and what is wrong with all of them."""
    first: MetaProperties | None = None
    problems = []
    for directory in directories:
        if not os.path.isdir(directory):
            what = "is not a directory" if os.path.exists(directory) else "does not exist"
            problems.append(f"{directory} {what}")
            continue
        try:
            properties = read_meta_properties(OsFiles(), directory)
        except (StorageError, OSError) as error:
            problems.append(f"Error loading {directory}/{META_PROPERTIES}: {error}")
            continue
        if properties is None:
            problems.append(f"{directory} is not formatted.")
        elif first is None:
            first = properties
        elif properties.cluster_id != first.cluster_id:
            problems.append("Mismatched cluster IDs between storage directories.")
        elif properties.node_id != first.node_id:
            problems.append("Mismatched node IDs between storage directories.")
    if first is not None and first.version == _LEGACY:
        problems.append(
            "The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted "
            "for legacy mode."
        )
    return first, problems


def _words(properties: MetaProperties) -> str:
    node_key = "broker.id" if properties.version == _LEGACY else "node.id"
    words = {
        node_key: properties.node_id,
        "cluster.id": properties.cluster_id,
        "directory.id": None if properties.directory_id is None else uuid_to_text(properties.directory_id),
        "version": properties.version,
    }
    return ", ".join(f"{key}={words[key]}" for key in sorted(words) if words[key] is not None)


def _y(directories: list[str]) -> str:
    return "y" if len(directories) == 1 else "ies"


# Formatting.


def _format(options: Options) -> int:
    config = _config(options)
    cluster_id = options.value("cluster-id") or ""
    wanted = plan(options, config, cluster_id)
    files = OsFiles()
    directories = _usable(_directories(config))
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


def _usable(directories: list[str]) -> list[str]:
    """Raises ConfigError."""
    usable = []
    for directory in directories:
        if os.path.exists(directory) and not os.path.isdir(directory):
            print(f"I/O error trying to read log directory {directory}. Ignoring...")
        else:
            usable.append(directory)
    if not usable:
        raise ConfigError("No available log directories to format.")
    return usable


# Features.


def _version_mapping(options: Options) -> int:
    print("\n".join(mapping_lines(options.value("release-version"))))
    return 0


def _feature_dependencies(options: Options) -> int:
    for text in all_values(options, "feature"):
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


_COMMANDS: Final = {
    "info": Subcommand(
        "Get information about the Kafka log directories on this node.", (_CONFIG,), _info, required=("config",)
    ),
    "format": Subcommand(
        "Format the Kafka log directories on this node.",
        (
            _CONFIG,
            string("cluster-id", "CLUSTER_ID", "The id of the cluster; kafka-storage random-uuid makes one.", "t"),
            string("add-scram", "ADD_SCRAM", "A user's credential: SCRAM-SHA-256=[name=alice,password=secret].", "S"),
            flag("ignore-formatted", "Leave directories that are formatted already as they are.", "g"),
            _RELEASE,
            string("feature", "FEATURE", "The level of a feature: group.version=1; any number of times.", "f"),
            flag("standalone", "This node is the only controller, and says so in its directory.", "s"),
            flag("no-initial-controllers", "Who the controllers are is not said in the directory.", "N"),
            string("initial-controllers", "INITIAL_CONTROLLERS", "This node alone: ID@HOST:PORT:DIRECTORY_ID.", "I"),
        ),
        _format,
        required=("config", "cluster-id"),
        at_most_one=DYNAMIC,
    ),
    "version-mapping": Subcommand(
        "Look up the corresponding features for a given metadata version.", (_RELEASE,), _version_mapping
    ),
    "feature-dependencies": Subcommand(
        "Look up dependencies for a given feature version.",
        (string("feature", "FEATURE", "A feature and its level: metadata.version=21; any number of times.", "f"),),
        _feature_dependencies,
        required=("feature",),
    ),
    "random-uuid": Subcommand("Print a random UUID.", (), _random_uuid),
}


if __name__ == "__main__":
    sys.exit(main())
