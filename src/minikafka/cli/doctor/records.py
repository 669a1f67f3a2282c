"""A topic, a record that is written to it and read back, and the coordinator of a group."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from minikafka import errors
from minikafka.cli.doctor import advice
from minikafka.cli.doctor.advice import Problem
from minikafka.cli.doctor.reach import CLIENT_ID, milliseconds_since
from minikafka.cli.doctor.steps import Steps
from minikafka.client.admin.topics import create_topic, delete_topics
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.fetcher import FetchSettings, fetch
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import BrokerUnreachable, UnsupportedByBroker
from minikafka.client.leaders import Leaders
from minikafka.client.producing.producer import Producer
from minikafka.client.producing.producer_settings import ProducerSettings
from minikafka.errors import ApiError, MinikafkaError
from minikafka.protocol.messages import MetadataResponse

_POLL_INTERVAL_S: Final = 0.05
_COMING: Final = (errors.LEADER_NOT_AVAILABLE, errors.UNKNOWN_TOPIC_OR_PARTITION)

_Topic = MetadataResponse.MetadataResponseTopic
_Partition = MetadataResponse.MetadataResponsePartition


class RecordSteps:
    """:param topic: one that is there; None: a temporary one, unless ``is_read_only``."""

    def __init__(
        self, steps: Steps, cluster: Cluster, *, topic: str | None, is_read_only: bool, timeout_s: float
    ) -> None:
        self._steps = steps
        self._cluster = cluster
        self._topic_name = topic
        self._is_read_only = is_read_only
        self._timeout_s = timeout_s

    def run(self) -> None:
        """Raises Problem."""
        with self._topic() as topic:
            if topic is None:
                return
            partition = self._find_leader(topic)
            if self._is_read_only:
                self._read(topic, partition)
                return
            self._produce_and_consume(topic, partition)
        self._find_group()

    @contextmanager
    def _topic(self) -> Iterator[str | None]:
        self._steps.begin("topic")
        if self._topic_name is not None:
            yield self._topic_name
            return
        if self._is_read_only:
            self._steps.skip("--read-only, and no --topic to read from")
            yield None
            return
        name = f"minikafka-doctor-{secrets.token_hex(6)}"
        with self._asked("creating a topic"):
            create_topic(self._cluster, name, partitions=1)
        self._steps.ok(f"{name} was created; it is deleted in the end")
        try:
            yield name
        finally:
            self._delete(name)

    def _delete(self, name: str) -> None:
        try:
            delete_topics(self._cluster, [name])
        except MinikafkaError as error:
            self._steps.note(f"{name} could not be deleted, and is still there: {error}", of="topic")
        else:
            self._steps.ok(f"{name} was deleted", of="topic")

    def _find_leader(self, topic: str) -> int:
        """The first partition of the topic; all must have a leader."""
        found = self._described(topic)
        leaderless = _leaderless(found)
        if leaderless:
            shown = ", ".join(str(part.partition_index) for part in leaderless)
            replicas = sorted({node for part in leaderless for node in part.replica_nodes})
            raise Problem(
                f"topic {topic} has no leader for partition {shown}: it cannot be used",
                f"Start the brokers that have its replicas ({', '.join(map(str, replicas))}).",
            )
        if found.error_code != errors.NONE:
            raise advice.refused(f"topic {topic}", ApiError(found.error_code))
        if self._topic_name is not None:
            count = len(found.partitions)
            self._steps.ok(f"{topic} has {count} partition{'s, each' * (count != 1)} with a leader")
        return min(part.partition_index for part in found.partitions)

    def _described(self, topic: str) -> _Topic:
        """What is known of the topic; one that was just created is waited for."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            with self._asked("describing the topic"):
                (found,) = self._cluster.metadata([topic]).topics
            is_passing = found.error_code in _COMING or bool(_leaderless(found))
            if self._topic_name is not None or not is_passing or time.monotonic() >= deadline:
                return found
            time.sleep(_POLL_INTERVAL_S)

    def _produce_and_consume(self, topic: str, partition: int) -> None:
        self._steps.begin("produce")
        value = f"minikafka doctor {secrets.token_hex(8)}".encode()
        begun = time.monotonic()
        offset = self._produce(topic, partition, value)
        where = f"{topic}-{partition}, offset {offset}"
        self._steps.ok(f"a record was written to {where} ({milliseconds_since(begun)}, acks=all)")
        self._steps.begin("consume")
        begun = time.monotonic()
        if value not in self._fetch(topic, partition, offset, value):
            raise Problem(
                f"the record written to {where} could not be read back within {self._timeout_s:g} s",
                "The partition may wait for replicas that do not follow: look at the broker's log.",
            )
        self._steps.ok(f"it was read back ({milliseconds_since(begun)})")

    def _produce(self, topic: str, partition: int, value: bytes) -> int:
        written: list[int] = []
        timeout_ms = round(self._timeout_s * 1000)
        settings = ProducerSettings(
            acks=-1,
            retries=0,
            is_idempotent=False,
            request_timeout_ms=timeout_ms,
            delivery_timeout_ms=timeout_ms,
            max_block_ms=timeout_ms,
        )
        producer = Producer(self._cluster, settings, on_written=lambda _, __, offset, ___: written.append(offset))
        with self._asked("writing a record"):
            producer.send(topic, value, partition=partition)
            producer.flush()
        return written[0]

    def _fetch(self, topic: str, partition: int, offset: int, value: bytes) -> list[bytes | None]:
        where = (topic, partition)
        leaders = Leaders(self._cluster)
        deadline = time.monotonic() + self._timeout_s
        values: list[bytes | None] = []
        while value not in values and time.monotonic() < deadline:
            with self._asked("reading records"):
                found = fetch(self._cluster, leaders, {where: offset}, FetchSettings(), 500)[where]
                if found.error_code != errors.NONE:
                    raise ApiError(found.error_code)
            offset = found.next_position
            values += [fetched.record.value for fetched in found.records]
        return values

    def _read(self, topic: str, partition: int) -> None:
        self._steps.begin("consume")
        with self._asked("reading records"):
            found = fetch(self._cluster, Leaders(self._cluster), {(topic, partition): 0}, FetchSettings(), 100)[
                topic, partition
            ]
            if found.error_code not in (errors.NONE, errors.OFFSET_OUT_OF_RANGE):
                raise ApiError(found.error_code)
        self._steps.ok(f"{topic}-{partition} can be read; nothing was written (--read-only)")

    def _find_group(self) -> None:
        self._steps.begin("group")
        with self._asked("finding the coordinator of a group"):
            node_id = GroupCoordinator(self._cluster, CLIENT_ID, timeout_s=self._timeout_s).node_id()
        self._steps.ok(f"broker {node_id} coordinates groups")

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """What the broker refuses, or does not answer, as a Problem."""
        try:
            yield
        except ApiError as error:
            raise advice.refused(what, error) from error
        except UnsupportedByBroker as error:
            raise Problem(f"{what}: {error}", "The broker is too old, or too new, for this tool.") from error
        except BrokerUnreachable as error:
            raise Problem(
                f"{what} got no answer: {error}",
                "The broker is too busy, or hangs: look at its log, and try again with a longer --timeout.",
            ) from error
        except MinikafkaError as error:
            raise Problem(f"{what} failed: {error}", "The broker's log may say more.") from error


def _leaderless(topic: _Topic) -> list[_Partition]:
    return [part for part in topic.partitions if part.leader_id < 0]
