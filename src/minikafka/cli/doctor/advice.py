"""What is wrong and what to do, in plain words, for what a client can run into."""

from __future__ import annotations

import errno
import socket
from typing import Final

from minikafka import errors
from minikafka.cli.doctor.probe import Endpoint
from minikafka.client.errors import AuthenticationFailed, TlsFailed
from minikafka.errors import ApiError, message_of, name_of
from minikafka.named_tuple import NamedTuple

_SELF_SIGNED: Final = 18
_UNKNOWN_AUTHORITY: Final = (_SELF_SIGNED, 19, 20, 21)
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_WRONG_NAME: Final = (62, 63, 64)


class Problem(Exception):
    """``text`` says what is wrong, ``advice`` what to do."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.text = text
        self.advice = advice


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def no_address(host: str, error: OSError) -> Problem:
    """The name could not be resolved."""
    advice = "Check how it is written. "
    if "." not in host:
        advice += (
            "A short name like this is often known only inside of Docker, Kubernetes or a company's network: use a "
            "name or address that is known where the client runs, or add the name to its hosts file."
        )
    else:
        advice += "Ask whoever runs the broker for a name or address that works from here."
    return Problem(f"the name {host} has no address here ({error.strerror or error})", advice)


def not_connected(address: Address, error: OSError, timeout_s: float) -> Problem:
    """No TCP connection could be made."""
    if isinstance(error, ConnectionRefusedError):
        return Problem(
            f"nobody listens at {address}",
            "Is the broker running, and is this its port (listeners in its server.properties, usually 9092)? One in a "
            "container has to publish the port; one that listens on localhost cannot be reached from another machine.",
        )
    if isinstance(error, (TimeoutError, socket.timeout)) or error.errno == errno.ETIMEDOUT:
        return Problem(
            f"{address} does not answer within {timeout_s:g} s",
            "Packets get lost on the way: a firewall or security group may drop them, or no machine has this address.",
        )
    return Problem(
        f"{address} cannot be reached: {error.strerror or error}",
        "Check the network between here and there: address, route, VPN.",
    )


def tls_failed(address: Address, error: TlsFailed, endpoint: Endpoint | None) -> Problem:
    """``endpoint``: who was found at the port after the failure, if that was looked at."""
    code = getattr(error.__cause__, "verify_code", None)
    if code in _UNKNOWN_AUTHORITY:
        return Problem(
            f"the certificate of {address} is signed by nobody this client trusts ({_words(error)})",
            "Set ssl.truststore.location to a PEM file with the certificate of the authority that signed it "
            "(or with the broker's own, if nobody else did), and ssl.truststore.type=PEM.",
        )
    if code in _WRONG_NAME:
        return Problem(
            f"the certificate of {address} is for another name ({_words(error)})",
            f"Connect by a name the certificate has, or have one made whose subjectAltName has {address.host}. "
            "ssl.endpoint.identification.algorithm= (empty) does without the check, and without its protection.",
        )
    if code in (_EXPIRED, _NOT_YET_VALID):
        when = "has expired" if code == _EXPIRED else "is not valid yet"
        return Problem(f"the certificate of {address} {when}", "Have it renewed; is the clock of this machine right?")
    if endpoint is not None and endpoint.what == "kafka" and not endpoint.uses_tls:
        protocol = "PLAINTEXT" if endpoint.mechanisms is None else "SASL_PLAINTEXT"
        return Problem(
            f"{address} speaks Kafka's protocol, but without TLS",
            f"Set security.protocol={protocol}, or use the port of the listener that has TLS.",
        )
    if endpoint is not None and endpoint.what not in ("", "kafka"):
        return not_kafka(address, endpoint)
    if _is_about_own_certificate(error):
        return Problem(
            f"{address} does not accept this client's certificate, or wants one ({_words(error)})",
            "Set ssl.keystore.location to a PEM file with the client's private key and its certificate, signed by an "
            "authority the broker trusts (ssl.client.auth=required there).",
        )
    return Problem(
        f"no TLS with {address} ({_words(error)})",
        "Is this the port of a listener with TLS, and does the broker offer TLS 1.2 or 1.3 (ssl.enabled.protocols)?",
    )


def login_failed(address: Address, error: AuthenticationFailed, mechanism: str, uses_tls: bool) -> Problem:
    """The broker did not let the client in, or is not who it should be."""
    if error.code == errors.UNSUPPORTED_SASL_MECHANISM:
        return Problem(
            f"{address} does not offer {mechanism} to log in with, but {', '.join(error.offered) or 'nothing'}",
            "Set sasl.mechanism to one of these, or add yours to sasl.enabled.mechanisms of the broker.",
        )
    if error.code == errors.ILLEGAL_SASL_STATE:
        return Problem(
            f"{address} asks nobody to log in",
            f"Set security.protocol={'SSL' if uses_tls else 'PLAINTEXT'}, or use the port of the listener with SASL.",
        )
    if error.code is not None:
        return Problem(
            f"the login was refused: {str(error).partition(': ')[2] or error}",
            "Check user name and password (or the token) in sasl.jaas.config. A user of SCRAM has to be created: "
            "kafka-configs --alter --entity-type users --entity-name NAME --add-config 'SCRAM-SHA-256=[password=...]'; "
            "one of PLAIN is in the broker's own sasl.jaas.config.",
        )
    return Problem(
        f"the login failed: {error}",
        "What answers may not be the broker it says it is, or knows another password. Ask whoever runs it.",
    )


def not_kafka(address: Address, endpoint: Endpoint) -> Problem:
    """Something answered at the port, but not as a broker does."""
    if endpoint.what == "kafka" and endpoint.uses_tls:
        protocol = "SSL" if endpoint.mechanisms is None else "SASL_SSL"
        return Problem(
            f"{address} speaks TLS, and this client did not",
            f"Set security.protocol={protocol} and ssl.truststore.location in the file given by --command-config"
            f"{_login_hint(endpoint.mechanisms)}.",
        )
    if endpoint.what == "kafka" and endpoint.mechanisms is not None:
        return wants_login(address, endpoint.mechanisms, endpoint.uses_tls)
    if endpoint.uses_tls:
        return Problem(
            f"{address} speaks TLS, and this client did not",
            "Set security.protocol=SSL (or SASL_SSL) in the file given by --command-config.",
        )
    if endpoint.what == "ZooKeeper":
        return Problem(
            f"{address} is ZooKeeper, not a broker",
            "Use the port of the broker, usually 9092; clients since Kafka 0.9 do not talk to ZooKeeper.",
        )
    if endpoint.what not in ("", "kafka"):
        return Problem(f"{address} is {endpoint.what}, not a broker", "Use the port of the broker, usually 9092.")
    return Problem(
        f"{address} takes connections, but does not answer as a Kafka broker does",
        "Is this the right port? If it is, the broker may be starting still, or hang: look at its log.",
    )


def wants_login(address: Address, mechanisms: list[str], uses_tls: bool) -> Problem:
    """A listener with SASL was spoken to without logging in."""
    protocol = "SASL_SSL" if uses_tls else "SASL_PLAINTEXT"
    return Problem(
        f"{address} wants clients to log in, and this one did not",
        f"Set security.protocol={protocol} in the file given by --command-config{_login_hint(mechanisms)}.",
    )


def advertised(address: Address, node_id: int, began_with: Address, why: Problem) -> Problem:
    """An address that clients are told does not work."""
    text = f"broker {node_id} tells clients to connect to {address}, and from here that fails: {why.text}"
    advice = (
        "Whatever address a client begins with, it goes on with this one. Set advertised.listeners of broker "
        f"{node_id} to an address that works where its clients run"
    )
    if began_with.host != address.host:
        advice += f" (from here, {began_with.host} does), and start it anew"
    return Problem(text, f"{advice}. {why.advice}")


def refused(what: str, error: ApiError) -> Problem:
    """The broker answered with an error code."""
    known = _CODES.get(error.code)
    message = str(error) if str(error) != name_of(error.code) else message_of(error.code)
    text = f"{what} is refused with {error.name}: {message}"
    if known is not None:
        return Problem(text, known)
    if errors.is_retriable(error.code):
        return Problem(text, "This can pass by itself: try again, and look at the broker's log if it does not.")
    return Problem(text, "The broker's log may say more.")


def _words(error: Exception) -> str:
    return str(error).partition(": ")[2] or str(error)


def _is_about_own_certificate(error: TlsFailed) -> bool:
    words = str(error).lower()
    return "certificate" in words or "ended tls over" in words


def _login_hint(mechanisms: list[str] | None) -> str:
    if mechanisms is None:
        return ""
    return f", and sasl.mechanism (it offers {', '.join(mechanisms)}) and sasl.jaas.config"


_ACL: Final = "This user lacks the right to: add an ACL with kafka-acls, or log in as another user."
_CODES: Final = {
    errors.TOPIC_AUTHORIZATION_FAILED: _ACL,
    errors.GROUP_AUTHORIZATION_FAILED: _ACL,
    errors.CLUSTER_AUTHORIZATION_FAILED: f"{_ACL} Or name a topic that is there, with --topic.",
    errors.UNKNOWN_TOPIC_OR_PARTITION: "Check the name: kafka-topics --list shows all topics, --create makes one.",
    errors.INVALID_TOPIC_EXCEPTION: "A name has letters, digits, '.', '_' and '-', and 249 of them at the most.",
    errors.NOT_ENOUGH_REPLICAS: (
        "Fewer replicas are in sync than min.insync.replicas of the topic wants: start the brokers that are down, or "
        "lower it (with one broker it has to be 1)."
    ),
    errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND: (
        "Fewer replicas are in sync than min.insync.replicas of the topic wants: start the brokers that are down."
    ),
    errors.INVALID_REPLICATION_FACTOR: (
        "default.replication.factor of the brokers is more than there are brokers: lower it, or start the others."
    ),
    errors.KAFKA_STORAGE_ERROR: "A disk of the broker failed or is full: look at its log.",
    errors.POLICY_VIOLATION: "A rule of this cluster does not allow it: name a topic that is there, with --topic.",
    errors.MESSAGE_TOO_LARGE: "max.message.bytes of the topic is tiny: raise it.",
    errors.LEADER_NOT_AVAILABLE: "The partition has no leader: start the brokers that hold its replicas.",
    errors.COORDINATOR_NOT_AVAILABLE: (
        "The topic __consumer_offsets is not there or has no leader. With fewer than three brokers set "
        "offsets.topic.replication.factor=1 before the first group is used; otherwise start the brokers that are down."
    ),
    errors.UNSUPPORTED_VERSION: "The broker is too old, or too new, for this tool.",
}
