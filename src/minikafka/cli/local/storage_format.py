"""What ``kafka-storage format`` writes: the features of a release, credentials, and who the voters are (``Formatter``).

A node is the only voter of its cluster. It says so itself (``--standalone``, ``--initial-controllers`` with its own
name), or its configuration does (``controller.quorum.voters``, ``--no-initial-controllers``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from minikafka.cli.cluster.feature_levels import default_levels, level_of_release, release_of_level
from minikafka.cli.local.scram_argument import credential_record
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.subcommands import all_values
from minikafka.config import BrokerConfig
from minikafka.controller.bootstrap import kraft_version_record, only_voter, write_bootstrap
from minikafka.controller.registration import controller_endpoints
from minikafka.controller.snapshots import BOOTSTRAP_FILE, encode_snapshot
from minikafka.errors import ConfigError, ProtocolError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import FeatureLevelRecord
from minikafka.protocol.primitives import uuid_from_text
from minikafka.state.cluster import ListenerEndpoint
from minikafka.state.features import FORMATTED, KRAFT_VERSION, SUPPORTED
from minikafka.state.metadata_version import FEATURE_NAME, LATEST
from minikafka.storage.files import FileSystem
from minikafka.storage.meta_properties import MetaProperties, random_uuid, write_meta_properties

DYNAMIC: Final = ("standalone", "initial-controllers", "no-initial-controllers")
"""Flags for a quorum that is not named by controller.quorum.voters; one at the most."""

_METADATA_FOLDER: Final = "__cluster_metadata-0"
_SCRAM_SINCE: Final = 11  # 3.5-IV2


class Voter(NamedTuple):
    """This node, as ``--initial-controllers`` names it."""

    directory_id: bytes
    endpoint: ListenerEndpoint


class Plan(NamedTuple):
    """``records`` are those of bootstrap.checkpoint; ``voter`` is None where the command line names none."""

    cluster_id: str
    metadata_version: int
    records: list[Any]
    is_voter_written: bool
    voter: Voter | None

    @property
    def release(self) -> str:
        return release_of_level(self.metadata_version)

    def __str__(self) -> str:
        """As Kafka prints it, without the keys of credentials: those are as good as a password to who breaks them."""
        records = ", ".join(
            f"ApiMessageAndVersion(FeatureLevelRecord(name='{record.name}', featureLevel={record.feature_level}) at "
            f"version {version})"
            for record, version in self.records
            if isinstance(record, FeatureLevelRecord)
        )
        return (
            f"BootstrapMetadata(records=[{records}], metadataVersionLevel={self.metadata_version}, "
            "source=format command)"
        )


def plan(options: Options, config: BrokerConfig, cluster_id: str) -> Plan:
    """What the command line wants. Raises ConfigError, ClientError: why it cannot be."""
    wanted = [name for name in DYNAMIC if options.has(name)]
    has_voters = bool(config["controller.quorum.voters"])
    if has_voters and (options.has("standalone") or options.has("initial-controllers")):
        raise ConfigError(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or "
            "--standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify "
            "controller.quorum.bootstrap.servers instead."
        )
    if not has_voters and not wanted and config["controller.quorum.bootstrap.servers"]:
        raise ConfigError(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: "
            "--standalone, --initial-controllers, or --no-initial-controllers."
        )
    levels = _levels(options, is_dynamic=bool(wanted) and not has_voters, has_voters=has_voters)
    voters = options.value("initial-controllers")
    return Plan(
        cluster_id,
        levels[FEATURE_NAME],
        [*_feature_records(levels), *_credentials(options, levels[FEATURE_NAME])],
        not has_voters and not options.has("no-initial-controllers"),
        None if voters is None else _own_voter(voters, config),
    )


def write_directory(files: FileSystem, directory: str, config: BrokerConfig, wanted: Plan, is_metadata: bool) -> None:
    """Format one directory. Raises StorageError."""
    now_ms = time.time_ns() // 1_000_000
    directory_id = wanted.voter.directory_id if is_metadata and wanted.voter is not None else random_uuid()
    files.make_directory(directory, sync=True)
    if is_metadata and wanted.is_voter_written:
        folder = f"{directory}/{_METADATA_FOLDER}"
        files.make_directory(folder, sync=True)
        endpoints = controller_endpoints(config) if wanted.voter is None else [wanted.voter.endpoint]
        raft_messages = [kraft_version_record(), only_voter(config.node_id, directory_id, endpoints)]
        for path in write_bootstrap(
            files, directory, folder, wanted.records, raft_messages=raft_messages, now_ms=now_ms
        ):
            files.sync_file(path)
    else:
        content = encode_snapshot(wanted.records, epoch=0, now_ms=now_ms, last_contained_log_timestamp=0)
        files.write_bytes(f"{directory}/{BOOTSTRAP_FILE}", content, sync=True)
    # Last, as it says that the directory is formatted.
    write_meta_properties(files, directory, MetaProperties(wanted.cluster_id, config.node_id, directory_id), now_ms)


# Features.


def _levels(options: Options, *, is_dynamic: bool, has_voters: bool) -> dict[str, int]:
    """Feature -> level, those that stay off included, in the order in which they are written."""
    given = dict(_name_and_level(text) for text in all_values(options, "feature"))
    release = options.value("release-version")
    if release is not None and FEATURE_NAME in given:
        raise ConfigError("Use --release-version instead of --feature metadata.version=X to avoid ambiguity.")
    metadata_version = given.pop(FEATURE_NAME, LATEST) if release is None else level_of_release(release, is_final=True)
    lowest, highest = SUPPORTED[FEATURE_NAME]
    if not lowest <= metadata_version <= highest:
        raise ConfigError(
            f"No MetadataVersion with feature level {metadata_version}. Valid feature levels are from {lowest} to "
            f"{highest}."
        )
    _check_kraft_version(given.pop(KRAFT_VERSION, None), is_dynamic=is_dynamic, has_voters=has_voters)
    for name, level in given.items():
        _check_level(name, level)
    defaults = default_levels(metadata_version)
    return {FEATURE_NAME: metadata_version} | {
        name: given.get(name, defaults[name]) for name in FORMATTED if name != FEATURE_NAME
    }


def _check_level(name: str, level: int) -> None:
    if name not in SUPPORTED:
        known = ", ".join(sorted(each for each in SUPPORTED if each != FEATURE_NAME))
        raise ConfigError(f"Unsupported feature: {name}. Supported features are: {known}")
    low, high = SUPPORTED[name]
    if not low <= level <= high:
        raise ConfigError(f"No feature:{name} with feature level {level}")


def _check_kraft_version(level: int | None, *, is_dynamic: bool, has_voters: bool) -> None:
    flags = "the flags --standalone, --initial-controllers, or --no-initial-controllers"
    if level == 0 and is_dynamic:
        raise ConfigError(
            f"Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of {flags} is used. For "
            "dynamic controllers support, try removing the --feature flag for kraft.version."
        )
    if level is not None and level > 0 and has_voters:
        raise ConfigError(
            f"Cannot set kraft.version to {level} unless controller.quorum.voters is empty and one of {flags} is used. "
            "For dynamic controllers support, try using one of --standalone, --initial-controllers, or "
            "--no-initial-controllers and removing controller.quorum.voters."
        )
    if level is not None:
        _check_level(KRAFT_VERSION, level)


def _name_and_level(text: str) -> tuple[str, int]:
    name, equals, number = text.partition("=")
    if not equals:
        raise ConfigError(f"Can't parse feature=level string {text}: equals sign not found.")
    try:
        return name.strip(), int(number)
    except ValueError:
        raise ConfigError(
            f"Can't parse feature=level string {text}: unable to parse {number.strip()} as a short."
        ) from None


def _feature_records(levels: dict[str, int]) -> list[Any]:
    return [(FeatureLevelRecord(name=name, feature_level=level), 0) for name, level in levels.items() if level > 0]


def _credentials(options: Options, metadata_version: int) -> list[Any]:
    arguments = all_values(options, "add-scram")
    if arguments and metadata_version < _SCRAM_SINCE:
        raise ConfigError(f"SCRAM is only supported in metadata.version {release_of_level(_SCRAM_SINCE)} or later.")
    return [(credential_record(argument), 0) for argument in arguments]


# Voters.


def _own_voter(text: str, config: BrokerConfig) -> Voter:
    """``ID@HOST:PORT:DIRECTORY_ID``, a comma between two of them. Raises ConfigError."""
    voters: Sequence[str] = [part.strip() for part in text.split(",") if part.strip()]
    found = [_voter(part, config) for part in voters]
    if len(found) != 1 or found[0][0] != config.node_id:
        raise ConfigError(
            f"--initial-controllers {text}: minikafka is one node, and the only voter of its cluster; name node "
            f"{config.node_id} alone, as {config.node_id}@HOST:PORT:DIRECTORY_ID, or use --standalone"
        )
    return found[0][1]


def _voter(text: str, config: BrokerConfig) -> tuple[int, Voter]:
    node, at, address = text.partition("@")
    if not at:
        raise ConfigError("No @ found in dynamic voter string.")
    rest, _, directory = address.rpartition(":")
    host, _, port = rest.rpartition(":")
    if not node.isdecimal():
        raise ConfigError(f"Failed to parse node id in dynamic voter string {text!r}.")
    if not host or not port.isdecimal():
        raise ConfigError(f"{text!r} is no voter: it has the form ID@HOST:PORT:DIRECTORY_ID")
    try:
        directory_id = uuid_from_text(directory)
    except (ValueError, ProtocolError):
        raise ConfigError(f"Failed to parse directory ID in dynamic voter string {text!r}.") from None
    [own, *_] = controller_endpoints(config)
    return int(node), Voter(directory_id, own._replace(host=host.strip("[]"), port=int(port)))


def kind_of_directory(wanted: Plan, is_metadata: bool) -> str:
    """A directory's kind, in Kafka's words."""
    if not is_metadata:
        return "data directory"
    return "dynamic metadata voter directory" if wanted.is_voter_written else "metadata directory"
