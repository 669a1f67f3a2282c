"""From ``producer.properties`` and ``consumer.properties`` to what the client takes."""

from __future__ import annotations

from collections.abc import Mapping

from minikafka.client.consuming import assignors
from minikafka.client.consuming.consumer import ConsumerSettings
from minikafka.client.consuming.fetcher import FetchSettings
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.producing.producer_settings import ProducerSettings
from minikafka.client.sharing.share_session import ShareFetchSettings
from minikafka.config.client import ClientConfig, Kind
from minikafka.errors import ConfigError

_ASSIGNORS = {
    "RangeAssignor": assignors.RANGE,
    "RoundRobinAssignor": assignors.ROUND_ROBIN,
    "StickyAssignor": assignors.STICKY,
    "CooperativeStickyAssignor": assignors.COOPERATIVE_STICKY,
}
_ALL_ACKS = {"all": -1, "-1": -1, "0": 0, "1": 1}


def _typed(kind: Kind, properties: Mapping[str, str]) -> ClientConfig:
    return ClientConfig.from_mapping(kind, properties)


def consumer_settings(properties: Mapping[str, str]) -> ConsumerSettings:
    """Raises ConfigError."""
    config = _typed("consumer", properties)
    return ConsumerSettings(
        auto_offset_reset=config["auto.offset.reset"],
        auto_commit=config["enable.auto.commit"],
        auto_commit_interval_ms=config["auto.commit.interval.ms"],
        allow_auto_create_topics=config["allow.auto.create.topics"],
        exclude_internal_topics=config["exclude.internal.topics"],
        fetch=FetchSettings(
            min_bytes=config["fetch.min.bytes"],
            max_bytes=config["fetch.max.bytes"],
            max_wait_ms=config["fetch.max.wait.ms"],
            max_partition_bytes=config["max.partition.fetch.bytes"],
            read_committed=config["isolation.level"].lower() == "read_committed",
            check_crcs=config["check.crcs"],
        ),
    )


def share_fetch_settings(properties: Mapping[str, str]) -> ShareFetchSettings:
    """Raises ConfigError."""
    config = _typed("consumer", properties)
    return ShareFetchSettings(
        min_bytes=config["fetch.min.bytes"],
        max_bytes=config["fetch.max.bytes"],
        max_wait_ms=config["fetch.max.wait.ms"],
        max_poll_records=config["max.poll.records"],
    )


def group_settings(group_id: str, properties: Mapping[str, str]) -> GroupSettings:
    """Raises ConfigError."""
    config = _typed("consumer", properties)
    return GroupSettings(
        group_id,
        instance_id=config["group.instance.id"],
        session_timeout_ms=config["session.timeout.ms"],
        heartbeat_interval_ms=config["heartbeat.interval.ms"],
        max_poll_interval_ms=config["max.poll.interval.ms"],
        protocol=config["group.protocol"].lower(),
        assignors=_assignors(properties.get("partition.assignment.strategy")),
        remote_assignor=config["group.remote.assignor"],
    )


def _assignors(strategies: str | None) -> tuple[str, ...]:
    """The names of the strategies whose Java classes are listed; range, where none are. Raises ConfigError."""
    if not strategies:
        return (assignors.RANGE,)
    names = []
    for class_name in filter(None, (part.strip() for part in strategies.split(","))):
        name = _ASSIGNORS.get(class_name.rpartition(".")[2])
        if name is None:
            raise ConfigError(
                f"partition.assignment.strategy={class_name}: there is no such assignor here, only "
                + ", ".join(_ASSIGNORS)
            )
        names.append(name)
    return tuple(names)


def producer_settings(properties: Mapping[str, str]) -> ProducerSettings:
    """Raises ConfigError."""
    config = _typed("producer", properties)
    acks = _ALL_ACKS.get(str(config["acks"]).strip())
    if acks is None:
        raise ConfigError(f"acks={config['acks']}: it is 0, 1, or all (-1)")
    is_idempotent = config["enable.idempotence"] and (acks == -1 or "enable.idempotence" in properties)
    if is_idempotent and acks != -1:
        raise ConfigError(
            "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence."
        )
    if config["transactional.id"] is not None and not is_idempotent:
        raise ConfigError(
            "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence."
            if acks != -1
            else "Cannot set a transactional.id without also enabling idempotence."
        )
    compression = config["compression.type"]
    level = f"compression.{compression}.level"
    return ProducerSettings(
        acks=acks,
        compression=compression,
        compression_level=config[level] if level in properties else None,
        batch_size_bytes=config["batch.size"],
        max_request_size_bytes=config["max.request.size"],
        retries=config["retries"],
        retry_backoff_ms=config["retry.backoff.ms"],
        request_timeout_ms=config["request.timeout.ms"],
        max_block_ms=config["max.block.ms"],
        delivery_timeout_ms=config["delivery.timeout.ms"],
        is_idempotent=is_idempotent,
        transactional_id=config["transactional.id"],
        transaction_timeout_ms=config["transaction.timeout.ms"],
    )
