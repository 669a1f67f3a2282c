"""A broker, and the stand-in beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka.broker import Broker
from tests.zookeeper.stand_in import StandIn


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def stand_in(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    stand_in = StandIn(tmp_path_factory.mktemp("zookeeper"), broker.bootstrap_servers)
    yield stand_in
    assert stand_in.stop() == 0, stand_in.printed
    assert "Traceback" not in stand_in.printed
