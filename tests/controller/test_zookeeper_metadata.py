"""Kafka's znodes, read as records of a metadata log."""

from __future__ import annotations

from itertools import count

import pytest

from minikafka.controller.zookeeper_metadata import ZooKeeperMetadata, read_zookeeper
from minikafka.errors import StorageError
from minikafka.state.client_quotas import CLIENT_ID, IP, USER
from minikafka.state.configurations import BROKER
from minikafka.state.metadata_image import MetadataImage
from minikafka.state.scram import SCRAM_SHA_256, SCRAM_SHA_512, ScramCredential

CREDENTIAL = "salt=c2FsdA==,stored_key=c3RvcmVk,server_key=c2VydmVy,iterations=8192"
TREE = {
    "/brokers/topics/t": b'{"version":1,"partitions":{"0":[7],"2":[7],"1":[7]}}',
    "/brokers/topics/u": b'{"version":3,"topic_id":"x","partitions":{"0":[7]},"adding_replicas":{}}',
    "/config/topics/t": b'{"version":1,"config":{"retention.ms":"5","cleanup.policy":"compact,delete"}}',
    "/config/brokers/<default>": b'{"version":1,"config":{"message.max.bytes":"2000000"}}',
    "/config/brokers/7": b'{"version":1,"config":{"log.cleaner.threads":"2","listener.name.ssl.ssl.key.password":"x",'
    b'"ssl.keystore.password":"encrypted","inter.broker.protocol.version":"3.0"}}',
    "/config/users/alice%20smith": (
        '{"version":1,"config":{"producer_byte_rate":"1024","SCRAM-SHA-256":"' + CREDENTIAL + '","SCRAM-SHA-512":"'
        f"{CREDENTIAL}" + '"}}'
    ).encode(),
    "/config/users/<default>": b'{"version":1,"config":{"request_percentage":"12.5"}}',
    "/config/users/alice%20smith/clients/<default>": b'{"version":1,"config":{"consumer_byte_rate":"2048"}}',
    "/config/users/nobody/clients/app": b'{"version":1,"config":{"controller_mutation_rate":"3"}}',
    "/config/clients/app%2A": b'{"version":1,"config":{"producer_byte_rate":"1"}}',
    "/config/ips/10.0.0.1": b'{"version":1,"config":{"connection_creation_rate":"9"}}',
    "/kafka-acl/Topic/t": b'{"version":1,"acls":[{"principal":"User:a","permissionType":"Allow","operation":"Read",'
    b'"host":"*"},{"principal":"User:b","permissionType":"Deny","operation":"All","host":"10.0.0.1"}]}',
    "/kafka-acl-extended/prefixed/Group/team-": b'{"version":1,"acls":[{"principal":"User:a","permissionType":"Allow",'
    b'"operation":"Describe","host":"*"}]}',
    "/latest_producer_id_block": b'{"version":1,"broker":7,"block_start":"3000","block_end":"3999"}',
    "/delegation_token/tokens/one": b"{}",
}


class Tree:
    """ZooKeeper as a dictionary of what is in the leaves."""

    def __init__(self, nodes: dict[str, bytes]) -> None:
        self.nodes = nodes

    def children(self, path: str) -> list[str]:
        below = [node[len(path) + 1 :] for node in self.nodes if node.startswith(f"{path}/")]
        return sorted({rest.split("/")[0] for rest in below})

    def data(self, path: str) -> bytes | None:
        return self.nodes.get(path)


def read(nodes: dict[str, bytes]) -> ZooKeeperMetadata:
    numbers = count(1)
    return read_zookeeper(Tree(nodes), lambda: next(numbers).to_bytes(16, "big"))


def image_of(metadata: ZooKeeperMetadata) -> MetadataImage:
    image = MetadataImage()
    image.apply(record for record, _ in metadata.records)
    return image


def test_topics_and_producer_ids() -> None:
    metadata = read(TREE)
    assert metadata.topics == {
        "t": (3, {"retention.ms": "5", "cleanup.policy": "compact,delete"}),
        "u": (1, {}),
    }
    assert metadata.next_producer_id == 4000
    assert read({"/brokers/ids/7": b""}).next_producer_id == 0


def test_settings_of_brokers_but_no_secrets() -> None:
    metadata = read(TREE)
    assert image_of(metadata).configs == {
        (BROKER, ""): {"message.max.bytes": "2000000"},
        (BROKER, "7"): {"log.cleaner.threads": "2"},
    }
    assert metadata.left_out == [
        "the setting listener.name.ssl.ssl.key.password of the broker 7: set it again where it is needed",
        "the setting ssl.keystore.password of the broker 7: it is encrypted for brokers with ZooKeeper",
        "the setting inter.broker.protocol.version of the broker 7: Kafka has it until 3.9 only",
        "1 delegation tokens: their owners have to ask for new ones",
    ]


def test_quotas() -> None:
    assert image_of(read(TREE)).client_quotas.by_entity == {
        frozenset({(USER, "alice smith")}): {"producer_byte_rate": 1024.0},
        frozenset({(USER, None)}): {"request_percentage": 12.5},
        frozenset({(USER, "alice smith"), (CLIENT_ID, None)}): {"consumer_byte_rate": 2048.0},
        frozenset({(USER, "nobody"), (CLIENT_ID, "app")}): {"controller_mutation_rate": 3.0},
        frozenset({(CLIENT_ID, "app*")}): {"producer_byte_rate": 1.0},
        frozenset({(IP, "10.0.0.1")}): {"connection_creation_rate": 9.0},
    }


def test_credentials() -> None:
    known = {"alice smith": ScramCredential(b"salt", b"stored", b"server", 8192)}
    assert image_of(read(TREE)).scram.by_mechanism == {SCRAM_SHA_256: known, SCRAM_SHA_512: known}


def test_acls() -> None:
    metadata = read(TREE)
    assert sorted(image_of(metadata).acls.by_id.values()) == [
        (2, "t", 3, "User:a", "*", 3, 3),
        (2, "t", 3, "User:b", "10.0.0.1", 2, 2),
        (3, "team-", 4, "User:a", "*", 8, 3),
    ]
    assert metadata.counts == ["2 settings of brokers", "6 quotas", "2 credentials", "3 ACLs"]


@pytest.mark.parametrize(
    ("path", "data", "sentence"),
    [
        ("/config/topics/t", b"no", "ZooKeeper has b'no' in /config/topics/t, which is not JSON"),
        ("/config/topics/t", b"[]", r"ZooKeeper has b'\[\]' in /config/topics/t, which is not an object"),
        (
            "/config/users/bob",
            b'{"config":{"SCRAM-SHA-256":"salt=x"}}',
            "ZooKeeper has a SCRAM-SHA-256 credential in /config/users/bob that is malformed",
        ),
        (
            "/kafka-acl/Topic/t",
            b'{"acls":[{"principal":"User:a","host":"*","operation":"Fly","permissionType":"Allow"}]}',
            "ZooKeeper has an ACL in /kafka-acl/Topic/t that cannot be understood: 'Fly'",
        ),
    ],
)
def test_what_cannot_be_understood(path: str, data: bytes, sentence: str) -> None:
    with pytest.raises(StorageError, match=sentence):
        read({**TREE, path: data})


def test_another_zookeeper() -> None:
    with pytest.raises(StorageError, match="there is no Kafka below the path that was given: it has no /brokers"):
        read({"/hadoop/x": b""})
