from __future__ import annotations

import pytest

from minikafka.config import BrokerConfig, Listener
from minikafka.errors import ConfigError


def listeners(**settings: object) -> BrokerConfig:
    return BrokerConfig.from_mapping(settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PLAINTEXT://:9092", [Listener("PLAINTEXT", "", 9092, "PLAINTEXT")]),
        ("plaintext://[::1]:9092", [Listener("PLAINTEXT", "::1", 9092, "PLAINTEXT")]),
        ("PLAINTEXT://0.0.0.0:0", [Listener("PLAINTEXT", "0.0.0.0", 0, "PLAINTEXT")]),
        (
            "PLAINTEXT://a_b:1, SSL://c:2,SASL_SSL://:3",
            [
                Listener("PLAINTEXT", "a_b", 1, "PLAINTEXT"),
                Listener("SSL", "c", 2, "SSL"),
                Listener("SASL_SSL", "", 3, "SASL_SSL"),
            ],
        ),
    ],
)
def test_listeners_are_read(text: str, expected: list[Listener]) -> None:
    config = listeners(listeners=text)
    assert config.listeners == expected
    assert config.advertised_listeners == expected


@pytest.mark.parametrize("text", ["PLAINTEXT://:9092", "SSL://host:1", "PLAINTEXT://[::1]:0"])
def test_a_listener_is_written_as_it_is_read(text: str) -> None:
    assert str(listeners(listeners=text).listeners[0]) == text


def test_a_listener_knows_what_its_protocol_needs() -> None:
    config = listeners(listeners="PLAINTEXT://:1,SSL://:2,SASL_PLAINTEXT://:3,SASL_SSL://:4")
    assert [listener.uses_tls for listener in config.listeners] == [False, True, False, True]
    assert [listener.uses_sasl for listener in config.listeners] == [False, False, True, True]


def test_names_of_ones_own_are_mapped_to_protocols() -> None:
    config = listeners(
        listeners="INTERNAL://:1,EXTERNAL://:2",
        advertised_listeners="EXTERNAL://example.org:443",
        listener_security_protocol_map="INTERNAL:PLAINTEXT,external:SASL_SSL",
    )
    assert config.listeners == [Listener("INTERNAL", "", 1, "PLAINTEXT"), Listener("EXTERNAL", "", 2, "SASL_SSL")]
    assert config.advertised_listeners == [Listener("EXTERNAL", "example.org", 443, "SASL_SSL")]


def test_the_controllers_listeners_are_kept_apart() -> None:
    config = listeners(
        listeners="PLAINTEXT://:9092,CONTROLLER://:9093",
        advertised_listeners="PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        controller_listener_names="CONTROLLER",
    )
    assert config.listeners == [Listener("PLAINTEXT", "", 9092, "PLAINTEXT")]
    assert config.controller_listeners == [Listener("CONTROLLER", "", 9093, "PLAINTEXT")]
    assert config.advertised_listeners == [Listener("PLAINTEXT", "localhost", 9092, "PLAINTEXT")]


def test_one_port_can_serve_ipv4_and_ipv6() -> None:
    config = listeners(
        listeners="PLAINTEXT://127.0.0.1:9092,SIX://[::1]:9092",
        listener_security_protocol_map="PLAINTEXT:PLAINTEXT,SIX:PLAINTEXT",
    )
    assert [listener.host for listener in config.listeners] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"listeners": "PLAINTEXT:9092"},
            "listeners=PLAINTEXT:9092: 'PLAINTEXT:9092' does not have the form NAME://host:port, "
            "e.g. PLAINTEXT://localhost:9092",
        ),
        (
            {"listeners": "PLAINTEXT://host"},
            "listeners=PLAINTEXT://host: 'PLAINTEXT://host' does not have the form NAME://host:port, "
            "e.g. PLAINTEXT://localhost:9092",
        ),
        (
            {"listeners": "PLAINTEXT://::1:9092"},
            "listeners=PLAINTEXT://::1:9092: 'PLAINTEXT://::1:9092' does not have the form NAME://host:port, "
            "e.g. PLAINTEXT://localhost:9092",
        ),
        (
            {"listeners": "PLAINTEXT://:70000"},
            "listeners=PLAINTEXT://:70000: 'PLAINTEXT://:70000' has port 70000; the highest one is 65535",
        ),
        (
            {"listeners": "MINE://:1"},
            "listeners=MINE://:1: no security protocol is known for listener MINE; "
            "add MINE:PLAINTEXT (or SSL, SASL_PLAINTEXT, SASL_SSL) to listener.security.protocol.map",
        ),
        (
            {"listeners": "PLAINTEXT://:1,PLAINTEXT://:2"},
            "listeners=PLAINTEXT://:1,PLAINTEXT://:2: each listener must have a name of its own, "
            "but PLAINTEXT is there 2 times",
        ),
        (
            {"listeners": "PLAINTEXT://:1,SSL://:1"},
            "listeners=PLAINTEXT://:1,SSL://:1: each listener must have a port of its own, "
            "but PLAINTEXT://:1 and SSL://:1 share one",
        ),
        (
            {"listeners": "PLAINTEXT://127.0.0.1:1,SSL://[::1]:1,SASL_SSL://127.0.0.2:1"},
            "listeners=PLAINTEXT://127.0.0.1:1,SSL://[::1]:1,SASL_SSL://127.0.0.2:1: "
            "at most one IPv4 and one IPv6 listener can share port 1",
        ),
        (
            {"listener.security.protocol.map": "PLAINTEXT:CLEAR"},
            "listener.security.protocol.map=PLAINTEXT:CLEAR: 'CLEAR' is no security protocol; "
            "those are PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
        ),
        (
            {"listener.security.protocol.map": "PLAINTEXT"},
            "listener.security.protocol.map=PLAINTEXT: 'PLAINTEXT' is not a NAME:PROTOCOL pair",
        ),
        (
            {"advertised.listeners": "PLAINTEXT://0.0.0.0:9092"},
            "advertised.listeners=PLAINTEXT://0.0.0.0:9092: no client can connect to 0.0.0.0; "
            "give the address or name clients reach this machine by.",
        ),
        (
            {"advertised.listeners": "SSL://a:1"},
            "advertised.listeners=SSL://a:1: SSL is not among listeners: PLAINTEXT.",
        ),
        (
            {"listeners": "PLAINTEXT://:1", "controller.listener.names": "PLAINTEXT"},
            "listeners=PLAINTEXT://:1: at least one listener has to be for clients.",
        ),
        (
            {
                "listeners": "PLAINTEXT://:1,CONTROLLER://:2",
                "advertised.listeners": "CONTROLLER://a:2",
                "controller.listener.names": "CONTROLLER",
            },
            "advertised.listeners=CONTROLLER://a:2: at least one listener has to be advertised.",
        ),
        (
            {"advertised.listeners": "PLAINTEXT://a:1", "inter.broker.listener.name": "SSL"},
            "inter.broker.listener.name=SSL: it has to be an advertised listener: PLAINTEXT.",
        ),
    ],
)
def test_what_cannot_be_listened_on_is_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        BrokerConfig.from_mapping(settings)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("settings", "listening", "advertised"),
    [
        ({"port": "1234"}, "PLAINTEXT://:1234", "PLAINTEXT://:1234"),
        ({"host.name": "here"}, "PLAINTEXT://here:9092", "PLAINTEXT://here:9092"),
        ({"host.name": "::1", "port": "1"}, "PLAINTEXT://[::1]:1", "PLAINTEXT://[::1]:1"),
        ({"port": "1", "listeners": "PLAINTEXT://:2"}, "PLAINTEXT://:2", "PLAINTEXT://:2"),
        (
            {"port": "1", "advertised.host.name": "there"},
            "PLAINTEXT://:1",
            "PLAINTEXT://there:1",
        ),
        (
            {"host.name": "here", "advertised.port": "5"},
            "PLAINTEXT://here:9092",
            "PLAINTEXT://here:5",
        ),
        (
            {"listeners": "PLAINTEXT://0.0.0.0:9092", "advertised.host.name": "there"},
            "PLAINTEXT://0.0.0.0:9092",
            "PLAINTEXT://there:9092",
        ),
        (
            {"advertised.host.name": "there", "advertised.listeners": "PLAINTEXT://elsewhere:1"},
            "PLAINTEXT://:9092",
            "PLAINTEXT://elsewhere:1",
        ),
    ],
)
def test_addresses_in_the_form_of_kafka_0_8(settings: dict[str, str], listening: str, advertised: str) -> None:
    config = BrokerConfig.from_mapping(settings)
    assert [str(listener) for listener in config.listeners] == [listening]
    assert [str(listener) for listener in config.advertised_listeners] == [advertised]
