"""kcat, the command line of librdkafka, from the Debian package."""

from __future__ import annotations

import os
import shutil

from tests.matrix.workplace import CannotRunHere, CommandFailed, Workplace, executable, run
from tests.support.text_files import text_files

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
# How librdkafka speaks to a broker that it was told is older than ApiVersions.
OLD_BROKER = ("-X", "api.version.request=false", "-X", "broker.version.fallback=0.9.0.1")


def kcat_program() -> str:
    """kcat, installed with apt-get where this user may. Raises CannotRunHere."""
    if shutil.which("kcat") is None:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise CannotRunHere("no kcat, and no apt-get to install it with as root")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(["apt-get", "update", "-qq"], environment=quiet)
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "kcat"], environment=quiet)
        except CommandFailed as failure:
            raise CannotRunHere(f"apt-get does not install kcat: {failure}") from failure
    return executable("kcat")


def check(*, workplace: Workplace) -> str:
    kcat = [kcat_program(), "-b", workplace.bootstrap]
    lines = [line for file in text_files(20_000).values() for line in file if line]
    for codec in CODECS:
        there_and_back(kcat, workplace.topic(f"kcat-{codec}"), lines, ["-z", codec])
    there_and_back([*kcat, *OLD_BROKER], workplace.topic("kcat-old"), lines, [])
    topic = workplace.topic("kcat-gzip")
    if "groups" in workplace.features:
        wanted = ["-o", "earliest", "-c", str(len(lines)), topic]
        taken = run([*kcat, "-q", "-G", f"group-of-{topic}", *wanted], timeout_s=60)
        assert taken.encode().splitlines() == lines, "read other lines in a group than were sent"
    listing = run([*kcat, "-L"])
    assert f'topic "{topic}" with 1 partitions' in listing, listing
    offset = run([*kcat, "-Q", "-t", f"{topic}:0:-1"])
    assert f"offset {len(lines)}" in offset, offset
    done = ["produce", "assignment", *(["group"] if "groups" in workplace.features else [])]
    return "\n".join(f"works: {column}" for column in done)


def there_and_back(kcat: list[str], topic: str, lines: list[bytes], options: list[str]) -> None:
    run([*kcat, "-P", "-t", topic, "-p", "0", *options], stdin=b"\n".join(lines) + b"\n", timeout_s=60)
    taken = run([*kcat, "-C", "-q", "-t", topic, "-p", "0", "-o", "beginning", "-e"], timeout_s=60)
    assert taken.encode().splitlines() == lines, f"{topic}: read other lines than were sent"
