"""Which options ``kafka-dump-log`` is tried with, on which files of a directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_OF_RECORDS = (
    "",
    "--deep-iteration",
    "--print-data-log",
    "--print-data-log --skip-record-metadata",
    "--deep-iteration --max-bytes 400",
)
_OF_INDEXES = ("", "--index-sanity-check", "--verify-index-only")
_OPTIONS = {
    ".log": _OF_RECORDS,
    ".checkpoint": (*_OF_RECORDS, "--cluster-metadata-decoder"),
    ".index": _OF_INDEXES,
    ".timeindex": _OF_INDEXES,
    ".txnindex": ("",),
    ".snapshot": ("",),
}
_DECODERS = {
    "__cluster_metadata": "--cluster-metadata-decoder",
    "__consumer_offsets": "--offsets-decoder",
    "__transaction_state": "--transaction-log-decoder",
    "__share_group_state": "--share-group-state-decoder",
    "__remote_log_metadata": "--remote-log-metadata-decoder",
}


def cases(directory: Path) -> Iterator[tuple[str, str]]:
    """Options, and a file's path in the directory; of empty files only what the indexes are."""
    for file in sorted(path for path in directory.rglob("*.*") if path.is_file()):
        if file.stat().st_size == 0 and file.suffix != ".timeindex":
            continue
        for options in _OPTIONS.get(file.suffix, ()):
            yield options, str(file.relative_to(directory))
        decoder = _DECODERS.get(file.parent.name.rpartition("-")[0])
        if decoder is not None and file.suffix == ".log":
            yield decoder, str(file.relative_to(directory))
            yield f"{decoder} --skip-record-metadata", str(file.relative_to(directory))
