"""A client that was told an address and never comes there causes one warning; one that gets on causes none."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from minikafka import Broker
from minikafka.client.connection import Connection
from minikafka.clock import ManualClock, Timers
from minikafka.config import Listener
from minikafka.protocol.messages import ListGroupsRequest, MetadataRequest
from minikafka.server.advertised_watch import WAIT_MS, AdvertisedWatch
from minikafka.server.endpoints import AdvertisedEndpoint
from minikafka.server.tcp import ConnectionFacts

BOUND = Listener("PLAINTEXT", "", 9092, "PLAINTEXT")
KAFKA = AdvertisedEndpoint("PLAINTEXT", "kafka", 9092)


class Machine:
    """The connections of a broker at 192.0.2.1:9092, and its watch, on a clock that stands still."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        self.open: dict[ConnectionFacts, int] = {}
        self.watch = AdvertisedWatch(self.clock, self.timers, lambda: self.open.items())
        self._ports = iter(range(40_000, 50_000))

    def connect(self, client: str = "192.0.2.7", local: str = "192.0.2.1") -> ConnectionFacts:
        facts = ConnectionFacts(BOUND, (client, next(self._ports)), (local, 9092))
        self.open[facts] = self.clock.monotonic_ms()
        return facts

    def ask(self, facts: ConnectionFacts, endpoint: AdvertisedEndpoint = KAFKA) -> None:
        self.use(facts)
        self.watch.told(facts, endpoint)

    def use(self, facts: ConnectionFacts) -> None:
        self.open[facts] = self.clock.monotonic_ms()

    def wait(self, duration_ms: int = WAIT_MS) -> None:
        self.clock.advance(duration_ms)
        self.timers.run_due()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    sentences: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: sentences.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("minikafka.server.advertised_watch")
    log.addHandler(handler)
    yield sentences
    log.removeHandler(handler)


def test_a_client_that_stays_silent_is_warned_about(machine: Machine, warnings: list[str]) -> None:
    machine.ask(machine.connect())
    machine.wait(WAIT_MS - 1)
    assert warnings == []
    machine.wait(1)
    assert warnings == [
        "the client at 192.0.2.7 was told to connect to kafka:9092 and has not come there within 10 s: if it cannot, "
        "set advertised.listeners to an address that it can reach; the one it came by is PLAINTEXT://192.0.2.1:9092"
    ]


def test_so_is_one_that_asks_again_and_again_by_the_same_connection(machine: Machine, warnings: list[str]) -> None:
    facts = machine.connect()
    for _ in range(10):
        machine.ask(facts)
        machine.wait(WAIT_MS // 10)
    assert len(warnings) == 1


def test_so_is_one_that_begins_anew_again_and_again(machine: Machine, warnings: list[str]) -> None:
    for _ in range(3):
        facts = machine.connect()
        machine.ask(facts)
        machine.wait(1000)
        del machine.open[facts]
    machine.wait()
    assert len(warnings) == 1


def test_so_is_one_that_leaves_at_once_and_always_needs_the_other(machine: Machine, warnings: list[str]) -> None:
    facts = machine.connect()
    facts.client_software_name = "kafka-python"
    machine.ask(facts)
    del machine.open[facts]
    machine.wait()
    assert len(warnings) == 1


def test_each_address_is_warned_about_once(machine: Machine, warnings: list[str]) -> None:
    for client in ("192.0.2.7", "192.0.2.8"):
        machine.ask(machine.connect(client))
        machine.wait()
    assert len(warnings) == 1
    machine.ask(machine.connect("192.0.2.9"), AdvertisedEndpoint("OUTSIDE", "broker", 29092))
    machine.wait()
    assert len(warnings) == 2


def test_several_clients_are_judged_each_in_its_time(machine: Machine, warnings: list[str]) -> None:
    machine.ask(machine.connect("192.0.2.7"))
    machine.wait(WAIT_MS // 2)
    machine.ask(machine.connect("192.0.2.8"), AdvertisedEndpoint("PLAINTEXT", "other", 9092))
    machine.wait(WAIT_MS // 2)
    assert ["192.0.2.7" in sentence for sentence in warnings] == [True]
    machine.wait(WAIT_MS // 2)
    assert ["192.0.2.8" in sentence for sentence in warnings] == [False, True]


def test_a_second_connection_shows_that_it_got_on(machine: Machine, warnings: list[str]) -> None:
    machine.ask(machine.connect())
    machine.ask(machine.connect())
    machine.wait()
    machine.ask(machine.connect())
    machine.wait()
    assert warnings == []


def test_so_does_a_new_connection_instead_of_the_first(machine: Machine, warnings: list[str]) -> None:
    facts = machine.connect()
    machine.ask(facts)
    machine.connect()
    del machine.open[facts]
    machine.wait()
    assert warnings == []


def test_so_does_a_second_one_that_asks_and_is_idle_then(machine: Machine, warnings: list[str]) -> None:
    first, second = machine.connect(), machine.connect()
    machine.ask(first)
    machine.ask(second)
    del machine.open[first]
    machine.wait()
    assert warnings == []


def test_so_does_one_that_came_by_another_address(machine: Machine, warnings: list[str]) -> None:
    """A tool within the broker's container: it begins at localhost, and goes on by the container's name."""
    for _ in range(3):
        first = machine.connect("127.0.0.1", "127.0.0.1")
        machine.ask(first)
        second = machine.connect("172.18.0.2", "172.18.0.2")
        machine.ask(second)
        del machine.open[first], machine.open[second]
    machine.wait()
    assert warnings == []


def test_so_does_another_request_by_the_first(machine: Machine, warnings: list[str]) -> None:
    facts = machine.connect()
    machine.ask(facts)
    machine.wait(500)
    machine.use(facts)
    machine.wait()
    assert warnings == []


def test_who_asks_once_and_leaves_wanted_no_more(machine: Machine, warnings: list[str]) -> None:
    facts = machine.connect()
    machine.ask(facts)
    del machine.open[facts]
    machine.wait()
    assert warnings == []


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        (AdvertisedEndpoint("PLAINTEXT", "192.0.2.1", 9092), "192.0.2.1"),
        (AdvertisedEndpoint("PLAINTEXT", "localhost", 9092), "127.0.0.1"),
        (AdvertisedEndpoint("PLAINTEXT", "127.0.0.1", 9092), "::1"),
    ],
)
def test_the_address_it_came_by_works(
    machine: Machine, warnings: list[str], endpoint: AdvertisedEndpoint, local: str
) -> None:
    machine.ask(machine.connect(local=local), endpoint)
    machine.wait()
    assert warnings == []


def test_a_port_it_did_not_come_by_is_watched(machine: Machine, warnings: list[str]) -> None:
    machine.ask(machine.connect("127.0.0.1", "127.0.0.1"), AdvertisedEndpoint("PLAINTEXT", "localhost", 9093))
    machine.wait()
    assert len(warnings) == 1


def test_a_broker_watches_its_clients(warnings: list[str]) -> None:
    clock = ManualClock()
    with (
        Broker(clock=clock, advertised_listeners="PLAINTEXT://kafka.example.org:9092") as broker,
        Connection("127.0.0.1", broker.port) as connection,
    ):
        answer = connection.call(MetadataRequest(topics=[]))
        assert [node.host for node in answer.brokers] == ["kafka.example.org"]
        clock.advance(WAIT_MS)
        connection.call(ListGroupsRequest())
        assert len(warnings) == 1
        assert "127.0.0.1 was told to connect to kafka.example.org:9092" in warnings[0]
