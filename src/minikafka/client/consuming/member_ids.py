"""Ids that members of the newer groups give themselves (KIP-848, KIP-932)."""

from __future__ import annotations

from os import urandom

from minikafka.protocol.primitives import uuid_to_text


def random_member_id() -> str:
    """As ``Uuid.randomUuid().toString()``: 22 characters that do not begin with a dash."""
    while True:
        value = bytearray(urandom(16))
        value[6] = value[6] & 0x0F | 0x40
        value[8] = value[8] & 0x3F | 0x80
        text = uuid_to_text(bytes(value))
        if not text.startswith("-"):
            return text
