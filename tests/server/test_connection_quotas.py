"""How many connections, from where, and how fast."""

from __future__ import annotations

import pytest

from minikafka.clock import ManualClock
from minikafka.errors import ConfigError
from minikafka.server.connection_quotas import ConnectionQuotas, TooManyConnections


def quotas(clock: ManualClock | None = None, **limits: object) -> ConnectionQuotas:
    return ConnectionQuotas((clock or ManualClock()).monotonic_ms, **limits)  # type: ignore[arg-type]


def test_without_limits_there_is_always_room() -> None:
    q = quotas()
    for _ in range(1000):
        q.add("10.0.0.1")
    assert q.has_slot()
    assert q.creation_delay_ms() == 0
    assert q.total == 1000


def test_max_connections_counts_all() -> None:
    q = quotas(max_connections=2)
    q.add("10.0.0.1")
    assert q.has_slot()
    q.add("10.0.0.2")
    assert not q.has_slot()
    q.remove("10.0.0.1")
    assert q.has_slot()


def test_max_per_ip_refuses_one_address_only() -> None:
    q = quotas(max_per_ip=2)
    q.add("10.0.0.1")
    q.add("10.0.0.1")
    with pytest.raises(TooManyConnections, match=r"10\.0\.0\.1 already has 2 connections.*max\.connections\.per\.ip"):
        q.add("10.0.0.1")
    q.add("10.0.0.2")
    q.remove("10.0.0.1")
    q.add("10.0.0.1")
    assert q.total == 3


def test_an_override_counts_for_its_address() -> None:
    q = quotas(max_per_ip=0, per_ip_overrides={"127.0.0.1": 1})
    q.add("127.0.0.1")
    with pytest.raises(TooManyConnections):
        q.add("127.0.0.1")
    with pytest.raises(TooManyConnections):
        q.add("10.0.0.1")


def test_an_override_by_name_counts_for_its_addresses() -> None:
    q = quotas(max_per_ip=0, per_ip_overrides={"localhost": 1})
    q.add("127.0.0.1")
    with pytest.raises(TooManyConnections):
        q.add("127.0.0.1")


def test_an_override_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"max\.connections\.per\.ip\.overrides names 'no\.such\.host\.invalid'"):
        quotas(per_ip_overrides={"no.such.host.invalid": 1})


def test_the_creation_rate_is_averaged_over_kafkas_window() -> None:
    clock = ManualClock()
    q = quotas(clock, max_creation_rate=2)
    for _ in range(22):
        assert q.creation_delay_ms() == 0
        q.add("10.0.0.1")
    assert q.creation_delay_ms() == 11_000
    clock.advance(10_999)
    assert q.creation_delay_ms() == 1
    clock.advance(1)
    assert q.creation_delay_ms() == 0

