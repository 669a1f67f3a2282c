"""Options and fixtures of the whole suite.

``--broker`` chooses what the client scenarios talk to: ``minikafka`` (the default), ``kafka=DIRECTORY`` for Apache
Kafka from a directory of its jars. That the scenarios hold for Kafka itself is what makes them worth passing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess

BrokerMaker = Callable[..., BrokerProcess]

# The same examples at every run, and no verdict that depends on how fast the machine is. To search for new ones:
# HYPOTHESIS_PROFILE=search python -m pytest ...
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

# Groups that settle as fast as their members ask: no waiting for more of them, and heartbeats every 100 ms.
PROMPT_GROUPS = {
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "100",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker", default="minikafka", help="what client scenarios talk to: minikafka, or kafka=DIRECTORY_OF_JARS"
    )


@pytest.fixture(scope="session")
def make_broker(request: pytest.FixtureRequest) -> BrokerMaker:
    """``make_broker(directory, settings)``: a broker of the chosen kind, not yet started."""
    kind, _, where = request.config.getoption("--broker").partition("=")
    if kind == "minikafka":
        return MinikafkaProcess
    if kind == "kafka" and Path(where).is_dir():
        return lambda directory, settings=None: ApacheKafkaProcess(directory, Path(where).resolve(), settings)
    raise pytest.UsageError(f"--broker={kind}={where}: say minikafka, or kafka=DIRECTORY_OF_JARS")


@pytest.fixture(scope="session")
def shared_broker(make_broker: BrokerMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """A broker process for all scenarios that only need one; each uses topics of its own."""
    with make_broker(tmp_path_factory.mktemp("broker"), PROMPT_GROUPS) as broker:
        yield broker
        assert broker.stop() == expected_exit_code(broker), broker.log_text


def expected_exit_code(broker: BrokerProcess) -> int:
    """What a clean stop by SIGTERM ends with: a JVM tells of the signal, minikafka of its success."""
    return 143 if isinstance(broker, ApacheKafkaProcess) else 0
