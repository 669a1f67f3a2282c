"""The mixin for unittest."""

from __future__ import annotations

import unittest
from typing import Any

from minikafka import Broker
from minikafka.testing import KafkaTestMixin


def outcome(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class Orders(KafkaTestMixin):
    kafka_settings = {"num.partitions": 2}
    brokers: list[Broker] = []

    @classmethod
    def prepare_kafka(cls) -> None:
        cls.brokers.append(cls.kafka)
        cls.kafka.seed({"orders": ["a"]})


def test_each_test_finds_what_was_prepared() -> None:
    class OrdersTest(Orders, unittest.TestCase):
        def test_one(self) -> None:
            assert self.kafka.topics() == {"orders": 2}
            self.kafka.produce("orders", "b")
            self.kafka.create_topic("more")

        def test_three(self) -> None:
            self.test_one()
            self.kafka.kill()

        def test_two(self) -> None:
            self.test_one()

    result = outcome(OrdersTest)
    assert (result.testsRun, result.errors, result.failures) == (3, [], [])
    assert not Orders.brokers[-1].is_running


def test_with_asynchronous_tests() -> None:
    class OrdersTest(Orders, unittest.IsolatedAsyncioTestCase):
        async def test_one(self) -> None:
            assert self.kafka.topics() == {"orders": 2}

    result = outcome(OrdersTest)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_a_preparation_that_fails_leaves_no_broker() -> None:
    class OrdersTest(Orders, unittest.TestCase):
        @classmethod
        def prepare_kafka(cls) -> None:
            super().prepare_kafka()
            raise ValueError("no seeds this year")

        def test_one(self: Any) -> None:
            raise AssertionError("is not run")

    result = outcome(OrdersTest)
    assert result.testsRun == 0
    assert "no seeds this year" in result.errors[0][1]
    assert not Orders.brokers[-1].is_running
