"""How many connections, from where, and how fast."""

from __future__ import annotations

import pytest

from minikafka.clock import ManualClock
from minikafka.config import BrokerConfig
from minikafka.errors import ConfigError
from minikafka.server.connection_quotas import ConnectionLimits, ConnectionQuotas, TooManyConnections


def quotas(clock: ManualClock | None = None, **limits: object) -> ConnectionQuotas:
    return ConnectionQuotas((clock or ManualClock()).monotonic_ms, ConnectionLimits(**limits))  # type: ignore[arg-type]


def test_without_limits_there_is_always_room() -> None:
    q = quotas()
    for _ in range(1000):
        q.add("L", "10.0.0.1")
    assert q.has_slot("L")
    assert q.creation_delay_ms("L") == 0
    assert q.total == 1000


def test_max_connections_counts_all() -> None:
    q = quotas(max_connections=2)
    q.add("L", "10.0.0.1")
    assert q.has_slot("L")
    q.add("L", "10.0.0.2")
    assert not q.has_slot("L")
    q.remove("L", "10.0.0.1")
    assert q.has_slot("L")


def test_max_per_ip_refuses_one_address_only() -> None:
    q = quotas(max_per_ip=2)
    q.add("L", "10.0.0.1")
    q.add("L", "10.0.0.1")
    with pytest.raises(TooManyConnections, match=r"10\.0\.0\.1 already has 2 connections.*max\.connections\.per\.ip"):
        q.add("L", "10.0.0.1")
    q.add("L", "10.0.0.2")
    q.remove("L", "10.0.0.1")
    q.add("L", "10.0.0.1")
    assert q.total == 3


def test_an_override_counts_for_its_address() -> None:
    q = quotas(max_per_ip=0, per_ip_overrides={"127.0.0.1": 1})
    q.add("L", "127.0.0.1")
    with pytest.raises(TooManyConnections):
        q.add("L", "127.0.0.1")
    with pytest.raises(TooManyConnections):
        q.add("L", "10.0.0.1")


def test_an_override_by_name_counts_for_its_addresses() -> None:
    q = quotas(max_per_ip=0, per_ip_overrides={"localhost": 1})
    q.add("L", "127.0.0.1")
    with pytest.raises(TooManyConnections):
        q.add("L", "127.0.0.1")


def test_an_override_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"max\.connections\.per\.ip\.overrides names 'no\.such\.host\.invalid'"):
        quotas(per_ip_overrides={"no.such.host.invalid": 1})


def test_the_creation_rate_is_averaged_over_kafkas_window() -> None:
    clock = ManualClock()
    q = quotas(clock, max_creation_rate=2)
    for _ in range(22):
        assert q.creation_delay_ms("L") == 0
        q.add("L", "10.0.0.1")
    assert q.creation_delay_ms("L") == 11_000
    clock.advance(10_999)
    assert q.creation_delay_ms("L") == 1
    clock.advance(1)
    assert q.creation_delay_ms("L") == 0


def test_a_listener_may_have_limits_of_its_own() -> None:
    clock = ManualClock()
    q = quotas(clock, listeners={"FEW": (1, 2**31 - 1), "SLOW": (2**31 - 1, 1)})
    q.add("FEW", "10.0.0.1")
    assert not q.has_slot("FEW")
    for _ in range(11):
        assert q.creation_delay_ms("SLOW") == 0
        q.add("SLOW", "10.0.0.1")
    assert q.has_slot("SLOW")
    assert q.creation_delay_ms("SLOW") == 11_000
    assert q.creation_delay_ms("FEW") == 0
    q.remove("FEW", "10.0.0.1")
    assert q.has_slot("FEW")


def test_limits_from_a_configuration() -> None:
    config = BrokerConfig.from_mapping(
        {
            "listeners": "INSIDE://127.0.0.1:0,OUTSIDE://127.0.0.1:0",
            "listener.security.protocol.map": "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT",
            "max.connections": 100,
            "max.connection.creation.rate": 50,
            "max.connections.per.ip": 10,
            "max.connections.per.ip.overrides": "127.0.0.1:20",
            "listener.name.outside.max.connections": 5,
        }
    )
    limits = ConnectionLimits.from_config(config)
    assert (limits.max_connections, limits.max_creation_rate, limits.max_per_ip) == (100, 50, 10)
    assert limits.per_ip_overrides == {"127.0.0.1": 20}
    assert limits.of_listener("OUTSIDE") == (5, 50)
    assert limits.of_listener("INSIDE") == (100, 50)
