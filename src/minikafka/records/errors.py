"""How record data is refused. Kafka's ``CorruptRecordException`` and ``InvalidRecordException``."""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.errors import CORRUPT_MESSAGE, INVALID_RECORD, ApiError


class CorruptBatchError(ApiError):
    """The bytes are not what was sent or written: a wrong checksum, magic or size (CORRUPT_MESSAGE, retriable)."""

    def __init__(self, message: str) -> None:
        super().__init__(CORRUPT_MESSAGE, message)


class InvalidRecordsError(ApiError):
    """The bytes are as sent, but what they say is not acceptable (INVALID_RECORD unless another code is given).

    ``record_errors`` names the records at fault as ``(index in the batch, message)``; it travels in
    ProduceResponse since version 8 (KIP-467). Empty when the batch as a whole is refused.
    """

    def __init__(self, message: str, code: int = INVALID_RECORD, record_errors: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(code, message)
        self.record_errors = list(record_errors)
