"""``kafka-dump-log``: what is in the files of a partition, a snapshot or a metadata log (Kafka's DumpLogSegments).

It only reads, and does so whether or not a broker is using the files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from minikafka.cli.dump_log.decoders import Decode, decoder
from minikafka.cli.dump_log.indexes import (
    dump_offset_index,
    dump_producer_snapshot,
    dump_time_index,
    dump_transaction_index,
)
from minikafka.cli.dump_log.problems import Problems
from minikafka.cli.dump_log.records import RecordsDump
from minikafka.cli.toolkit.options import Option, Options, Tool, flag, integer, string
from minikafka.cli.toolkit.progress import Progress
from minikafka.cli.toolkit.tool import run_tool

_MAX_INT32 = 2147483647
_STRING_DECODER = "org.apache.kafka.tools.api.StringDecoder"
_DECODERS = (
    "offsets-decoder",
    "transaction-log-decoder",
    "cluster-metadata-decoder",
    "remote-log-metadata-decoder",
    "share-group-state-decoder",
)

TOOL = Tool(
    "kafka-dump-log",
    "This tool helps to parse a log file and dump its contents to the console, useful for debugging a seemingly "
    "corrupt log segment.",
    (
        flag("print-data-log", "Also print keys and values of records. Any decoder does so, too."),
        flag("verify-index-only", "Compare indexes with the log without printing them."),
        flag("index-sanity-check", "Make the check of an index that a starting broker makes, and nothing else."),
        string("files", "file1, file2, ...", "REQUIRED: the files, with commas between them."),
        integer("max-message-size", "size", "How large a batch may be.", default=5 * 1024 * 1024),
        integer("max-bytes", "size", "How much of each log to read.", default=_MAX_INT32),
        flag("deep-iteration", "Print each record, not only batches. --print-data-log does so, too."),
        Option(
            "value-decoder-class",
            "How to read values: StringDecoder, IntegerDecoder, LongDecoder or DefaultDecoder (hexadecimal).",
            kind="String",
            default=_STRING_DECODER,
            argument_is_optional=True,
        ),
        Option(
            "key-decoder-class",
            "How to read keys.",
            kind="String",
            default=_STRING_DECODER,
            argument_is_optional=True,
        ),
        flag("offsets-decoder", "The log is of __consumer_offsets."),
        flag("transaction-log-decoder", "The log is of __transaction_state."),
        flag("cluster-metadata-decoder", "The log is of __cluster_metadata."),
        flag("remote-log-metadata-decoder", "The log is of __remote_log_metadata."),
        flag("share-group-state-decoder", "The log is of __share_group_state."),
        flag("skip-record-metadata", "Print keys and values alone, and no control records."),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(TOOL, arguments, _act)


def _act(options: Options) -> int:
    options.require("files")
    files = (options.value("files") or "").split(",")
    decode = _decoder(options)
    problems = Problems()
    with Progress("Reading", _size_bytes(files), "bytes", is_wanted=not sys.stdout.isatty()) as progress:
        records = RecordsDump(
            problems,
            progress,
            decode if _prints_contents(options) else None,
            is_deep=options.has("deep-iteration") or _prints_contents(options),
            skips_metadata=options.has("skip-record-metadata"),
            max_bytes=_number(options, "max-bytes"),
        )
        for path in files:
            print(f"Dumping {path}")
            _dump(path, options, records, problems)
    sys.stdout.flush()
    problems.print()
    return 0


def _dump(path: str, options: Options, records: RecordsDump, problems: Problems) -> None:
    suffix = os.path.splitext(path)[1]
    is_check, is_silent = options.has("index-sanity-check"), options.has("verify-index-only")
    if suffix in (".log", ".checkpoint"):
        records.dump(path)
    elif suffix == ".index":
        dump_offset_index(path, problems, _number(options, "max-message-size"), is_check=is_check, is_silent=is_silent)
    elif suffix == ".timeindex":
        dump_time_index(path, problems, is_check=is_check, is_silent=is_silent)
    elif suffix == ".snapshot":
        dump_producer_snapshot(path)
    elif suffix == ".txnindex":
        dump_transaction_index(path)
    else:
        sys.stdout.flush()
        print(f"Ignoring unknown file {path}", file=sys.stderr)


def _decoder(options: Options) -> Decode:
    """Raises ClientError."""
    for name in _DECODERS:
        if options.has(name):
            return decoder(name)
    keys, values = (options.value(f"{what}-decoder-class") or _STRING_DECODER for what in ("key", "value"))
    return decoder(keys, values)


def _prints_contents(options: Options) -> bool:
    return any(map(options.has, ("print-data-log", "value-decoder-class", "key-decoder-class", *_DECODERS)))


def _number(options: Options, name: str) -> int:
    number = options.number(name)
    assert number is not None, name  # it has a default
    return number


def _size_bytes(files: list[str]) -> int:
    return sum(os.path.getsize(path) for path in files if os.path.isfile(path))


if __name__ == "__main__":
    sys.exit(main())
