"""The five codecs of record batches, in the framings Kafka uses. Codec libraries load on first use.

========  ==  =============================================================================================
none       0
gzip       1  RFC 1952, members may follow one another
snappy     2  snappy-java's ("xerial") stream: a header, then length-prefixed raw blocks; raw snappy is read too
lz4        3  LZ4 frame with independent blocks; magic 0 has Kafka's wrong header checksum (KAFKA-3160)
zstd       4  RFC 8878 (KIP-110), magic 2 only
========  ==  =============================================================================================

Decompression is bounded: what unpacks to more than ``max_bytes`` is refused after at most a little more than that.
Kafka reads records as a stream and has no such bound; ``MAX_DECOMPRESSED_BYTES`` is far above what a producer with
Kafka's limits builds, and still leaves a broker alive that is sent a decompression bomb.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Final

from minikafka.records.errors import InvalidRecordsError
from minikafka.records.varint import Buffer

NONE: Final = 0
GZIP: Final = 1
SNAPPY: Final = 2
LZ4: Final = 3
ZSTD: Final = 4
NAMES: Final = ("none", "gzip", "snappy", "lz4", "zstd")

MAX_DECOMPRESSED_BYTES: Final = 512 * 1024 * 1024

_UINT32 = struct.Struct(">I")

# snappy-java: magic bytes, version, oldest version that can read it (SnappyCodec); then blocks of up to 32 KiB.
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = _XERIAL_MAGIC + struct.pack(">ii", 1, 1)
_XERIAL_MAGIC_START = _UINT32.unpack_from(_XERIAL_MAGIC)[0]
_XERIAL_BLOCK_BYTES = 32 * 1024

_LZ4_MAGIC = b"\x04\x22\x4d\x18"
_LZ4_CHECKSUM_POSITION = 6  # without a content size: magic, FLG, BD, then HC
_LZ4_DEFAULT_LEVEL = 9  # Kafka's word for the fast compressor; all other levels are LZ4HC (CompressionType.LZ4)
_LZ4_HC_LEVELS = (3, 12)
_LZ4_STEP_BYTES = 64 * 1024

# A zstd block of 4 bytes can say 128 KiB: feeding this much at a time bounds how far a bomb overshoots.
_ZSTD_FEED_BYTES = 4096

_of_thread = threading.local()
"""``zstd``: a decompressor, which takes longer to make than to use on small batches and serves one thread only."""


def compression_id(name: str) -> int:
    """The number of a codec in batch attributes: ``"none"`` 0 to ``"zstd"`` 4. Raises ValueError for other names."""
    try:
        return NAMES.index(name)
    except ValueError:
        raise ValueError(f"unknown compression {name!r}: use one of {', '.join(NAMES)}") from None


def ensure_known(compression_type: int) -> int:
    """``compression_type`` if it is one of the five; else InvalidRecordsError with Kafka's sentence."""
    if compression_type >= len(NAMES):
        raise InvalidRecordsError(f"Unknown compression type id: {compression_type}")
    return compression_type


def compress(compression_type: int, data: Buffer, level: int | None = None, *, magic: int = 2) -> bytes:
    """``data`` compressed by codec 0-4; ``level`` as in compression.{gzip,lz4,zstd}.level, None for Kafka's default."""
    return _COMPRESSORS[compression_type](data, level, magic)


def decompress(
    compression_type: int, data: Buffer, max_bytes: int = MAX_DECOMPRESSED_BYTES, *, magic: int = 2
) -> bytes:
    """The bytes that were compressed by codec 0-4; ``magic`` 0 does not check the header checksum of lz4 frames.

    Raises InvalidRecordsError for an unknown codec, damaged or truncated data, and more than ``max_bytes`` of output.
    """
    return _DECOMPRESSORS[ensure_known(compression_type)](data, max_bytes, magic)


def _damaged(codec: int, reason: object) -> InvalidRecordsError:
    return InvalidRecordsError(f"Failed to decompress record stream: {NAMES[codec]}: {reason}")


def _check_size(codec: int, size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise _damaged(codec, f"the records unpack to more than {max_bytes} bytes")


def _copy(data: Buffer, _level: int | None, _magic: int) -> bytes:
    return bytes(data)


def _copy_bounded(data: Buffer, max_bytes: int, _magic: int) -> bytes:
    _check_size(NONE, len(data), max_bytes)
    return bytes(data)


def _gzip_compress(data: Buffer, level: int | None, _magic: int) -> bytes:
    import zlib

    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION if level is None else level, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()


def _gzip_decompress(data: Buffer, max_bytes: int, _magic: int) -> bytes:
    import zlib

    member = zlib.decompressobj(31)
    try:
        out = member.decompress(data, max_bytes + 1)
        _check_size(GZIP, len(out), max_bytes)
        # More members may follow, and what is no member is ignored: as java.util.zip.GZIPInputStream has it.
        while member.eof and member.unused_data[:2] == b"\x1f\x8b":
            rest = member.unused_data
            member = zlib.decompressobj(31)
            out += member.decompress(rest, max_bytes - len(out) + 1)
            _check_size(GZIP, len(out), max_bytes)
    except zlib.error as error:
        raise _damaged(GZIP, error) from error
    if not member.eof:
        raise _damaged(GZIP, "unexpected end of stream")
    return out


def _snappy_compress(data: Buffer, _level: int | None, _magic: int) -> bytes:
    import snappy

    out = bytearray(_XERIAL_HEADER)
    for start in range(0, len(data), _XERIAL_BLOCK_BYTES):
        block = snappy.compress(bytes(data[start : start + _XERIAL_BLOCK_BYTES]))
        out += _UINT32.pack(len(block))
        out += block
    return bytes(out)


def _snappy_decompress(data: Buffer, max_bytes: int, _magic: int) -> bytes:
    data = bytes(data)
    if data[: len(_XERIAL_MAGIC)] != _XERIAL_MAGIC or len(data) < len(_XERIAL_HEADER):
        return _snappy_block(data, 0, max_bytes)
    blocks = []
    size_bytes = 0
    position = len(_XERIAL_HEADER)
    while position < len(data):
        if position + 4 > len(data):
            raise _damaged(SNAPPY, "unexpected end of stream")
        length = _UINT32.unpack_from(data, position)[0]
        if length == _XERIAL_MAGIC_START:  # streams may follow one another (SnappyInputStream.hasNextChunk)
            position += len(_XERIAL_HEADER)
            continue
        position += 4
        if length > len(data) - position:
            raise _damaged(SNAPPY, "unexpected end of stream")
        block = _snappy_block(data[position : position + length], size_bytes, max_bytes)
        size_bytes += len(block)
        blocks.append(block)
        position += length
    return b"".join(blocks)


def _snappy_block(block: bytes, size_bytes_before: int, max_bytes: int) -> bytes:
    import snappy

    _check_size(SNAPPY, size_bytes_before + _snappy_length(block), max_bytes)
    try:
        out: bytes = snappy.uncompress(block)
    except snappy.UncompressError as error:
        raise _damaged(SNAPPY, str(error) or "a block is not snappy data") from error
    return out


def _snappy_length(block: bytes) -> int:
    """What a raw block says it unpacks to: an unsigned variable-length integer of at most five bytes in front."""
    length = 0
    for index, byte in enumerate(block[:5]):
        length |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return length
    raise _damaged(SNAPPY, "no length in front of a block")


def _lz4_compress(data: Buffer, level: int | None, magic: int) -> bytes:
    import lz4.frame

    if level is None or level == _LZ4_DEFAULT_LEVEL:
        library_level = 0
    else:
        library_level = min(max(level, _LZ4_HC_LEVELS[0]), _LZ4_HC_LEVELS[1])
    frame: bytes = lz4.frame.compress(
        data,
        compression_level=library_level,
        block_size=lz4.frame.BLOCKSIZE_MAX64KB,
        block_linked=False,
        store_size=False,
    )
    if magic == 0:
        return _with_lz4_checksum(frame, _LZ4_CHECKSUM_POSITION, frame[:_LZ4_CHECKSUM_POSITION])
    return frame


def _lz4_decompress(data: Buffer, max_bytes: int, magic: int) -> bytes:
    import lz4.frame

    frame = bytes(data)
    checksum_position = _check_lz4_descriptor(frame)
    if magic == 0:
        frame = _with_lz4_checksum(frame, checksum_position, frame[4:checksum_position])
    decompressor = lz4.frame.LZ4FrameDecompressor()
    step_bytes = len(frame) * 4 + _LZ4_STEP_BYTES  # the library allocates as much as it may return, used or not
    try:
        out: bytes = decompressor.decompress(frame, max_length=min(step_bytes, max_bytes + 1))
        while not decompressor.eof and not decompressor.needs_input and len(out) <= max_bytes:
            out += decompressor.decompress(b"", max_length=min(step_bytes, max_bytes + 1 - len(out)))
    except RuntimeError as error:
        raise _damaged(LZ4, error) from error
    _check_size(LZ4, len(out), max_bytes)
    if not decompressor.eof:
        raise _damaged(LZ4, "Stream ended prematurely")
    return out


def _check_lz4_descriptor(frame: bytes) -> int:
    """The position of the header checksum; refuses what the Java client cannot read (``Lz4BlockInputStream``)."""
    if len(frame) <= _LZ4_CHECKSUM_POSITION:
        raise _damaged(LZ4, "Stream ended prematurely")
    if frame[:4] != _LZ4_MAGIC:
        raise _damaged(LZ4, "Stream unsupported (invalid magic bytes)")
    flags, block_descriptor = frame[4], frame[5]
    if flags & 0x03 or block_descriptor & 0x8F:
        raise _damaged(LZ4, "Reserved bits must be 0")
    if not flags & 0x20:
        raise _damaged(LZ4, "Dependent block stream is unsupported")
    if flags >> 6 != 1:
        raise _damaged(LZ4, f"Version {flags >> 6} is unsupported")
    has_content_size = bool(flags & 0x08)
    position = _LZ4_CHECKSUM_POSITION + (8 if has_content_size else 0)
    if len(frame) <= position:
        raise _damaged(LZ4, "Stream ended prematurely")
    return position


def _with_lz4_checksum(frame: bytes, position: int, checked: bytes) -> bytes:
    """The frame with its header checksum computed over ``checked``: for magic 0 Kafka took the magic number along."""
    return b"".join((frame[:position], bytes(((_xxh32_short(checked) >> 8) & 0xFF,)), frame[position + 1 :]))


def _xxh32_short(data: bytes) -> int:
    """xxHash32 with seed 0 of fewer than 16 bytes: all that an LZ4 frame header takes."""
    prime1, prime2, prime3, prime4, prime5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    mask = 0xFFFF_FFFF
    accumulator = prime5 + len(data)
    position = 0
    while position + 4 <= len(data):
        accumulator = (accumulator + int.from_bytes(data[position : position + 4], "little") * prime3) & mask
        accumulator = ((accumulator << 17 | accumulator >> 15) * prime4) & mask
        position += 4
    for byte in data[position:]:
        accumulator = (accumulator + byte * prime5) & mask
        accumulator = ((accumulator << 11 | accumulator >> 21) * prime1) & mask
    accumulator = ((accumulator ^ accumulator >> 15) * prime2) & mask
    accumulator = ((accumulator ^ accumulator >> 13) * prime3) & mask
    return accumulator ^ accumulator >> 16


def _zstd_compress(data: Buffer, level: int | None, _magic: int) -> bytes:
    import zstandard

    compressed: bytes = zstandard.ZstdCompressor(level=3 if level is None else level).compress(data)
    return compressed


def _zstd_decompress(data: Buffer, max_bytes: int, _magic: int) -> bytes:
    import zstandard

    if not hasattr(_of_thread, "zstd"):
        _of_thread.zstd = zstandard.ZstdDecompressor()
    decompressor = _of_thread.zstd
    rest = bytes(data)
    pieces: list[bytes] = []
    size_bytes = 0
    try:
        while rest:
            frame = decompressor.decompressobj()
            position = 0
            while not frame.eof:
                if position >= len(rest):
                    raise _damaged(ZSTD, "Read error or truncated source")
                piece = frame.decompress(rest[position : position + _ZSTD_FEED_BYTES])
                position += _ZSTD_FEED_BYTES
                size_bytes += len(piece)
                _check_size(ZSTD, size_bytes, max_bytes)
                pieces.append(piece)
            rest = frame.unused_data + rest[position:]
    except zstandard.ZstdError as error:
        raise _damaged(ZSTD, error) from error
    return b"".join(pieces)


_COMPRESSORS: tuple[Callable[[Buffer, int | None, int], bytes], ...] = (
    _copy,
    _gzip_compress,
    _snappy_compress,
    _lz4_compress,
    _zstd_compress,
)
_DECOMPRESSORS: tuple[Callable[[Buffer, int, int], bytes], ...] = (
    _copy_bounded,
    _gzip_decompress,
    _snappy_decompress,
    _lz4_decompress,
    _zstd_decompress,
)
