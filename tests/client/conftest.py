"""A broker in this process for the tests of the client; each uses topics of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka.broker import Broker
from minikafka.client.cluster import Cluster


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    with Broker(offsets_topic_num_partitions=2, num_partitions=2) as broker:
        yield broker


@pytest.fixture
def cluster(broker: Broker) -> Iterator[Cluster]:
    with Cluster(broker.bootstrap_servers) as cluster:
        yield cluster
