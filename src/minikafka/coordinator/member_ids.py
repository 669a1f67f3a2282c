"""Ids for members, from the system's random source; tests put their own source in its place."""

from __future__ import annotations

from os import urandom


def random_uuid_text() -> str:
    """A random UUID (version 4) in its usual form. The standard library's ``uuid`` costs more to import than all of
    this package's protocol code."""
    value = bytearray(urandom(16))
    value[6] = value[6] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
