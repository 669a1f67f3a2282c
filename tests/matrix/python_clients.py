"""The Python clients that the tests drive: the releases installed beside them."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import AcknowledgeType, ShareConsumer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from tests.clients.drivers import DRIVER_MODULES, Driver, Message, driver
from tests.clients.drivers.transactional import transactional
from tests.matrix.workplace import CommandFailed, Workplace
from tests.support.polling import wait_until

MESSAGES = [Message(b"message %d" % number, partition=0) for number in range(200)]
VALUES = [message.value for message in MESSAGES]
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
TIMEOUT_S = 60.0


def check(library: str, *, workplace: Workplace) -> str:
    topic = workplace.topic(f"python-{DRIVER_MODULES[library]}")
    done: list[str] = []
    try:
        for column in use(library, topic, workplace):
            done.append(f"works: {column}")
    except AssertionError as failure:
        raise CommandFailed(str(failure), "\n".join(done)) from failure
    return "\n".join(done)


def use(library: str, topic: str, workplace: Workplace) -> Iterator[str]:
    """Does what the library can, and names each column that works."""
    client = driver(library, workplace.bootstrap)
    client.create_topic(topic)
    for codec in CODECS:
        client.produce(topic, MESSAGES, compression=codec, idempotent=True)
    yield "produce"
    taken = client.read(topic, {0: "earliest"}, len(CODECS) * len(VALUES), timeout_s=TIMEOUT_S)
    assert [message.value for message in taken] == VALUES * len(CODECS), "read other messages than were produced"
    yield "assignment"
    if "groups" in workplace.features:
        in_group(client, topic, f"group-of-{topic}")
        yield "group"
    if library == "confluent-kafka" and "848" in workplace.features:
        in_group(driver("confluent-kafka, consumer protocol", workplace.bootstrap), topic, f"848-of-{topic}")
        yield "848"
    if library == "confluent-kafka" and "share" in workplace.features:
        in_share_group(client, f"{topic}-shared")
        yield "share"
    if "transactions" in workplace.features:
        in_transactions(client, f"{topic}-transactional")
        yield "transactions"


def in_group(client: Driver, topic: str, group: str) -> None:
    expected = len(CODECS) * len(VALUES)
    taken: list[bytes | None] = []
    member = client.join(group, [topic])
    wait_until(
        lambda: taken.extend(message.value for message in member.poll()) or len(taken) >= expected,
        timeout_s=TIMEOUT_S,
        what=f"{expected} messages through the group {group}",
    )
    member.commit()
    member.close()
    assert taken == VALUES * len(CODECS), "read other messages in a group than were produced"
    assert client.committed(group, topic, 0) == expected


def in_share_group(client: Driver, topic: str) -> None:
    """Every message comes once, except for one that is given back and comes again."""
    client.create_topic(topic)
    admin = AdminClient({"bootstrap.servers": client.bootstrap})
    earliest = ConfigEntry("share.auto.offset.reset", "earliest", incremental_operation=AlterConfigOpType.SET)
    group = ConfigResource(ResourceType.GROUP, topic, incremental_configs=[earliest])
    for outcome in admin.incremental_alter_configs([group]).values():
        outcome.result(TIMEOUT_S)
    client.produce(topic, MESSAGES)
    taken: list[bytes | None] = []
    settings = {"bootstrap.servers": client.bootstrap, "group.id": topic, "share.acknowledgement.mode": "explicit"}
    # It says in its log that it is a preview.
    with ShareConsumer({**settings, "log_level": 3}) as consumer:
        consumer.subscribe([topic])

        def take() -> bool:
            for message in consumer.poll(0.1):
                assert message.error() is None, message.error()
                is_given_back = message.offset() == 7 and message.value() not in taken
                consumer.acknowledge(message, AcknowledgeType.RELEASE if is_given_back else AcknowledgeType.ACCEPT)
                taken.append(message.value())
            refused = [error for error in consumer.commit_sync(TIMEOUT_S).values() if error is not None]
            assert not refused, refused
            return len(taken) > len(VALUES)

        wait_until(take, timeout_s=TIMEOUT_S, what=f"{len(VALUES)} messages through a share group")
    assert sorted(taken) == sorted([*VALUES, VALUES[7]]), "read other messages in a share group than were produced"


def in_transactions(client: Driver, topic: str) -> None:
    """Two transactions are committed and one is not; with each goes an offset."""
    client.create_topic(topic)
    group = f"group-of-{topic}"
    producer = transactional(client.name, client.bootstrap, f"id-of-{topic}")
    for offset, (value, commits) in enumerate(((b"first", True), (b"second", True), (b"third", False))):
        producer.begin()
        producer.send(topic, value)
        producer.send_offsets({(topic, 0): offset}, group)
        if commits:
            producer.commit()
        else:
            producer.abort()
    producer.close()
    taken = client.read(topic, {0: "earliest"}, 2, isolation="read_committed", timeout_s=TIMEOUT_S)
    assert [message.value for message in taken] == [b"first", b"second"], taken
    assert client.committed(group, topic, 0) == 1
