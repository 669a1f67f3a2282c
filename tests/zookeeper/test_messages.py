"""Bytes of a session with ZooKeeper 3.5.7, as they went over its wire, against what is read and written here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.zookeeper import jute, messages
from minikafka.zookeeper.jute import JuteError, JuteReader
from minikafka.zookeeper.messages import (
    ConnectRequest,
    CreateRequest,
    PathAndVersion,
    PathAndWatch,
    RequestHeader,
    SetDataRequest,
    SetWatchesRequest,
    Stat,
)

# (what the client sent, what it got), in their order; each without its frame.
CONNECT = (
    "00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00",
    "00000000 00002710 010000b1b9eb003e 00000010 07ac1c6e97a39e9b351fa3dcdf66f6f0 00",
)
GET_CHILDREN_WATCHING = (
    "00000001 00000008 0000000f 2f62726f6b6572732f746f70696373 01",
    "00000001 000000000000014b 00000000 00000003 00000008 6d792d746f706963 00000005 612e625f63 "
    "00000012 5f5f636f6e73756d65725f6f666673657473",
)
EXISTS_NOT = ("00000002 00000003 00000005 2f6e6f7065 01", "00000002 000000000000014b ffffff9b")
STAT_OF_CONTROLLER = (
    "000000000000001a 000000000000001a 000001a1fe61f7f2 000001a1fe61f7f2 00000000 00000000 00000000 "
    "010000b1b9eb0000 00000036 00000000 000000000000001a"
)
GET_ACL = (
    "00000003 00000006 0000000b 2f636f6e74726f6c6c6572",
    "00000003 000000000000014b 00000000 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 "
    + STAT_OF_CONTROLLER,
)
EVENT = "ffffffff ffffffffffffffff 00000000 00000001 00000003 00000005 2f6e6f7065"
CREATE2 = (
    "00000005 0000000f 00000005 2f6e6f7065 00000001 78 00000001 0000001f 00000005 776f726c64 "
    "00000006 616e796f6e65 00000000"
)
SET_DATA = "00000006 00000005 00000005 2f6e6f7065 00000001 79 ffffffff"
MULTI_THAT_FAILS = (
    "00000007 0000000e 0000000d 00 ffffffff 00000005 2f6e6f7065 00000007 00000001 00 ffffffff 00000003 2f7a7a "
    "00000000 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000 ffffffff 01 ffffffff",
    "00000007 000000000000014e 00000000 ffffffff 00 ffffff99 ffffff99 ffffffff 00 fffffffe fffffffe "
    "ffffffff 01 ffffffff",
)
MULTI_OF_CHECKS = (
    "00000008 0000000e 0000000d 00 ffffffff 00000005 2f6e6f7065 00000001 ffffffff 01 ffffffff",
    "00000008 000000000000014f 00000000 0000000d 00 00000000 ffffffff 01 ffffffff",
)
DELETE = "00000009 00000002 00000005 2f6e6f7065 ffffffff"

ZXID = 0x14B
CONTROLLER = Stat(0x1A, 0x1A, 0x1A1FE61F7F2, 0x1A1FE61F7F2, 0, 0, 0, 0x010000B1B9EB0000, 0x36, 0, 0x1A)


def request(text: str) -> tuple[RequestHeader, JuteReader]:
    reader = JuteReader(bytes.fromhex(text))
    return RequestHeader.read(reader), reader


def test_connect() -> None:
    sent, got = map(bytes.fromhex, CONNECT)
    asked = ConnectRequest.read(sent)
    assert asked == ConnectRequest(0, 10_000, 0, bytes(16), True)
    assert asked.answer(0x010000B1B9EB003E, 10_000, got[20:36]) == got
    assert messages.connect_request(10_000, 0, bytes(16)) == sent


def test_a_client_before_3_4_knows_no_read_only_servers() -> None:
    sent, got = map(bytes.fromhex, CONNECT)
    asked = ConnectRequest.read(sent[:-1])
    assert not asked.has_read_only
    assert asked.answer(0x010000B1B9EB003E, 10_000, got[20:36]) == got[:-1]


def test_children() -> None:
    header, reader = request(GET_CHILDREN_WATCHING[0])
    assert header == (1, messages.GET_CHILDREN)
    assert PathAndWatch.read(reader) == ("/brokers/topics", True)
    names = jute.vector([jute.string(name) for name in ("my-topic", "a.b_c", "__consumer_offsets")])
    assert messages.reply(1, ZXID, messages.OK, names) == bytes.fromhex(GET_CHILDREN_WATCHING[1])


def test_an_error_has_nothing_behind_its_header() -> None:
    assert messages.reply(2, ZXID, messages.NO_NODE, b"body") == bytes.fromhex(EXISTS_NOT[1])


def test_acl_and_stat() -> None:
    body = messages.world_acl(messages.ALL) + CONTROLLER.encode()
    assert messages.reply(3, ZXID, messages.OK, body) == bytes.fromhex(GET_ACL[1])
    assert Stat.read(JuteReader(bytes.fromhex(STAT_OF_CONTROLLER))) == CONTROLLER


def test_an_event() -> None:
    assert messages.event(messages.NODE_CREATED, "/nope") == bytes.fromhex(EVENT)


def test_writes() -> None:
    header, reader = request(CREATE2)
    assert CreateRequest.read(reader, header.operation) == ("/nope", b"x", messages.PERSISTENT)
    assert reader.is_at_end
    assert SetDataRequest.read(request(SET_DATA)[1]) == ("/nope", b"y", -1)
    assert PathAndVersion.read(request(DELETE)[1]) == ("/nope", -1)


def test_multi() -> None:
    operations = messages.read_multi(request(MULTI_THAT_FAILS[0])[1])
    assert operations == [
        (messages.CHECK, PathAndVersion("/nope", 7)),
        (messages.CREATE, CreateRequest("/zz", b"", messages.PERSISTENT)),
    ]
    failed = messages.failed_multi_answer([messages.BAD_VERSION, messages.RUNTIME_INCONSISTENCY])
    assert messages.reply(7, 0x14E, messages.OK, failed) == bytes.fromhex(MULTI_THAT_FAILS[1])
    checked = messages.multi_answer([(messages.CHECK, messages.OK, b"")])
    assert messages.reply(8, 0x14F, messages.OK, checked) == bytes.fromhex(MULTI_OF_CHECKS[1])


def test_set_watches() -> None:
    paths = [jute.vector([jute.string(path)]) for path in ("/a", "/b", "/c")]
    asked = SetWatchesRequest.read(JuteReader(jute.long(5) + b"".join(paths)))
    assert asked == (5, ["/a"], ["/b"], ["/c"])


@pytest.mark.parametrize("text", [CONNECT[0], GET_CHILDREN_WATCHING[0], CREATE2, SET_DATA, MULTI_THAT_FAILS[0]])
def test_a_message_that_is_cut_off(text: str) -> None:
    readers = {
        CONNECT[0]: lambda data: ConnectRequest.read(data),
        GET_CHILDREN_WATCHING[0]: lambda data: PathAndWatch.read(JuteReader(data[8:])),
        CREATE2: lambda data: CreateRequest.read(JuteReader(data[8:]), messages.CREATE2),
        SET_DATA: lambda data: SetDataRequest.read(JuteReader(data[8:])),
        MULTI_THAT_FAILS[0]: lambda data: messages.read_multi(JuteReader(data[8:])),
    }
    whole = bytes.fromhex(text)
    readers[text](whole)
    end = len(whole) - (1 if text == CONNECT[0] else 0)  # of which the last byte is optional
    for size in range(8, end):
        with pytest.raises(JuteError):
            readers[text](whole[:size])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    readers: list[Callable[[], object]] = [
        lambda: ConnectRequest.read(data),
        lambda: PathAndWatch.read(JuteReader(data)),
        lambda: CreateRequest.read(JuteReader(data), messages.CREATE_TTL),
        lambda: SetDataRequest.read(JuteReader(data)),
        lambda: SetWatchesRequest.read(JuteReader(data)),
        lambda: messages.read_multi(JuteReader(data)),
    ]
    for read in readers:
        with suppress(JuteError):
            read()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x00\x00\x00\x02\xff\xff", "the string at 0 is no UTF-8"),
        (b"\x00\x00\x00\x09abc", "a buffer of 9 bytes at 4, with 3 left"),
    ],
)
def test_a_string_that_is_none(data: bytes, sentence: str) -> None:
    with pytest.raises(JuteError, match=sentence):
        JuteReader(data).string()


def test_a_vector_longer_than_its_frame() -> None:
    reader = JuteReader(jute.integer(2**31 - 1))
    with pytest.raises(JuteError, match="a vector of 2147483647 at 0, with 0 bytes left"):
        reader.vector(reader.string)


def test_an_operation_that_has_no_place_in_a_multi_request() -> None:
    with pytest.raises(JuteError, match="operation 100 has no place"):
        messages.read_multi(JuteReader(jute.integer(messages.AUTH) + jute.boolean(False) + jute.integer(-1)))
