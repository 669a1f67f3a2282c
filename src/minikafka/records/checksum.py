"""CRC-32C (Castagnoli), the checksum of magic 2, without the 40 ms that importing its package costs.

``import crc32c`` reads the distribution's own metadata (``importlib.metadata``, and through it ``email``) to learn its
version. A broker that wants to answer 200 ms after its start takes the extension module inside the package instead,
and falls back to the package where an older or newer release has another layout.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import PathFinder
from typing import TypeAlias

Checksum: TypeAlias = "Callable[[bytes | bytearray | memoryview], int]"


def _load_crc32c() -> Checksum:
    package = PathFinder.find_spec("crc32c")
    if package is not None and package.submodule_search_locations is not None:
        extension = PathFinder.find_spec("crc32c._crc32c", list(package.submodule_search_locations))
        if extension is not None and extension.loader is not None:
            module = extension.loader.create_module(extension)
            if module is not None:
                extension.loader.exec_module(module)
                function: Checksum = module.crc32c
                return function
    from crc32c import crc32c as packaged

    return packaged  # type: ignore[no-any-return, unused-ignore]


crc32c = _load_crc32c()
"""``crc32c(data) -> int``: the unsigned 32-bit CRC-32C of any bytes-like object, at memory speed."""
