"""Codecs: framings, levels, limits, damage, and that their libraries load only when used."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.records.compression import (
    GZIP,
    LZ4,
    NAMES,
    NONE,
    SNAPPY,
    ZSTD,
    compress,
    compression_id,
    decompress,
)
from minikafka.records.errors import InvalidRecordsError

NOISE = random.Random(1).randbytes(200_000)
TEXT = b"the quick brown fox jumps over the lazy dog; " * 5_000

codecs = pytest.mark.parametrize("codec", range(len(NAMES)), ids=NAMES)
compressing_codecs = pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD], ids=NAMES[1:])


@given(st.integers(0, 4), st.integers(0, 2), st.binary(max_size=2000), st.integers(1, 100))
def test_round_trip(codec: int, magic: int, data: bytes, times: int) -> None:
    assert decompress(codec, compress(codec, data * times, magic=magic), magic=magic) == data * times


@codecs
@pytest.mark.parametrize("data", [NOISE, TEXT, TEXT + NOISE], ids=["noise", "text", "both"])
def test_round_trip_of_many_blocks(codec: int, data: bytes) -> None:
    assert decompress(codec, memoryview(compress(codec, memoryview(data)))) == data


@pytest.mark.parametrize(("codec", "levels"), [(GZIP, [-1, 1, 9]), (LZ4, [1, 9, 12, 17]), (ZSTD, [-131072, -1, 3, 22])])
def test_all_levels_can_be_read(codec: int, levels: list[int]) -> None:
    sizes = []
    for level in levels:
        compressed = compress(codec, TEXT[:20_000], level)
        assert decompress(codec, compressed) == TEXT[:20_000]
        sizes.append(len(compressed))
    assert len(set(sizes)) > 1


@codecs
def test_output_is_bounded(codec: int) -> None:
    compressed = compress(codec, TEXT)
    assert decompress(codec, compressed, len(TEXT)) == TEXT
    with pytest.raises(InvalidRecordsError, match=f"unpack to more than {len(TEXT) - 1} bytes"):
        decompress(codec, compressed, len(TEXT) - 1)


@compressing_codecs
def test_a_bomb_is_refused_early(codec: int) -> None:
    bomb = compress(codec, bytes(50_000_000))
    with pytest.raises(InvalidRecordsError, match="unpack to more than 1000 bytes"):
        decompress(codec, bomb, 1000)


@compressing_codecs
def test_what_is_cut_off_is_refused(codec: int) -> None:
    compressed = compress(codec, TEXT[:500] + NOISE[:500])
    for length in range(len(compressed)):
        if codec == SNAPPY and length == 16:
            continue  # the header of a stream without blocks, which is whole
        if codec == ZSTD and length == 0:
            continue  # no frame at all
        with pytest.raises(InvalidRecordsError, match="Failed to decompress record stream"):
            decompress(codec, compressed[:length])


@compressing_codecs
@given(data=st.data())
def test_damage_gives_bytes_or_a_refusal(codec: int, data: st.DataObject) -> None:
    compressed = bytearray(compress(codec, TEXT[:200] + NOISE[:50]))
    for _ in range(data.draw(st.integers(1, 4))):
        compressed[data.draw(st.integers(0, len(compressed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InvalidRecordsError):  # and nothing else may be raised
        assert len(decompress(codec, compressed, 100_000)) <= 100_000


@compressing_codecs
@given(noise=st.binary(max_size=100))
def test_noise_gives_bytes_or_a_refusal(codec: int, noise: bytes) -> None:
    with suppress(InvalidRecordsError):  # and nothing else may be raised
        assert len(decompress(codec, noise, 100_000)) <= 100_000


def test_gzip_members_follow_one_another_and_garbage_ends_them() -> None:
    assert decompress(GZIP, gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    assert decompress(GZIP, gzip.compress(b"one") + bytes(8)) == b"one"


def test_snappy_streams_follow_one_another_and_raw_snappy_is_read() -> None:
    stream = compress(SNAPPY, b"one ")
    assert stream[:16] == b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
    assert decompress(SNAPPY, stream + compress(SNAPPY, b"two")) == b"one two"
    raw = stream[20:]
    assert decompress(SNAPPY, raw) == b"one "


def test_zstd_frames_follow_one_another() -> None:
    assert decompress(ZSTD, compress(ZSTD, b"one ") + compress(ZSTD, b"two")) == b"one two"


def test_lz4_header_checksums() -> None:
    # Both frames are Kafka's: 82 is right for 04224d18 60 40, and 1a takes the magic number along (KAFKA-3160).
    right, wrong = compress(LZ4, b"abc"), compress(LZ4, b"abc", magic=0)
    assert (right[:7].hex(), wrong[:7].hex()) == ("04224d18604082", "04224d1860401a")
    assert decompress(LZ4, wrong, magic=0) == b"abc"
    assert decompress(LZ4, right, magic=0) == b"abc"
    with pytest.raises(InvalidRecordsError):
        decompress(LZ4, wrong, magic=1)


def test_lz4_header_with_a_content_size() -> None:
    import lz4.frame

    frame = bytearray(lz4.frame.compress(b"abc" * 10, store_size=True, block_linked=False))
    assert decompress(LZ4, frame) == b"abc" * 10
    frame[14] ^= 0xFF
    assert decompress(LZ4, frame, magic=0) == b"abc" * 10


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, 0x00, "invalid magic bytes"),
        (4, 0x61, "Reserved bits must be 0"),
        (5, 0xC0, "Reserved bits must be 0"),
        (4, 0x40, "Dependent block stream is unsupported"),
        (4, 0xA0, "Version 2 is unsupported"),
    ],
)
def test_lz4_frames_that_java_clients_cannot_read(position: int, value: int, message: str) -> None:
    frame = bytearray(compress(LZ4, b"abc"))
    frame[position] = value
    with pytest.raises(InvalidRecordsError, match=message):
        decompress(LZ4, frame)


def test_unknown_codecs() -> None:
    with pytest.raises(InvalidRecordsError, match="Unknown compression type id: 5"):
        decompress(5, b"")
    with pytest.raises(ValueError, match="unknown compression 'LZ4'"):
        compression_id("LZ4")
    assert [compression_id(name) for name in NAMES] == [NONE, GZIP, SNAPPY, LZ4, ZSTD]


def test_codec_libraries_load_on_first_use() -> None:
    program = (
        "import sys\n"
        "import minikafka.records.batch, minikafka.records.builder, minikafka.storage.validation\n"
        "loaded = {'lz4', 'snappy', 'zstandard', 'importlib.metadata', 'email', 'json', 'logging'} & set(sys.modules)\n"
        "print(*sorted(loaded))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "\n", "")
