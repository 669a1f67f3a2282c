"""Registered brokers and controllers of the metadata image (Kafka: ClusterImage, BrokerRegistration)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple
from minikafka.state.metadata_version import register_broker_record_version, supports_controller_registration

if TYPE_CHECKING:
    from minikafka.protocol.messages import (
        BrokerRegistrationChangeRecord,
        RegisterBrokerRecord,
        RegisterControllerRecord,
        UnregisterBrokerRecord,
    )

FENCE: Final = 1
UNFENCE: Final = -1
ENTER_CONTROLLED_SHUTDOWN: Final = 1

SECURITY_PROTOCOL_IDS: Final[dict[str, int]] = {"PLAINTEXT": 0, "SSL": 1, "SASL_PLAINTEXT": 2, "SASL_SSL": 3}


class ListenerEndpoint(NamedTuple):
    """Where one listener is reached; ``security_protocol`` is Kafka's id (``SECURITY_PROTOCOL_IDS``)."""

    name: str
    host: str
    port: int
    security_protocol: int


class BrokerImage:
    """One registered broker. A fenced broker is registered, but leads nothing and is not shown to clients."""

    __slots__ = (
        "broker_epoch",
        "broker_id",
        "endpoints",
        "features",
        "fenced",
        "in_controlled_shutdown",
        "incarnation_id",
        "is_migrating_zk_broker",
        "log_dirs",
        "rack",
    )

    def __init__(self, record: RegisterBrokerRecord) -> None:
        self.broker_id = record.broker_id
        self.broker_epoch = record.broker_epoch
        self.incarnation_id = record.incarnation_id
        self.endpoints = {
            point.name: ListenerEndpoint(point.name, point.host, point.port, point.security_protocol)
            for point in record.end_points
        }
        self.features = {
            feature.name: (feature.min_supported_version, feature.max_supported_version) for feature in record.features
        }
        self.rack = record.rack
        self.fenced = record.fenced
        self.in_controlled_shutdown = record.in_controlled_shutdown
        self.is_migrating_zk_broker = record.is_migrating_zk_broker
        self.log_dirs: list[bytes] = list(record.log_dirs or [])

    @property
    def is_active(self) -> bool:
        """Whether it may lead partitions (ClusterControlManager.isActive)."""
        return not self.fenced and not self.in_controlled_shutdown

    def to_record(self, metadata_version: int) -> tuple[RegisterBrokerRecord, int]:
        from minikafka.protocol.messages import RegisterBrokerRecord

        version = register_broker_record_version(metadata_version)
        record = RegisterBrokerRecord(
            broker_id=self.broker_id,
            incarnation_id=self.incarnation_id,
            broker_epoch=self.broker_epoch,
            end_points=[RegisterBrokerRecord.BrokerEndpoint(**point._asdict()) for point in self.endpoints.values()],
            features=[
                RegisterBrokerRecord.BrokerFeature(name=name, min_supported_version=low, max_supported_version=high)
                for name, (low, high) in self.features.items()
            ],
            rack=self.rack,
            fenced=self.fenced,
        )
        if version >= 1:
            record.in_controlled_shutdown = self.in_controlled_shutdown
        if version >= 2:
            record.is_migrating_zk_broker = self.is_migrating_zk_broker
        if version >= 3:
            record.log_dirs = sorted(self.log_dirs)
        return record, version


class ClusterImage:
    """``brokers``: broker id -> BrokerImage; ``controllers``: node id -> the record that registered it."""

    def __init__(self) -> None:
        self.brokers: dict[int, BrokerImage] = {}
        self.controllers: dict[int, RegisterControllerRecord] = {}

    def replay_register_broker(self, record: RegisterBrokerRecord) -> None:
        self.brokers[record.broker_id] = BrokerImage(record)

    def replay_unregister_broker(self, record: UnregisterBrokerRecord) -> None:
        self._broker(record.broker_id, record.broker_epoch)
        del self.brokers[record.broker_id]

    def replay_fencing(self, broker_id: int, broker_epoch: int, fenced: bool) -> None:
        """FenceBrokerRecord and UnfenceBrokerRecord, which 3.3 replaced by BrokerRegistrationChangeRecord."""
        self._broker(broker_id, broker_epoch).fenced = fenced

    def replay_registration_change(self, record: BrokerRegistrationChangeRecord) -> None:
        broker = self._broker(record.broker_id, record.broker_epoch)
        if record.fenced:
            broker.fenced = record.fenced == FENCE
        if record.in_controlled_shutdown:
            broker.in_controlled_shutdown = record.in_controlled_shutdown == ENTER_CONTROLLED_SHUTDOWN
        if record.log_dirs:
            broker.log_dirs = list(record.log_dirs)

    def replay_register_controller(self, record: RegisterControllerRecord) -> None:
        self.controllers[record.controller_id] = record

    def records(self, metadata_version: int) -> Iterator[tuple[Any, int]]:
        for broker in self.brokers.values():
            yield broker.to_record(metadata_version)
        if supports_controller_registration(metadata_version):
            for controller in self.controllers.values():
                yield controller, 0

    def _broker(self, broker_id: int, broker_epoch: int) -> BrokerImage:
        broker = self.brokers.get(broker_id)
        if broker is None or broker.broker_epoch != broker_epoch:
            raise CorruptLogError(
                f"the metadata log changes broker {broker_id} of epoch {broker_epoch}, which is not registered"
            )
        return broker
