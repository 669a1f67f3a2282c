"""``minikafka doctor``: what it finds, what it advises, and that it leaves nothing behind."""

from __future__ import annotations

import http.server
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from minikafka.broker import Broker
from minikafka.cli.doctor.doctor import main
from minikafka.protocol.messages import (
    CreateTopicsResponse,
    DeleteTopicsResponse,
    FetchResponse,
    FindCoordinatorResponse,
    MetadataResponse,
    ProduceResponse,
)
from tests.support.broker_front import CERTIFICATES, CLOSE, BrokerFront, server_tls
from tests.support.brokers import free_port

PRODUCE, FETCH, METADATA, FIND_COORDINATOR = 0, 1, 3, 10
API_VERSIONS, CREATE_TOPICS, DELETE_TOPICS = 18, 19, 20
USERS = {"alice": "alice-secret"}

Doctor = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as broker:
        broker.create_topic("ours")
        yield broker


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Doctor:
    """``doctor(address, *arguments, **settings of the client)`` -> exit code, stdout."""

    def examine(address: str, *arguments: str, settings: dict[str, str] | None = None) -> tuple[int, str]:
        capsys.readouterr()
        given = [address, *arguments]
        if settings is not None:
            file = tmp_path / "client.properties"
            file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
            given += ["--command-config", str(file)]
        code = main(given)
        return code, capsys.readouterr().out

    return examine


def tls(protocol: str = "SSL") -> dict[str, str]:
    return {"security.protocol": protocol, "ssl.truststore.location": str(CERTIFICATES / "ca.pem")}


def login(mechanism: str = "PLAIN", password: str = "alice-secret", protocol: str = "SASL_PLAINTEXT") -> dict[str, str]:
    return {
        "security.protocol": protocol,
        "sasl.mechanism": mechanism,
        "sasl.jaas.config": f'x required username="alice" password="{password}";',
    }


def failure(out: str) -> tuple[str, str, str]:
    """The failed step, what is wrong, and the advice."""
    match = re.search(r"^FAIL  (.{10})  (.*)\n((?:  -> |     ).*(?:\n     .*)*)\n\Z", out, re.MULTILINE)
    assert match is not None, out
    return match[1].strip(), match[2], " ".join(match[3].replace("->", "").split())


def steps(out: str, status: str = "ok  ") -> list[str]:
    return [line[6:16].strip() for line in out.splitlines() if line.startswith(status)]


@contextmanager
def fronted(
    answers: dict[int, Any] | None = None, *, broker_settings: dict[str, object] | None = None, **front: Any
) -> Iterator[BrokerFront]:
    """A broker that advertises the front it is behind."""
    with BrokerFront(answers=answers, **front) as door:
        advertised = {"advertised_listeners": f"PLAINTEXT://{door.address}"}
        with Broker(**(advertised | (broker_settings or {}))) as behind:
            door.backend_port = behind.port
            yield door


# All is well.


def test_a_broker_in_good_health(broker: Broker, doctor: Doctor) -> None:
    code, out = doctor(broker.bootstrap_servers)
    assert code == 0
    assert steps(out) == [
        *("resolve", "connect", "versions", "metadata", "advertised"),
        *("topic", "produce", "consume", "topic", "group"),
    ]
    assert f"cluster {broker.cluster_id} of 1 broker, controller 1, " in out
    assert out.endswith("\nAll is well.\n")
    assert not [topic for topic in broker.topics() if topic.startswith("minikafka-doctor")]


def test_a_topic_that_is_there(broker: Broker, doctor: Doctor) -> None:
    before = len(broker.records("ours"))
    code, out = doctor(broker.bootstrap_servers, "--topic", "ours")
    assert code == 0
    assert "topic       ours has 1 partition with a leader" in out
    assert len(broker.records("ours")) == before + 1


@pytest.mark.parametrize("topic", [[], ["--topic", "ours"]])
def test_read_only_writes_nothing(broker: Broker, doctor: Doctor, topic: list[str]) -> None:
    before = (broker.topics(), len(broker.records("ours")))
    code, out = doctor(broker.bootstrap_servers, "--read-only", *topic)
    assert code == 0
    assert "produce" not in steps(out)
    assert steps(out)[-1] == ("consume" if topic else "advertised")
    assert (broker.topics(), len(broker.records("ours"))) == before


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_secured_broker(doctor: Doctor, mechanism: str) -> None:
    with fronted(users=USERS, tls=server_tls()) as front:
        code, out = doctor(front.address, settings=tls() | login(mechanism, protocol="SASL_SSL"))
    assert code == 0
    assert steps(out)[:5] == ["resolve", "connect", "TLS", "log in", "versions"]
    assert f"the broker let us in with {mechanism}" in out


def test_a_broker_at_an_ipv6_address(doctor: Doctor) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with Broker(listeners="PLAINTEXT://[::1]:0") as broker:
        address = f"[::1]:{broker.port}"
        code, out = doctor(address)
    assert code == 0
    assert f"broker 1 is reached at {address}, which it tells its clients" in out


def test_several_addresses_are_all_tried(broker: Broker, doctor: Doctor) -> None:
    code, out = doctor(f"{broker.bootstrap_servers},127.0.0.1:{free_port()}")
    assert code == 1
    assert steps(out) == ["resolve", "connect", "versions", "resolve"]
    assert failure(out)[0] == "connect"


# Nobody, or somebody else.


def test_nobody_listens(doctor: Doctor) -> None:
    address = f"127.0.0.1:{free_port()}"
    code, out = doctor(address)
    step, text, advice = failure(out)
    assert (code, step, text) == (1, "connect", f"nobody listens at {address}")
    assert advice.startswith("Is the broker running, and is this its port")


def test_a_name_without_address(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    code, out = doctor("kafka:9092")
    step, text, advice = failure(out)
    assert (code, step) == (1, "resolve")
    assert text == "the name kafka has no address here (Name or service not known)"
    assert "known only inside of Docker" in advice


class SilentHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_web_server(doctor: Doctor) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            code, out = doctor(f"127.0.0.1:{server.server_port}", "--timeout", "0.3")
        finally:
            server.shutdown()
            thread.join()
    step, text, _ = failure(out)
    assert (code, step) == (1, "versions")
    assert text == f"127.0.0.1:{server.server_port} is a web server, not a broker"


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A server on a port that sends ``answer`` to whatever comes and closes; None: it says nothing at all."""
    listening = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            if answer is None:
                held.append(client)
                continue
            with client:
                client.recv(4096)
                client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for client in held:
            client.close()


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        (b"Zookeeper version: 3.8.4--1, built on 2024\n", "ZooKeeper"),
        (b"srvr is not executed because it is not in the whitelist.\n", "ZooKeeper"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server"),
    ],
)
def test_other_servers_are_known_by_their_words(doctor: Doctor, answer: bytes, who: str) -> None:
    with answering(answer) as port:
        code, out = doctor(f"127.0.0.1:{port}", "--timeout", "2")
    step, text, advice = failure(out)
    assert (code, step, text) == (1, "versions", f"127.0.0.1:{port} is {who}, not a broker")
    assert "usually 9092" in advice


def test_a_server_that_says_nothing(doctor: Doctor) -> None:
    with answering(None) as port:
        code, out = doctor(f"127.0.0.1:{port}", "--timeout", "0.1")
    step, text, advice = failure(out)
    assert (code, step) == (1, "versions")
    assert text == f"127.0.0.1:{port} takes connections, but does not answer as a Kafka broker does"
    assert "may be starting still" in advice


def test_kafka_that_is_too_old(broker: Broker, doctor: Doctor) -> None:
    with BrokerFront(broker.port, answers={API_VERSIONS: lambda request, version: CLOSE}) as front:
        code, out = doctor(front.address)
    assert (code, failure(out)[:2]) == (1, ("versions", f"{front.address} is Kafka 0.9 or older"))


# TLS.


def test_tls_spoken_to_a_plain_listener(broker: Broker, doctor: Doctor) -> None:
    code, out = doctor(broker.bootstrap_servers, settings=tls())
    step, text, advice = failure(out)
    assert (code, step) == (1, "TLS")
    assert text == f"{broker.bootstrap_servers} speaks Kafka's protocol, but without TLS"
    assert advice.startswith("Set security.protocol=PLAINTEXT")


@pytest.mark.parametrize(
    ("users", "advice"),
    [
        (None, "Set security.protocol=SSL and ssl.truststore.location"),
        (USERS, "Set security.protocol=SASL_SSL and ssl.truststore.location"),
    ],
)
def test_a_tls_listener_spoken_to_plainly(
    broker: Broker, doctor: Doctor, users: dict[str, str] | None, advice: str
) -> None:
    with BrokerFront(broker.port, tls=server_tls(), users=users) as front:
        code, out = doctor(front.address)
    step, text, advised = failure(out)
    assert (code, step, text) == (1, "versions", f"{front.address} speaks TLS, and this client did not")
    assert advised.startswith(advice)
    assert ("it offers PLAIN, SCRAM-SHA-256" in advised) == (users is not None)


@pytest.mark.parametrize(
    ("certificate", "settings", "problem", "what_to_do"),
    [
        ("server", {"security.protocol": "SSL"}, "is signed by nobody this client trusts", "ssl.truststore.location"),
        ("elsewhere", tls(), "is for another name", "subjectAltName has 127.0.0.1"),
        ("expired", tls(), "has expired", "is the clock of this machine right?"),
    ],
)
def test_a_certificate_that_is_not_trusted(
    broker: Broker, doctor: Doctor, certificate: str, settings: dict[str, str], problem: str, what_to_do: str
) -> None:
    with BrokerFront(broker.port, tls=server_tls(certificate)) as front:
        code, out = doctor(front.address, settings=settings)
    step, text, advice = failure(out)
    assert (code, step) == (1, "TLS")
    assert text.startswith(f"the certificate of {front.address} {problem}")
    assert what_to_do in advice


def test_a_broker_that_wants_a_certificate(broker: Broker, doctor: Doctor) -> None:
    with BrokerFront(broker.port, tls=server_tls(wants_client=True)) as front:
        code, out = doctor(front.address, settings=tls())
    _, text, advice = failure(out)
    assert code == 1
    assert text.startswith(f"{front.address} does not accept this client's certificate, or wants one")
    assert "ssl.keystore.location" in advice


# Logging in.


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password(broker: Broker, doctor: Doctor, mechanism: str) -> None:
    with BrokerFront(broker.port, users=USERS) as front:
        code, out = doctor(front.address, settings=login(mechanism, "wrong"))
    step, text, advice = failure(out)
    assert (code, step) == (1, "log in")
    assert text == "the login was refused: Authentication failed: Invalid username or password"
    assert "sasl.jaas.config" in advice
    assert "wrong" not in out


def test_a_mechanism_that_is_not_offered(broker: Broker, doctor: Doctor) -> None:
    with BrokerFront(broker.port, users=USERS, mechanisms=("SCRAM-SHA-512",)) as front:
        code, out = doctor(front.address, settings=login())
    step, text, advice = failure(out)
    assert (code, step) == (1, "log in")
    assert text == f"{front.address} does not offer PLAIN to log in with, but SCRAM-SHA-512"
    assert advice.startswith("Set sasl.mechanism to one of these")


def test_a_login_nobody_asks_for(broker: Broker, doctor: Doctor) -> None:
    code, out = doctor(broker.bootstrap_servers, settings=login())
    step, text, advice = failure(out)
    assert (code, step, text) == (1, "log in", f"{broker.bootstrap_servers} asks nobody to log in")
    assert advice.startswith("Set security.protocol=PLAINTEXT")


def test_a_login_that_is_missing(broker: Broker, doctor: Doctor) -> None:
    """Kafka answers ApiVersions to everybody; what follows it does not answer."""
    with BrokerFront(broker.port, users=USERS) as front:
        code, out = doctor(front.address)
    step, text, advice = failure(out)
    assert (code, step) == (1, "metadata")
    assert text == f"{front.address} wants clients to log in, and this one did not"
    assert "security.protocol=SASL_PLAINTEXT" in advice
    assert "it offers PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER" in advice


def test_an_impostor(broker: Broker, doctor: Doctor) -> None:
    with BrokerFront(broker.port, users=USERS, is_impostor=True) as front:
        code, out = doctor(front.address, settings=login("SCRAM-SHA-256"))
    step, text, advice = failure(out)
    assert (code, step) == (1, "log in")
    assert "Invalid server signature" in text
    assert "may not be the broker it says it is" in advice


# Advertised addresses.


def test_an_advertised_address_where_nobody_listens(doctor: Doctor) -> None:
    port = free_port()
    with Broker(advertised_listeners=f"PLAINTEXT://localhost:{port}") as broker:
        code, out = doctor(broker.bootstrap_servers)
    step, text, advice = failure(out)
    assert (code, step) == (1, "advertised")
    assert text == (
        f"broker 1 tells clients to connect to localhost:{port}, and from here that fails: nobody listens at "
        f"localhost:{port}"
    )
    assert "Set advertised.listeners of broker 1" in advice
    assert "(from here, 127.0.0.1 does), and start it anew" in advice


def test_an_advertised_name_that_is_known_elsewhere(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def known_elsewhere(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "kafka":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **options)

    with Broker(advertised_listeners="PLAINTEXT://kafka:9092") as broker:
        monkeypatch.setattr(socket, "getaddrinfo", known_elsewhere)
        code, out = doctor(broker.bootstrap_servers)
    step, text, advice = failure(out)
    assert (code, step) == (1, "advertised")
    assert text.endswith(
        "to kafka:9092, and from here that fails: the name kafka has no address here (Name or service not known)"
    )
    assert "Docker" in advice


def test_an_advertised_address_of_another_cluster(broker: Broker, doctor: Doctor) -> None:
    with Broker(advertised_listeners=f"PLAINTEXT://{broker.bootstrap_servers}") as mistaken:
        code, out = doctor(mistaken.bootstrap_servers)
        expected = f"another cluster answers there ({broker.cluster_id} instead of {mistaken.cluster_id})"
    step, text, _ = failure(out)
    assert (code, step) == (1, "advertised")
    assert text.endswith(expected)


# Topics, records, groups.


def leaderless(request: Any, version: int) -> MetadataResponse:
    topics = [
        MetadataResponse.MetadataResponseTopic(
            name=topic.name,
            partitions=[
                MetadataResponse.MetadataResponsePartition(
                    error_code=5, partition_index=index, leader_id=1 - 2 * index, replica_nodes=[1 + index]
                )
                for index in range(2)
            ],
        )
        for topic in request.topics or ()
    ]
    port = leaderless_port[0]
    broker = MetadataResponse.MetadataResponseBroker(node_id=1, host="127.0.0.1", port=port)
    return MetadataResponse(brokers=[broker], controller_id=1, topics=topics)


leaderless_port = [0]


def test_a_topic_without_leader(broker: Broker, doctor: Doctor) -> None:
    with BrokerFront(broker.port, answers={METADATA: leaderless}) as front:
        leaderless_port[0] = front.port
        code, out = doctor(front.address, "--topic", "ours")
    step, text, advice = failure(out)
    assert (code, step) == (1, "topic")
    assert text == "topic ours has no leader for partition 1: it cannot be used"
    assert advice == "Start the brokers that have its replicas (2)."


def test_a_topic_that_is_not_there(broker: Broker, doctor: Doctor) -> None:
    code, out = doctor(broker.bootstrap_servers, "--topic", "missing")
    step, text, advice = failure(out)
    assert (code, step) == (1, "topic")
    assert text.startswith("topic missing is refused with UNKNOWN_TOPIC_OR_PARTITION")
    assert "kafka-topics --list" in advice


def creation_refused(request: Any, version: int) -> CreateTopicsResponse:
    result = CreateTopicsResponse.CreatableTopicResult(name=request.topics[0].name, error_code=29, error_message="no")
    return CreateTopicsResponse(topics=[result])


def production_refused(request: Any, version: int) -> ProduceResponse:
    (topic,) = request.topic_data
    part = ProduceResponse.PartitionProduceResponse(index=0, error_code=19, base_offset=-1)
    answer = ProduceResponse.TopicProduceResponse(topic_id=topic.topic_id, partition_responses=[part])
    if version < 13:
        answer.name = topic.name
    return ProduceResponse(responses=[answer])


def nothing_read(request: Any, version: int) -> FetchResponse:
    (topic,) = request.topics
    part = FetchResponse.PartitionData(partition_index=0, high_watermark=0, records=b"")
    answer = FetchResponse.FetchableTopicResponse(topic_id=topic.topic_id, partitions=[part])
    return FetchResponse(responses=[answer])


def no_coordinator(request: Any, version: int) -> FindCoordinatorResponse:
    coordinator = FindCoordinatorResponse.Coordinator(key=request.coordinator_keys[0], error_code=15, node_id=-1)
    return FindCoordinatorResponse(coordinators=[coordinator])


def not_deleted(request: Any, version: int) -> DeleteTopicsResponse:
    result = DeleteTopicsResponse.DeletableTopicResult(name=request.topics[0].name, error_code=29)
    return DeleteTopicsResponse(responses=[result])


@pytest.mark.parametrize(
    ("answers", "step", "text", "advice"),
    [
        ({CREATE_TOPICS: creation_refused}, "topic", "refused with TOPIC_AUTHORIZATION_FAILED: no", "kafka-acls"),
        ({PRODUCE: production_refused}, "produce", "refused with NOT_ENOUGH_REPLICAS", "min.insync.replicas"),
        ({PRODUCE: lambda *_: None}, "produce", "writing a record got no answer", "a longer --timeout"),
        ({FETCH: nothing_read}, "consume", "could not be read back within 0.5 s", "look at the broker's log"),
        (
            {FIND_COORDINATOR: no_coordinator},
            "group",
            "COORDINATOR_NOT_AVAILABLE",
            "offsets.topic.replication.factor=1",
        ),
    ],
    ids=["creation", "produce", "timeout", "consume", "group"],
)
def test_a_step_that_fails(doctor: Doctor, answers: dict[int, Any], step: str, text: str, advice: str) -> None:
    with fronted(answers) as front:
        code, out = doctor(front.address, "--timeout", "0.5")
    failed, said, advised = failure(out)
    assert (code, failed) == (1, step)
    assert text in said
    assert advice in advised
    assert ("was deleted" in out) == (step != "topic"), "what was created is deleted whatever happens"


def test_a_topic_that_cannot_be_deleted_is_named(doctor: Doctor) -> None:
    with fronted({DELETE_TOPICS: not_deleted}) as front:
        code, out = doctor(front.address)
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("note")]
    assert re.search(r"minikafka-doctor-\w+ could not be deleted, and is still there", line)


# The command line.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "it needs the HOST:PORT of a broker"),
        (["a:1", "b:2"], "one HOST:PORT is examined at a time"),
        (["a:x"], "'a:x' is no address of a broker"),
        (["a:1", "--quick"], "there is no option --quick"),
        (["a:1", "--topic"], "--topic needs a TOPIC behind it"),
        (["a:1", "--timeout", "0"], "--timeout is a number of seconds above 0, not '0'"),
        (["a:1", "--command-config", "/no/such"], "/no/such cannot be read"),
    ],
)
def test_a_command_line_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: minikafka doctor HOST:PORT")
