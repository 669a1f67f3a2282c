"""The tables themselves: the index says what is in them, and the notation is read as it is explained."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

from minikafka.handlers import API_TABLE
from minikafka.protocol import schema, tables
from minikafka.protocol.decode_source import min_size_bytes
from minikafka.protocol.schema import EMPTY, find, message_names, parse

AREAS = [module.name for module in iter_modules(tables.__path__)]


@pytest.mark.parametrize("area", AREAS)
def test_the_index_lists_what_a_table_holds(area):
    text = import_module(f"minikafka.protocol.tables.{area}").TABLE
    heads = [line.split()[0] for line in text.splitlines() if line and not line.startswith(" ")]
    assert sorted(heads) == sorted(name for name, (home, _) in tables.homes().items() if home == area)


def test_every_api_of_kafka_is_there():
    assert sorted(tables.APIS) == list(range(93))


def test_the_broker_serves_versions_that_exist():
    for api in API_TABLE:
        for kind in ("Request", "Response"):
            message = find(api.name + kind)
            assert message.key == api.key
            assert set(range(api.min_version, api.max_version + 1)) <= set(message.versions())


def test_requests_and_responses_have_the_same_versions():
    for name, _ in tables.APIS.values():
        request, response = find(name + "Request"), find(name + "Response")
        assert request.versions() == response.versions()
        assert (request.flexible_since, request.unstable) == (response.flexible_since, response.unstable)


@pytest.mark.parametrize("name", message_names())
def test_schemas_hold_together(name):
    message = find(name)
    for struct in (message, *message.structs.values()):
        names = [field.name for field in struct.fields]
        assert len(names) == len(set(names))
        tags = [field.tag for field in struct.fields if field.tag is not None]
        assert sorted(tags) == list(range(len(tags))), "tags count up from 0"
        for field in struct.fields:
            assert message.first_version <= field.since <= field.until <= message.last_version
            if field.tag is not None:
                assert message.is_flexible(field.since)
            if field.default is None and field.type != "records":
                assert field.nullable_since <= field.nullable_until


@pytest.mark.parametrize("name", message_names())
def test_every_struct_in_an_array_takes_space(name):
    """Else a frame of a few bytes could announce any number of them."""
    message = find(name)
    for version in message.versions():
        for struct in message.structs.values():
            if any(field.is_in(version) for field in struct.fields):
                assert min_size_bytes(struct, version, message.is_flexible(version)) > 0


EXAMPLE = """\
ExampleRequest versions 1-9 flexible 6+ unstable 9
  plain         int32
  some          string?3+  2-7  ignorable = null
  always_null   bytes?
  one           uint16     4
  items         [Item]?    2+   = null
    id          int64           = -1
    flag        boolean    5+   = true
    more        [Item]
  numbers       [int8]
  alone         Item?3-4   3+
  header        string     not_compact
  tagged        float64    7+   tag 0 ignorable
"""


@pytest.fixture
def example():
    return parse(EXAMPLE, 55)


def named(struct, name):
    (field,) = [field for field in struct.fields if field.name == name]
    return field


def test_the_head_of_a_message(example):
    assert (example.name, example.key) == ("ExampleRequest", 55)
    assert (example.versions(), example.flexible_since, example.unstable) == (range(1, 10), 6, 9)
    assert [version for version in example.versions() if example.is_flexible(version)] == [6, 7, 8, 9]


def test_versions_of_fields(example):
    ranges = {field.name: (field.since, field.until) for field in example.fields}
    assert ranges["plain"] == (1, 9)
    assert ranges["some"] == (2, 7)
    assert ranges["one"] == (4, 4)
    assert ranges["items"] == (2, 9)
    item = example.structs["Item"]
    assert (named(item, "id").since, named(item, "id").until) == (2, 9), "as the field that holds the struct"
    assert named(item, "flag").since == 5


def test_null(example):
    some = named(example, "some")
    assert [version for version in range(1, 10) if some.is_nullable(version)] == [3, 4, 5, 6, 7, 8, 9]
    alone = named(example, "alone")
    assert [version for version in range(1, 10) if alone.is_nullable(version)] == [3, 4]
    assert named(example, "always_null").is_nullable(1)
    assert not named(example, "plain").is_nullable(1)


def test_types_and_structs(example):
    item = example.structs["Item"]
    assert [(field.name, field.type, field.is_array) for field in item.fields] == [
        ("id", "int64", False),
        ("flag", "boolean", False),
        ("more", "struct", True),
    ]
    assert named(example, "items").struct is named(item, "more").struct is named(example, "alone").struct is item
    assert (named(example, "numbers").type, named(example, "numbers").is_array) == ("int8", True)


def test_defaults(example):
    assert named(example, "plain").default == 0
    assert named(example, "always_null").default == b""
    assert named(example, "items").default is None
    assert named(example, "numbers").default is EMPTY
    assert named(example, "alone").default is EMPTY
    assert named(example.structs["Item"], "id").default == -1
    assert named(example.structs["Item"], "flag").default is True
    assert named(example, "tagged").default == 0.0


def test_remarks(example):
    assert (named(example, "some").ignorable, named(example, "plain").ignorable) == (True, False)
    assert (named(example, "header").is_compact, named(example, "plain").is_compact) == (False, True)
    assert (named(example, "tagged").tag, named(example, "tagged").ignorable) == (0, True)


def test_fields_by_version(example):
    assert [field.name for field in example.plain_fields(1)] == ["plain", "always_null", "numbers", "header"]
    assert [field.name for field in example.tagged_fields(6)] == []
    assert [field.name for field in example.tagged_fields(7)] == ["tagged"]
    assert "one" in [field.name for field in example.absent_fields(5)]


def test_a_message_that_kafka_does_not_have():
    with pytest.raises(KeyError):
        schema.find("Nonsense")
