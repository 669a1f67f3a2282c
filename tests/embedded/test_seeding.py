from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minikafka import Broker


def test_from_plain_data(broker: Broker) -> None:
    broker.seed(
        {
            "values": ["a", b"b", None],
            "records": [("k", "v"), {"key": "k", "value": "w", "headers": {"h": "1"}, "timestamp": 5}],
            "wide": {"partitions": 3, "configs": {"retention.ms": 1000}, "records": [{"value": "x", "partition": 2}]},
        }
    )
    assert [record.value for record in broker.records("values")] == [b"a", b"b", None]
    first, second = broker.records("records")
    assert (first.key, first.value) == (b"k", b"v")
    assert (second.value, second.headers, second.timestamp) == (b"w", (("h", b"1"),), 5)
    assert broker.topics() == {"records": 1, "values": 1, "wide": 3}
    assert broker.topic_configs("wide") == {"retention.ms": "1000"}
    assert [record.partition for record in broker.records("wide")] == [2]


def test_more_is_appended(broker: Broker) -> None:
    broker.seed({"t": {"partitions": 2}})
    broker.seed({"t": [("a", "1")]})
    broker.seed({"t": [("a", "2")]})
    assert [record.text for record in broker.records("t")] == ["1", "2"]


def test_from_a_json_file(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text('{"t": ["a", {"key": "k", "value": {"id": 1}}], "empty": {"partitions": 2}}')
    broker.seed(path)
    assert [(record.key, record.value) for record in broker.records("t")] == [(None, b"a"), (b"k", b'{"id": 1}')]
    assert broker.topics() == {"empty": 2, "t": 1}


def test_from_lines(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "seed.jsonl"
    path.write_text(
        '{"topic": "a", "value": 1}\n\n{"topic": "b", "value": null, "key": "k"}\n{"topic": "a", "value": "x"}'
    )
    broker.seed(str(path))
    assert [record.value for record in broker.records("a")] == [b"1", b"x"]
    assert [(record.key, record.value) for record in broker.records("b")] == [(b"k", None)]


def test_from_another_broker(broker: Broker) -> None:
    broker.seed({"t": {"partitions": 2, "configs": {"cleanup.policy": "compact"}, "records": []}})
    broker.produce("t", "v", key="k", headers={"h": b"\xff"}, partition=1, timestamp=99)
    broker.produce("other", b"x" * 600_000)
    broker.produce("other", b"y" * 600_000)
    with Broker() as copy:
        copy.seed(broker)
        assert copy.topics() == broker.topics()
        assert copy.topic_configs("t") == {"cleanup.policy": "compact"}
        assert copy.records("t") == broker.records("t")
        assert copy.records("other") == broker.records("other")


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("s.json", "[1]", "no object of topics"),
        ("s.json", '{"t": [\n{]}', r"s\.json:2 is no JSON"),
        ("s.jsonl", '{"topic": "t"}\n{"value": 1}', r"s\.jsonl:2 is no object with a topic"),
        ("s.jsonl", '{"topic": "t"}\n{{', r"s\.jsonl:2 is no JSON"),
        ("s.json", '{"t": [{"vlaue": 1}]}', "the seed of 't' has vlaue"),
        ("s.json", '{"t": {"partitions": 0}}', "the seed of 't' has partitions=0: a number of 1 or more"),
        ("s.json", '{"t": {"partition": 1}}', "the seed of 't' has partition, and only configs, partitions, records"),
    ],
)
def test_what_cannot_be_understood(broker: Broker, tmp_path: Path, name: str, text: str, complaint: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint):
        broker.seed(path)


def test_a_broker_is_not_seeded_from_itself(broker: Broker) -> None:
    with pytest.raises(ValueError, match="a broker is not seeded from itself"):
        broker.seed(broker)


def test_a_tuple_that_is_no_pair(broker: Broker) -> None:
    with pytest.raises(ValueError, match=r"a record of the seed of 't' is \('k', 'v', 'z'\): a pair is key and value"):
        broker.seed({"t": [("k", "v", "z")]})  # type: ignore[dict-item]


@pytest.mark.parametrize("seed", [5, None, {"t": 5}, {"t": "apple"}, {"t": {"records": 5}}])
def test_what_is_no_seed(broker: Broker, seed: Any) -> None:
    with pytest.raises(ValueError, match=r"a seed is a dict|give a list"):
        broker.seed(seed)
    assert broker.topics() == {}
