"""Each scenario runs once over every client library."""

from __future__ import annotations

import re

import pytest

from tests.clients.drivers import PRODUCE_AND_READ, Driver, driver
from tests.support.brokers import BrokerProcess


@pytest.fixture(params=PRODUCE_AND_READ)
def library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def client(library: str, shared_broker: BrokerProcess) -> Driver:
    return driver(library, shared_broker.bootstrap)


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic name that no other test uses."""
    return re.sub(r"[^a-zA-Z0-9-]+", "-", request.node.name).strip("-")
