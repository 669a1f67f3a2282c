"""What a request to ZooKeeper can end with."""

from __future__ import annotations

from typing import Final

from minikafka.errors import MinikafkaError

_NAMES: Final = {
    -2: "RuntimeInconsistency",
    -4: "ConnectionLoss",
    -5: "MarshallingError",
    -6: "Unimplemented",
    -7: "OperationTimeout",
    -8: "BadArguments",
    -101: "NoNode",
    -102: "NoAuth",
    -103: "BadVersion",
    -108: "NoChildrenForEphemerals",
    -110: "NodeExists",
    -111: "Directory not empty",
    -112: "Session expired",
    -115: "AuthFailed",
    -119: "Not a read-only call",
}


class ZooKeeperError(MinikafkaError):
    """``code`` is what the client is told; the text says why, where there is more to say."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code


def error_name(code: int) -> str:
    """As ZooKeeper's KeeperException words it; the number where it has no name here."""
    return _NAMES.get(code, str(code))
