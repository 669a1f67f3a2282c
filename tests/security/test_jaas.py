"""``sasl.jaas.config`` is read as Kafka reads it; what is wrong is said without the password."""

from __future__ import annotations

import pytest

from minikafka.errors import ConfigError
from minikafka.security.jaas import LoginModule, parse_jaas

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (f'{PLAIN} required username="alice" password="s e;c=ret";', {"username": "alice", "password": "s e;c=ret"}),
        (f"{PLAIN} required username=alice password=alice-secret;", {"username": "alice", "password": "alice-secret"}),
        (f"{PLAIN} REQUIRED username='a' ;", {"username": "a"}),
        (f"{PLAIN} optional;", {}),
        (f'{PLAIN}\n required // who\n /* and\n what */ a = "1"\n;', {"a": "1"}),
        (rf'{PLAIN} required password="a\"b\\c\td\101";', {"password": 'a"b\\c\tdA'}),
        (f'{PLAIN} required user_alice="x" serviceName=kafka;', {"user_alice": "x", "serviceName": "kafka"}),
        (f'{PLAIN} required password="ä€";', {"password": "ä€"}),
        (f'{PLAIN} required password="";', {"password": ""}),
    ],
)
def test_options_are_read(text: str, options: dict[str, str]) -> None:
    assert parse_jaas(text) == [LoginModule(PLAIN, options)]


def test_there_may_be_several_modules() -> None:
    assert [module.name for module in parse_jaas("a.B required; c.D sufficient x=y;")] == ["a.B", "c.D"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Login module not specified in JAAS config"),
        (PLAIN, "Login module control flag not specified in JAAS config"),
        (f"{PLAIN} username=a;", "Invalid login module control flag 'username' in JAAS config"),
        (f'{PLAIN} required password="topsecret"', "not terminated by semi-colon"),
        (f"{PLAIN} required password=123;", "Value not specified for key 'password' in JAAS config; unless"),
        (f"{PLAIN} required password;", "Value not specified for key 'password'"),
        (f'{PLAIN} required password="topsecret', "Value not specified for key 'password'"),
        (";", "begins with the class of a login module"),
    ],
)
def test_what_is_wrong_is_named_without_values(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as raised:
        parse_jaas(text)
    assert "topsecret" not in str(raised.value)
    assert str(raised.value).startswith("sasl.jaas.config: ")
