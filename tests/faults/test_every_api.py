"""A fault with an error code works for every API in every version: the table is gone over, so none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from minikafka import Broker
from minikafka.faults.contents import error_codes, partition_indexes, topic_of, topic_partitions
from minikafka.handlers import API_TABLE, Api
from minikafka.protocol.messages import request_class
from minikafka.protocol.schema import Struct
from tests.faults.raw_client import RawClient

CODE, NAME = 124, "FENCED_STATE_EPOCH"  # an error that no handler gives by itself here
TEXTS = {"name": "t", "topic": "t", "topic_name": "t", "resource_name": "t"}
FAIL_FOR_A_TOPIC = {0, 1, 2, 3, 8, 9, 19, 20, 21, 23, 24, 27, 28, 32, 33, 34, 37, 43, 44, 45, 47, 55, 61, 75}
# What needs a share group (78, 79, 91, 92) is in test_share_groups.
FAIL_FOR_A_TOPIC |= {83, 84, 85, 86, 87, 90}
TOPIC_LISTS = ("topics", "topic_data", "topic_partitions", "v3_and_below_topics")


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as running:
        running.create_topic("t", 2)
        running.create_topic("u", 2)
        yield running


def example(broker: Broker, cls: Any, struct: Struct, version: int, topic: str = "t") -> Any:
    """A request with one of everything, about a topic."""
    made = cls()
    ids = {known.name: known.topic_id for known in broker._running_node().services.image.topics_by_name.values()}
    for field in struct.fields:
        if not field.is_in(version):
            continue
        value: Any
        if field.struct is not None:
            value = example(broker, getattr(cls._message, field.struct.name), field.struct, version, topic)
        elif field.type == "string":
            value = topic if field.name in TEXTS or "topic_names" in field.name else "x"
        elif field.name == "resource_type":
            value = 2
        else:
            zeros = {"bytes": b"", "records": None, "boolean": False, "uuid": ids[topic], "float64": 0.0}
            value = zeros.get(field.type, 0)
        setattr(made, field.name, [value] if field.is_array else value)
    if hasattr(made, "acks"):
        made.acks = -1
    if hasattr(made, "response_partition_limit"):
        made.response_partition_limit, made.cursor = 100, None
    if hasattr(made, "session_epoch"):
        made.session_epoch = -1
    if hasattr(made, "acknowledgement_batches"):
        made.acknowledgement_batches = []  # none yet when a share session begins
    return made


@pytest.mark.parametrize("api", API_TABLE, ids=lambda api: api.name)
def test_an_api_fails_in_every_version(broker: Broker, api: Api) -> None:
    cls = request_class(api.key)
    with RawClient(broker) as client:
        for version in range(api.min_version, api.max_version + 1):
            request = example(broker, cls, cls._schema, version)
            with broker.faults.fail(api.key, CODE, times=1, required=True):
                answer = client.call(request, version)
            assert CODE in error_codes(answer), f"version {version}: {answer}"


@pytest.mark.parametrize("api", [api for api in API_TABLE if api.key in FAIL_FOR_A_TOPIC], ids=lambda api: api.name)
def test_a_topic_fails_alone_in_every_version(broker: Broker, api: Api) -> None:
    cls = request_class(api.key)
    with RawClient(broker) as client:
        for version in range(api.min_version, api.max_version + 1):
            if "u" not in broker.topics():  # deleted by the version before
                broker.create_topic("u", 2)
            request = about_two_topics(broker, cls, version)
            with broker.faults.fail(api.key, NAME, topic="t", times=1, required=True):
                answer = client.call(request, version)
            failed = {topic for topic, codes in codes_by_topic(broker, answer).items() if CODE in codes}
            assert failed == {"t"}, f"version {version}: {answer}"
            named = {topic for topic, _ in topic_partitions(answer, image_of(broker))}
            assert named >= {"t", "u"}, f"version {version}: {answer}"


SAYS_A_GROUP = {8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 42, 47, 68, 69, *range(76, 80), *range(83, 88), *range(90, 93)}
SAYS_A_TRANSACTIONAL_ID = {0, 22, 24, 25, 26, 28, 65}


@pytest.mark.parametrize(
    ("keys", "filters"), [(SAYS_A_GROUP, {"group": "x"}), (SAYS_A_TRANSACTIONAL_ID, {"transactional_id": "x"})]
)
def test_groups_and_transactional_ids_are_found_in_every_version(
    broker: Broker, keys: set[int], filters: dict[str, Any]
) -> None:
    others = dict.fromkeys(filters, "y")
    with RawClient(broker) as client:
        for api in API_TABLE:
            if api.key not in keys:
                continue
            cls = request_class(api.key)
            for version in range(api.min_version, api.max_version + 1):
                if api.key == 0 and version < 3:
                    continue  # It says none then.
                request = example(broker, cls, cls._schema, version)
                with (
                    broker.faults.leave_unanswered(api.key, **others) as other,
                    broker.faults.fail(api.key, CODE, required=True, **filters),
                ):
                    answer = client.call(request, version)
                assert CODE in error_codes(answer), f"{api.name} version {version}: {answer}"
                assert other.hits == 0


@pytest.mark.parametrize(
    ("keys", "filters"), [(SAYS_A_GROUP, {"group": "x"}), (SAYS_A_TRANSACTIONAL_ID | {10}, {"transactional_id": "x"})]
)
def test_who_says_neither_is_known(broker: Broker, keys: set[int], filters: dict[str, Any]) -> None:
    for api in API_TABLE:
        if api.key in keys:
            broker.faults.delay(api.key, 0, **filters).remove()
        else:
            with pytest.raises(ValueError, match="fits none"):
                broker.faults.delay(api.key, 0, **filters)


def image_of(broker: Broker) -> Any:
    return broker._running_node().services.image


def about_two_topics(broker: Broker, cls: Any, version: int) -> Any:
    """One request that names both topics: the lists of topics of two requests in one."""
    one, other = (example(broker, cls, cls._schema, version, topic) for topic in ("t", "u"))
    _join_topics(one, other, image_of(broker))
    return one


def _join_topics(one: Any, other: Any, image: Any) -> None:
    for name in one.field_names:
        values = getattr(one, name)
        if not isinstance(values, list) or not values:
            continue
        if isinstance(values[0], str):
            if "topic" in name:
                values += getattr(other, name)
        elif hasattr(values[0], "field_names"):
            if topic_of(name, values[0], image) is not None:
                values += getattr(other, name)
            else:
                _join_topics(values[0], getattr(other, name)[0], image)


def codes_by_topic(broker: Broker, answer: Any) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}

    def walk(part: Any) -> None:
        for name in part.field_names:
            values = getattr(part, name)
            for value in values if isinstance(values, list) else ():
                if not hasattr(value, "field_names"):
                    continue
                topic = topic_of(name, value, image_of(broker))
                if topic is None:
                    walk(value)
                else:
                    found.setdefault(topic, set()).update(error_codes(value))

    walk(answer)
    return found


def test_the_examples_name_partitions(broker: Broker) -> None:
    cls = request_class(1)
    [topic] = example(broker, cls, cls._schema, 12).topics
    assert list(partition_indexes(topic)) == [0]
