"""For tests without pytest: a broker for a ``unittest`` class, the same for each of its tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from minikafka.broker import Broker
from minikafka.clock import ManualClock

if TYPE_CHECKING:
    from minikafka.embedded.snapshots import Snapshot

__all__ = ["KafkaTestMixin", "ManualClock"]


class KafkaTestMixin:
    """``class OrdersTest(KafkaTestMixin, unittest.TestCase)``: each test finds ``self.kafka`` as ``prepare_kafka`` left
    it, without what the tests before did to it. Works with ``IsolatedAsyncioTestCase`` and Django's classes too.
    """

    kafka: ClassVar[Broker]
    kafka_settings: ClassVar[Mapping[str, object]] = {}
    """Settings of the broker by Kafka's names."""

    _kafka_prepared: ClassVar[Snapshot]

    @classmethod
    def prepare_kafka(cls) -> None:
        """Override it to fill ``cls.kafka`` with what every test is to find."""

    @classmethod
    def setUpClass(cls) -> None:
        _next(super(), "setUpClass")()
        cls.kafka = Broker(config=cls.kafka_settings).start()
        _next(cls, "addClassCleanup")(cls.kafka.stop)
        cls.prepare_kafka()
        cls._kafka_prepared = cls.kafka.snapshot()
        _next(cls, "addClassCleanup")(cls._kafka_prepared.delete)

    def setUp(self) -> None:
        _next(super(), "setUp")()
        if not self.kafka.is_running:
            self.kafka.start()
        self.kafka.restore(self._kafka_prepared)


def _next(owner: Any, name: str) -> Any:
    """A method of the test case that the mixin is mixed into."""
    return getattr(owner, name)
