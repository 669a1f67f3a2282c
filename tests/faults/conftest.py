from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka import Broker
from tests.faults.raw_client import RawClient


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker(requests_kept=1000) as running:
        yield running


@pytest.fixture
def client(broker: Broker) -> Iterator[RawClient]:
    with RawClient(broker) as connected:
        yield connected
