"""Bytes as Java's tools show them: ``new String(bytes, UTF_8)``."""

from __future__ import annotations

import re
from typing import Final

# JDK's String.decodeUTF8 puts one U+FFFD for a surrogate that is encoded, Unicode's rule (and Python's) one a byte.
_ENCODED_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()


def java_text(data: bytes) -> str:
    """UTF-8 decoded, with as many U+FFFD for what is malformed as Java has."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _ENCODED_SURROGATE.sub(_REPLACEMENT, data).decode("utf-8", "replace")
