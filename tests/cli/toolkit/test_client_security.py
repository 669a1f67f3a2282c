"""Tools talk to secured brokers as their property file says: TLS, SASL, and one sentence about what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.toolkit.client_security import client_security
from minikafka.cli.toolkit.connecting import open_cluster
from minikafka.client.connection import Connection
from minikafka.client.errors import AuthenticationFailed, BrokerUnreachable, TlsFailed
from minikafka.client.security import UNSECURED
from minikafka.errors import ConfigError
from minikafka.protocol.messages import MetadataRequest
from tests.support.broker_front import CERTIFICATES, BrokerFront, server_tls

CA = {"ssl.truststore.location": str(CERTIFICATES / "ca.pem")}
TLS = {"security.protocol": "SSL", **CA}
JAAS = 'x.PlainLoginModule required username="alice" password="{}";'
USERS = {"alice": "alice-secret", "": "the.token.", "a=b,c": "ö"}


def sasl(mechanism: str, password: str = "alice-secret", protocol: str = "SASL_PLAINTEXT") -> dict[str, str]:
    return {"security.protocol": protocol, "sasl.mechanism": mechanism, "sasl.jaas.config": JAAS.format(password)}


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


def ask(front: BrokerFront, settings: dict[str, str], host: str = "127.0.0.1") -> Connection:
    """A connection over which Metadata was asked for."""
    connection = Connection(host, front.port, security=client_security(settings), timeout_s=10)
    try:
        assert connection.call(MetadataRequest(topics=[])).brokers
    except BaseException:
        connection.close()
        raise
    return connection


def test_without_settings_there_is_no_security() -> None:
    assert client_security({"client.id": "x"}) is UNSECURED
    assert client_security({"security.protocol": "plaintext"}).protocol == "PLAINTEXT"


@pytest.mark.parametrize(
    ("settings", "protocol"),
    [
        ({"security.protocol": "SSL"}, "SSL"),
        (sasl("PLAIN"), "SASL_PLAINTEXT"),
        (sasl("SCRAM-SHA-256", protocol="sasl_ssl"), "SASL_SSL"),
    ],
)
def test_the_protocol_says_what_is_used(settings: dict[str, str], protocol: str) -> None:
    assert client_security(settings).protocol == protocol


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls_with_a_trusted_broker(broker: Broker, host: str) -> None:
    with BrokerFront(broker.port, tls=server_tls()) as front, ask(front, TLS, host) as connection:
        assert connection.tls_version == "TLSv1.3"


def test_the_version_of_tls_can_be_chosen(broker: Broker) -> None:
    settings = TLS | {"ssl.enabled.protocols": "TLSv1.2"}
    with BrokerFront(broker.port, tls=server_tls()) as front, ask(front, settings) as connection:
        assert connection.tls_version == "TLSv1.2"


def test_certificates_may_stand_in_the_settings_in_one_line(broker: Broker) -> None:
    trusted = " ".join((CERTIFICATES / "ca.pem").read_text().split("\n"))
    key, _, chain = (CERTIFICATES / "client.pem").read_text().partition("-----BEGIN CERTIFICATE")
    settings = {
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": trusted,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.key": " ".join(key.split("\n")),
        "ssl.keystore.certificate.chain": "-----BEGIN CERTIFICATE" + " ".join(chain.split("\n")),
    }
    with BrokerFront(broker.port, tls=server_tls(wants_client=True)) as front, ask(front, settings):
        pass


@pytest.mark.parametrize(
    "store",
    [
        {"ssl.keystore.location": "client.pem"},
        {"ssl.keystore.location": "client-encrypted.pem", "ssl.key.password": "secret"},
    ],
)
def test_a_client_shows_its_own_certificate(broker: Broker, store: dict[str, str]) -> None:
    settings = TLS | store | {"ssl.keystore.location": str(CERTIFICATES / store["ssl.keystore.location"])}
    with BrokerFront(broker.port, tls=server_tls(wants_client=True)) as front, ask(front, settings):
        pass


@pytest.mark.parametrize(
    ("certificate", "settings", "sentence"),
    [
        ("server", {"security.protocol": "SSL"}, "unable to get local issuer certificate"),
        ("elsewhere", TLS, "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        ("expired", TLS, "certificate has expired"),
    ],
)
def test_a_broker_that_cannot_be_trusted(
    broker: Broker, certificate: str, settings: dict[str, str], sentence: str
) -> None:
    with BrokerFront(broker.port, tls=server_tls(certificate)) as front, pytest.raises(TlsFailed) as raised:
        ask(front, settings)
    assert str(raised.value).startswith(f"no TLS with {front.address}: {sentence}")


def test_the_name_of_the_broker_need_not_be_checked(broker: Broker) -> None:
    settings = TLS | {"ssl.endpoint.identification.algorithm": ""}
    with BrokerFront(broker.port, tls=server_tls("elsewhere")) as front, ask(front, settings):
        pass


def test_a_broker_that_wants_a_certificate_is_heard(broker: Broker) -> None:
    with (
        BrokerFront(broker.port, tls=server_tls(wants_client=True)) as front,
        pytest.raises(TlsFailed, match=r"ended TLS over ApiVersions v\d: .*certificate required"),
    ):
        ask(front, TLS)


def test_tls_with_a_plain_listener(broker: Broker) -> None:
    with pytest.raises(TlsFailed, match="no TLS with"):
        Connection("127.0.0.1", broker.port, security=client_security(TLS), timeout_s=10)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_user_logs_in(broker: Broker, mechanism: str, protocol: str) -> None:
    tls = server_tls() if protocol == "SASL_SSL" else None
    with BrokerFront(broker.port, users=USERS, tls=tls) as front:
        with ask(front, sasl(mechanism, protocol=protocol) | CA):
            assert front.logins == [mechanism]
        with pytest.raises(AuthenticationFailed, match="refuses the login: Authentication failed: Invalid") as raised:
            ask(front, sasl(mechanism, "wrong", protocol) | CA)
        assert raised.value.code == 58
        assert "wrong" not in str(raised.value)


def test_names_and_passwords_may_have_any_character(broker: Broker) -> None:
    settings = sasl("SCRAM-SHA-256") | {"sasl.jaas.config": 'x required username="a=b,c" password="ö";'}
    with BrokerFront(broker.port, users=USERS) as front, ask(front, settings):
        pass


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_brokers_before_1_0_take_bare_messages(broker: Broker, mechanism: str) -> None:
    with BrokerFront(broker.port, users=USERS, handshake_version=0) as front:
        with ask(front, sasl(mechanism)):
            assert front.logins == [mechanism]
        with pytest.raises(BrokerUnreachable, match="instead of answering"):
            ask(front, sasl(mechanism, "wrong"))


def test_a_token_comes_from_a_file_and_is_read_anew(broker: Broker, tmp_path: Path) -> None:
    token = tmp_path / "token"
    settings = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.token.endpoint.url": token.as_uri(),
    }
    security = client_security(settings)
    with BrokerFront(broker.port, users=USERS) as front:
        token.write_text("the.token.\n")
        Connection("127.0.0.1", front.port, security=security).close()
        token.write_text("another.token.\n")
        with pytest.raises(AuthenticationFailed, match="refuses the login"):
            Connection("127.0.0.1", front.port, security=security)
        token.unlink()
        with pytest.raises(ConfigError, match="token cannot be read: No such file"):
            Connection("127.0.0.1", front.port, security=security)


def test_a_server_has_to_know_the_password_too(broker: Broker) -> None:
    with (
        BrokerFront(broker.port, users=USERS, is_impostor=True) as front,
        pytest.raises(AuthenticationFailed, match="Invalid server signature"),
    ):
        ask(front, sasl("SCRAM-SHA-256"))


def test_a_mechanism_the_broker_lacks(broker: Broker) -> None:
    with BrokerFront(broker.port, users=USERS, mechanisms=("GSSAPI", "PLAIN")) as front:
        with pytest.raises(
            AuthenticationFailed, match="does not offer SCRAM-SHA-256; it offers GSSAPI, PLAIN"
        ) as raised:
            ask(front, sasl("SCRAM-SHA-256"))
        assert raised.value.offered == ["GSSAPI", "PLAIN"]


def test_sasl_with_a_listener_without(broker: Broker) -> None:
    with pytest.raises(AuthenticationFailed, match="its listener is without SASL"):
        Connection("127.0.0.1", broker.port, security=client_security(sasl("PLAIN")))


def test_a_session_is_renewed_before_it_ends(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minikafka.client.connection._SESSION_SHARE", 0.0)  # at once, without waiting for it
    with (
        BrokerFront(broker.port, users=USERS, session_lifetime_ms=60_000) as front,
        ask(front, sasl("SCRAM-SHA-256")) as connection,
    ):
        before = len(front.logins)
        connection.call(MetadataRequest(topics=[]))
        assert len(front.logins) == before + 1


def test_a_session_without_end_is_not_renewed(broker: Broker) -> None:
    with BrokerFront(broker.port, users=USERS) as front, ask(front, sasl("PLAIN")) as connection:
        connection.call(MetadataRequest(topics=[]))
        assert front.logins == ["PLAIN"]


def test_the_whole_cluster_is_asked_in_the_same_way(tmp_path: Path) -> None:
    with BrokerFront(users=USERS, tls=server_tls()) as front:
        advertised = f"PLAINTEXT://{front.address}"
        with Broker(advertised_listeners=advertised) as broker:
            front.backend_port = broker.port
            settings = sasl("PLAIN", protocol="SASL_SSL") | CA
            with open_cluster(front.address, settings, client_id="test", connect_timeout_s=0) as cluster:
                (node,) = cluster.broker_ids()
                assert cluster.broker(node).port == front.port
        assert front.logins == ["PLAIN", "PLAIN"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"security.protocol": "TLS"}, "security.protocol=TLS: .*"),
        ({"security.protocol": "SASL_SSL"}, "sasl.mechanism is not set, which means GSSAPI"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}, "no such mechanism; it has PLAIN, SCRAM-SHA"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}, "sasl.jaas.config is missing"),
        (sasl("PLAIN") | {"sasl.jaas.config": 'x required username="a";'}, "has no password, which PLAIN needs"),
        (sasl("PLAIN") | {"sasl.jaas.config": "a required; b required;"}, "has 2 login modules"),
        (sasl("PLAIN") | {"sasl.jaas.config": 'x required password="top'}, "Value not specified for key 'password'"),
        (sasl("PLAIN") | {"sasl.login.class": "x.Y"}, "sasl.login.class=x.Y names a Java class"),
        (
            sasl("OAUTHBEARER") | {"sasl.oauthbearer.token.endpoint.url": "https://issuer/token"},
            "https://issuer/token: tokens are not fetched here",
        ),
        (TLS | {"ssl.truststore.location": "/no/such.pem"}, "/no/such.pem cannot be read: No such file"),
        (TLS | {"ssl.cipher.suites": "TLS_AES_128_GCM_SHA256"}, "ssl.cipher.suites: it cannot be chosen here"),
        (TLS | {"ssl.enabled.protocols": "SSLv3"}, "only TLSv1.2 and TLSv1.3 are offered"),
        (TLS | {"ssl.endpoint.identification.algorithm": "ldaps"}, "it is https, or empty"),
        (TLS | {"ssl.keystore.key": "-----BEGIN PRIVATE KEY----- x"}, "have to be set both"),
        (TLS | {"ssl.keystore.location": str(CERTIFICATES / "ca.pem")}, "a private key and the certificate"),
        (
            TLS | {"ssl.keystore.location": str(CERTIFICATES / "client-encrypted.pem"), "ssl.key.password": "wrong"},
            "or ssl.key.password is not its password",
        ),
        (
            TLS | {"ssl.keystore.location": str(CERTIFICATES / "client-encrypted.pem")},
            "a private key and the certificate that belongs to it cannot be read from it",
        ),
        (TLS | {"ssl.truststore.certificates": "x"}, "ssl.truststore.certificates: it holds no certificate"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        client_security(settings)


@pytest.mark.parametrize(
    ("content", "key", "sentence"),
    [
        (b"\xfe\xed\xfe\xed\0\0\0\2", "ssl.truststore.location", "is a JKS store of Java, and only PEM can be read"),
        (b"\x30\x82\x0a\x00", "ssl.truststore.location", "keytool -list -rfc -keystore .*store.p12 > store.pem"),
        (
            b"\x30\x82\x0a\x00",
            "ssl.keystore.location",
            "is a PKCS12 store, .*openssl pkcs12 -in .* -nodes -out store.pem",
        ),
        (b"hello", "ssl.keystore.location", "is no PEM file"),
    ],
)
def test_stores_of_java_are_to_be_converted(tmp_path: Path, content: bytes, key: str, sentence: str) -> None:
    store = tmp_path / "store.p12"
    store.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        client_security(TLS | {key: str(store)})
