"""XXH3, 64 bits, without a seed: the hash that stands for topics in the records of consumer groups.

Inputs of up to 16, up to 128 and up to 240 bytes each have a formula of their own; longer ones go through eight lanes
of 64 bits, 64 bytes at a time, scrambled after each 1,024. A topic is 4 bytes a partition, so all of them are met. This
is no hot path: a topic is hashed when it is first read by a group, or changes.

Source: the XXH3 specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md); Kafka takes it from hash4j.
"""

from __future__ import annotations

from struct import Struct, iter_unpack
from typing import Final

_SECRET: Final = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_MASK32: Final = 0xFFFFFFFF
_MASK64: Final = 0xFFFFFFFFFFFFFFFF
_PRIME32_1: Final = 0x9E3779B1
_PRIME32_2: Final = 0x85EBCA77
_PRIME32_3: Final = 0xC2B2AE3D
_PRIME64_1: Final = 0x9E3779B185EBCA87
_PRIME64_2: Final = 0xC2B2AE3D27D4EB4F
_PRIME64_3: Final = 0x165667B19E3779F9
_PRIME64_4: Final = 0x85EBCA77C2B2AE63
_PRIME64_5: Final = 0x27D4EB2F165667C5
_PRIME_MX1: Final = 0x165667919E3779F9
_PRIME_MX2: Final = 0x9FB21C651E98DF25
_STRIPE_BYTES: Final = 64
_STRIPES_IN_BLOCK: Final = 16
_LANES: Final = Struct("<8Q")
_START: Final = (
    _PRIME32_3, _PRIME64_1, _PRIME64_2, _PRIME64_3, _PRIME64_4, _PRIME32_2, _PRIME64_5, _PRIME32_1,
)  # fmt: skip


def xxh3_64(data: bytes) -> int:
    """The hash of ``data``, without a sign."""
    size = len(data)
    if size <= 16:
        return _hash_up_to_16(data, size)
    if size <= 128:
        return _hash_up_to_128(data, size)
    if size <= 240:
        return _hash_up_to_240(data, size)
    return _hash_long(data, size)


def _hash_up_to_16(data: bytes, size: int) -> int:
    if size > 8:
        low = _u64(data, 0) ^ _u64(_SECRET, 24) ^ _u64(_SECRET, 32)
        high = _u64(data, size - 8) ^ _u64(_SECRET, 40) ^ _u64(_SECRET, 48)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return _avalanche(size + swapped + high + _folded_product(low, high))
    if size >= 4:
        keyed = (_u32(data, size - 4) + (_u32(data, 0) << 32)) ^ _u64(_SECRET, 8) ^ _u64(_SECRET, 16)
        keyed ^= _rotated(keyed, 49) ^ _rotated(keyed, 24)
        keyed = (keyed * _PRIME_MX2) & _MASK64
        keyed ^= (keyed >> 35) + size
        keyed = (keyed * _PRIME_MX2) & _MASK64
        return keyed ^ (keyed >> 28)
    if size:
        combined = (data[0] << 16) | (data[size >> 1] << 24) | data[-1] | (size << 8)
        return _avalanche_xxh64(combined ^ _u32(_SECRET, 0) ^ _u32(_SECRET, 4))
    return _avalanche_xxh64(_u64(_SECRET, 56) ^ _u64(_SECRET, 64))


def _hash_up_to_128(data: bytes, size: int) -> int:
    total = size * _PRIME64_1
    for step in reversed(range((size - 1) // 32 + 1)):
        total += _mixed_16(data, 16 * step, 32 * step)
        total += _mixed_16(data, size - 16 * (step + 1), 32 * step + 16)
    return _avalanche(total)


def _hash_up_to_240(data: bytes, size: int) -> int:
    total = size * _PRIME64_1
    for step in range(8):
        total += _mixed_16(data, 16 * step, 16 * step)
    total = _avalanche(total)
    for step in range(8, size // 16):
        total += _mixed_16(data, 16 * step, 16 * (step - 8) + 3)
    total += _mixed_16(data, size - 16, 136 - 17)
    return _avalanche(total)


def _hash_long(data: bytes, size: int) -> int:
    lanes = list(_START)
    stripes = (size - 1) // _STRIPE_BYTES
    values = list(iter_unpack(_LANES.format, data[: stripes * _STRIPE_BYTES]))
    keys = [_LANES.unpack_from(_SECRET, 8 * index) for index in range(_STRIPES_IN_BLOCK)]
    scramble_key = _LANES.unpack_from(_SECRET, len(_SECRET) - _STRIPE_BYTES)
    blocks = (size - 1) // (_STRIPE_BYTES * _STRIPES_IN_BLOCK)
    for index, stripe in enumerate(values):
        _accumulate(lanes, stripe, keys[index % _STRIPES_IN_BLOCK])
        if (index + 1) % _STRIPES_IN_BLOCK == 0 and index < blocks * _STRIPES_IN_BLOCK:
            for lane, key in enumerate(scramble_key):
                value = lanes[lane]
                lanes[lane] = ((value ^ (value >> 47) ^ key) * _PRIME32_1) & _MASK64
    last_key = _LANES.unpack_from(_SECRET, len(_SECRET) - _STRIPE_BYTES - 7)
    _accumulate(lanes, _LANES.unpack_from(data, size - _STRIPE_BYTES), last_key)
    total = size * _PRIME64_1
    merge_key = _LANES.unpack_from(_SECRET, 11)
    for lane in range(0, 8, 2):
        total += _folded_product(lanes[lane] ^ merge_key[lane], lanes[lane + 1] ^ merge_key[lane + 1])
    return _avalanche(total)


def _accumulate(lanes: list[int], stripe: tuple[int, ...], keys: tuple[int, ...]) -> None:
    for lane, value in enumerate(stripe):
        keyed = value ^ keys[lane]
        lanes[lane ^ 1] = (lanes[lane ^ 1] + value) & _MASK64
        lanes[lane] = (lanes[lane] + (keyed & _MASK32) * (keyed >> 32)) & _MASK64


def _mixed_16(data: bytes, position: int, secret_position: int) -> int:
    return _folded_product(
        _u64(data, position) ^ _u64(_SECRET, secret_position),
        _u64(data, position + 8) ^ _u64(_SECRET, secret_position + 8),
    )


def _folded_product(left: int, right: int) -> int:
    product = left * right
    return (product & _MASK64) ^ (product >> 64)


def _avalanche(value: int) -> int:
    value &= _MASK64
    value ^= value >> 37
    value = (value * _PRIME_MX1) & _MASK64
    return value ^ (value >> 32)


def _avalanche_xxh64(value: int) -> int:
    value ^= value >> 33
    value = (value * _PRIME64_2) & _MASK64
    value ^= value >> 29
    value = (value * _PRIME64_3) & _MASK64
    return value ^ (value >> 32)


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK64


def _u32(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 4], "little")


def _u64(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 8], "little")
