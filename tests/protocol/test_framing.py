"""Frames are cut from the stream alike however it is chopped up, and a bad size is told, with what it looks like."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.protocol.framing import FrameReader, RemoteProtocolError

LIMIT = 10_000_000


def framed(*bodies: bytes) -> bytes:
    return b"".join(struct.pack(">i", len(body)) + body for body in bodies)


def drain(reader: FrameReader) -> list[bytes]:
    frames = []
    while (frame := reader.next_frame()) is not None:
        frames.append(bytes(frame))
    return frames


def read_through_buffer(reader: FrameReader, data: bytes) -> None:
    """As a transport does: into what get_buffer gives, as much as fits."""
    position = 0
    while position < len(data):
        buffer = reader.get_buffer(-1)
        taken = min(len(buffer), len(data) - position)
        assert taken > 0
        buffer[:taken] = data[position : position + taken]
        del buffer
        reader.buffer_updated(taken)
        position += taken


def test_one_frame() -> None:
    reader = FrameReader(LIMIT)
    reader.receive_data(framed(b"hello"))
    assert drain(reader) == [b"hello"]


def test_byte_by_byte() -> None:
    reader = FrameReader(LIMIT)
    bodies = [b"", b"x", b"hello" * 50]
    found = []
    for byte in framed(*bodies):
        reader.receive_data(bytes([byte]))
        found += drain(reader)
    assert found == bodies


def test_pipelined_frames_come_out_in_order() -> None:
    reader = FrameReader(LIMIT)
    bodies = [bytes([i]) * i for i in range(100)]
    reader.receive_data(framed(*bodies))
    assert reader.has_frame
    assert drain(reader) == bodies
    assert not reader.has_frame


def test_frames_do_not_share_memory_with_the_scratch_buffer() -> None:
    scratch = bytearray(64)
    one, other = FrameReader(LIMIT, scratch), FrameReader(LIMIT, scratch)
    read_through_buffer(one, framed(b"first"))
    read_through_buffer(other, framed(b"other"))
    assert drain(one) == [b"first"]
    assert drain(other) == [b"other"]


def test_a_frame_is_writable_memory_of_its_own() -> None:
    reader = FrameReader(LIMIT)
    reader.receive_data(framed(b"abc"))
    frame = reader.next_frame()
    assert frame is not None
    memoryview(frame)[0] = ord("x")
    assert frame == b"xbc"


@pytest.mark.parametrize("size", [32 * 1024, 128 * 1024, 1024 * 1024, 1024 * 1024 + 1, 5_000_000])
@pytest.mark.parametrize("piece", [1000, 131_072, 10_000_000])
def test_large_frames(size: int, piece: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    data = framed(b"before", body[:size], b"after")
    reader = FrameReader(LIMIT)
    for start in range(0, len(data), piece):
        read_through_buffer(reader, data[start : start + piece])
    assert drain(reader) == [b"before", body[:size], b"after"]


@given(
    bodies=st.lists(st.binary(max_size=300), max_size=8),
    cuts=st.lists(st.integers(1, 97), min_size=1, max_size=20),
    scratch_bytes=st.integers(1, 128),
)
def test_any_chopping_gives_the_same_frames(bodies: list[bytes], cuts: list[int], scratch_bytes: int) -> None:
    data = framed(*bodies)
    reader = FrameReader(LIMIT, bytearray(scratch_bytes))
    position = turn = 0
    while position < len(data):
        step = cuts[turn % len(cuts)]
        piece = data[position : position + step]
        if turn % 2:
            reader.receive_data(piece)
        else:
            read_through_buffer(reader, piece)
        position, turn = position + step, turn + 1
    assert drain(reader) == bodies
    assert reader.buffered_bytes == 0


def test_an_announced_size_is_not_allocated_before_it_arrives() -> None:
    import tracemalloc

    reader = FrameReader(100_000_000, bytearray(64))
    tracemalloc.start()
    try:
        reader.receive_data(struct.pack(">i", 100_000_000) + b"x")
        reader.get_buffer(-1)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_buffered_bytes_counts_frames_and_what_is_arriving() -> None:
    reader = FrameReader(LIMIT)
    reader.receive_data(framed(b"12345") + b"\0\0")
    assert reader.buffered_bytes == 7
    reader.receive_data(b"\0\x08ab")
    assert reader.buffered_bytes == 7
    assert drain(reader) == [b"12345"]
    assert reader.buffered_bytes == 2


@pytest.mark.parametrize("size", [-1, -(2**31), 1001, 2**31 - 1])
def test_a_size_out_of_range_is_told_after_the_good_frames(size: int) -> None:
    reader = FrameReader(1000)
    reader.receive_data(framed(b"good") + struct.pack(">i", size) + b"rest")
    assert reader.next_frame() == b"good"
    assert reader.has_frame
    with pytest.raises(RemoteProtocolError, match=rf"{size} bytes .* 0 to 1000 .*socket\.request\.max\.bytes"):
        reader.next_frame()
    reader.receive_data(framed(b"ignored"))
    with pytest.raises(RemoteProtocolError):
        reader.next_frame()


def test_the_largest_size_allowed_is_allowed() -> None:
    reader = FrameReader(1000)
    reader.receive_data(framed(bytes(1000)))
    assert drain(reader) == [bytes(1000)]


@pytest.mark.parametrize(
    ("first_bytes", "guess"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", r"looks like HTTP \('GET / HTTP/1.1'\)"),
        (b"POST /topics HTTP/1.1\r\n", "looks like HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "looks like a TLS ClientHello"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "looks like an SSH client"),
        (b"\xff\xfe\xfd\xfc\x01\x02", "the bytes are ff fe fd fc 01 02"),
    ],
)
def test_what_is_no_kafka_is_named(first_bytes: bytes, guess: str) -> None:
    reader = FrameReader(100_000_000)
    reader.receive_data(first_bytes)
    with pytest.raises(RemoteProtocolError, match=guess):
        reader.next_frame()


def test_only_the_first_bytes_of_a_connection_are_recognised() -> None:
    reader = FrameReader(100_000_000)
    reader.receive_data(framed(b"a request") + b"GET / HTTP/1.1\r\n")
    assert reader.next_frame() == b"a request"
    with pytest.raises(RemoteProtocolError) as caught:
        reader.next_frame()
    assert "HTTP" not in str(caught.value)
    assert "47 45 54 20" in str(caught.value)
