"""Fixtures: ``kafka_broker`` for the session, ``kafka`` for each test, ``kafka_topic`` and ``kafka_broker_factory``.

The plugin loads no broker until a test asks for one. With pytest-xdist every worker has a broker of its own, on a port
of its own. See docs/testing-with-pytest.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minikafka import Broker
    from minikafka.embedded.snapshots import Snapshot

_SHOWN_LINES = 40
_KEPT_REQUESTS = 1000
_KEPT_STATES = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("minikafka", "a Kafka broker for tests")
    group.addoption(
        "--kafka-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the broker by Kafka's name, any number of times; goes before the ini option kafka_settings",
    )
    group.addoption(
        "--kafka-process", action="store_true", default=False, help="run the broker in a process of its own"
    )
    parser.addini("kafka_settings", "settings of the broker, KEY=VALUE a line", type="linelist", default=[])
    parser.addini("kafka_process", "run the broker in a process of its own", type="bool", default=False)


@pytest.fixture(scope="session")
def kafka_broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A running ``minikafka.Broker``, for all tests that do not mind each other's topics."""
    observed = _Observed(request.config)
    request.config.stash[_OBSERVED] = observed
    try:
        with observed.broker:
            yield observed.broker
    finally:
        del request.config.stash[_OBSERVED]


@pytest.fixture(scope="session")
def kafka_prepare() -> Any:
    """Override it, as a session fixture, to say what every test is to find in ``kafka``: what ``Broker.seed`` takes, or
    a function that is given the broker, once, to fill it. In a conftest.py, a module or a class it is for the tests
    there."""
    return None


@pytest.fixture(scope="session")
def _kafka_states() -> _PreparedStates:
    return _PreparedStates()


@pytest.fixture
def kafka(kafka_broker: Broker, kafka_prepare: Any, _kafka_states: _PreparedStates) -> Broker:
    """The same broker, as ``kafka_prepare`` says (empty, if it was not overridden): without topics, records, groups and
    settings of the tests before."""
    if not kafka_broker.is_running:
        kafka_broker.start()
    _kafka_states.enter(kafka_broker, kafka_prepare)
    return kafka_broker


@pytest.fixture
def kafka_topic(kafka: Broker) -> Callable[..., str]:
    """``kafka_topic(name=None, partitions=1, **settings)`` creates a topic, and returns its name: a new one, if none
    is given."""
    created = 0

    def create(name: str | None = None, partitions: int = 1, **settings: object) -> str:
        nonlocal created
        created += 1
        topic = name if name is not None else f"topic-{created}"
        kafka.create_topic(topic, partitions, {key.replace("_", "."): value for key, value in settings.items()})
        return topic

    return create


@pytest.fixture
def kafka_broker_factory() -> Iterator[Callable[..., Broker]]:
    """``kafka_broker_factory(...)`` starts another broker, with the arguments of ``minikafka.Broker``; it is stopped
    after the test."""
    from minikafka import Broker

    started: list[Broker] = []

    def start(*arguments: Any, **settings: Any) -> Broker:
        broker = Broker(*arguments, **settings).start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.stop()


class _PreparedStates:
    """Snapshots of what ``kafka_prepare`` fixtures made, the last few of them."""

    def __init__(self) -> None:
        self._states: list[tuple[Any, Snapshot]] = []

    def enter(self, broker: Broker, prepare: Any) -> None:
        """Bring the broker into the state that ``prepare`` describes; from a snapshot, if it was there before."""
        if prepare is None:
            broker.reset()
            return
        for known, snapshot in self._states:
            if known is prepare:
                broker.restore(snapshot)
                return
        broker.reset()
        if callable(prepare):
            prepare(broker)
        else:
            broker.seed(prepare)
        self._states = [*self._states[1 - _KEPT_STATES :], (prepare, broker.snapshot())]


class _Observed:
    """The broker of the session, and what it was asked since the current test began."""

    def __init__(self, config: pytest.Config) -> None:
        from minikafka import Broker

        is_process = bool(config.getoption("--kafka-process") or config.getini("kafka_process"))
        self.broker = Broker(config=_settings(config), process=is_process, requests_kept=_KEPT_REQUESTS)

    def begin_test(self) -> None:
        self.broker.forget_requests()

    def sections(self) -> Iterator[tuple[str, str]]:
        """Headlines and texts for the report of a failure."""
        requests = self._requests()
        if requests:
            yield "Kafka broker: last requests", "\n".join(requests[-_SHOWN_LINES:])
        # In this process the log is part of what pytest captures itself.
        lines = self.broker.process_log.splitlines()
        if lines:
            yield "Kafka broker: log", "\n".join(lines[-_SHOWN_LINES:])

    def _requests(self) -> list[str]:
        from minikafka import StorageError

        try:
            return self.broker.requests.lines()
        except StorageError:
            return []  # Its process has ended by itself; the log says why.


_OBSERVED = pytest.StashKey[_Observed]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    observed = item.config.stash.get(_OBSERVED, None)
    if observed is not None:
        observed.begin_test()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    observed = item.config.stash.get(_OBSERVED, None)
    if observed is not None and report.failed and "kafka_broker" in getattr(item, "fixturenames", ()):
        report.sections.extend(observed.sections())


def _settings(config: pytest.Config) -> dict[str, str]:
    settings = {}
    for line in [*config.getini("kafka_settings"), *config.getoption("--kafka-set")]:
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise pytest.UsageError(f"a setting of the Kafka broker is KEY=VALUE, not {line!r}")
        settings[key.strip()] = value.strip()
    _refuse_unknown(settings)
    return settings


def _refuse_unknown(settings: Mapping[str, str]) -> None:
    from minikafka.config.notices import is_known
    from minikafka.config.suggestions import hint

    for key in settings:
        if not is_known(key) and not is_known(key.replace("_", ".")):
            raise pytest.UsageError(f"{key}={settings[key]}: brokers have no setting {key}{hint(key)}")
