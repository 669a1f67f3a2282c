"""Run the programs of tests/clients/tutorial with the kafka-python that is installed (1.4.6 to 3; Python 3.8 or newer).

Usage: kafka_python_tutorial.py BOOTSTRAP [--api-version 0.10] [--features groups,transactions]

Each is run as it is written, but for its broker, and for the names of topics, groups and transactions, which get an
ending of their own, so that a broker may see several runs. What it prints has to be what stands below "# Prints:".
Ends with exit code 0 when all did.
"""

import argparse
import contextlib
import io
import re
import sys
import time
import traceback
import uuid
from pathlib import Path

import kafka

PROGRAMS = Path(__file__).resolve().parent.parent / "clients" / "tutorial"
DOCUMENTED_ADDRESS = "localhost:9092"
NAMES = re.compile(
    r"\b(my-topic|my-group|my-transactions|keyed-topic|json-topic|msgpack-topic|small-topic|retried-topic|shared-topic"
    r"|plain-topic|raw-topic|other-topic|awesome|by-name|by-pattern)\b|(?<=')test(?=')"
)
# What a column of the matrix rests on.
COLUMNS = {
    "produce": {"producer_first_messages", "producer_settings"},
    "assignment": {"consumer_pause"},
    "group": {"consumer_commit", "consumer_groups"},
    "transactions": {"producer_transactions"},
}
NEED_GROUPS = {"consumer_commit", "consumer_groups", "consumer_iteration", "consumer_subscribe"}


def programs(features, has_fixed_version):
    """Name -> program, of what this release and the broker can do; says what is left out, and why."""
    found = {path.stem: path for path in sorted(PROGRAMS.glob("*.py"))}
    missing = {}
    if "groups" not in features:
        missing.update(dict.fromkeys(NEED_GROUPS, "the broker has no groups"))
    if "transactions" not in features:
        missing["producer_transactions"] = "the broker has no transactions"
    if not hasattr(kafka.KafkaProducer, "init_transactions"):
        missing["producer_transactions"] = "this release has no transactions"
    if has_fixed_version:
        missing["consumer_offsets"] = "0.10 has no offsets by time"
    if int(kafka.__version__.split(".")[0]) >= 3:
        missing["admin_raw_request"] = "this release has no classes for the versions of a request"
    for name, reason in sorted(missing.items()):
        if found.pop(name, None):
            print("left out:", name + ",", reason)
    return found


def run(path, bootstrap):
    """Run one program to its end. Raises AssertionError when it prints something else than it says."""
    ending = uuid.uuid4().hex[:8]
    text = path.read_text(encoding="utf-8").replace(DOCUMENTED_ADDRESS, bootstrap)
    text = NAMES.sub(lambda name: name.group(0) + ending, text)
    expected = re.sub("^# ?", "", text.partition("# Prints:\n")[2], flags=re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, str(path), "exec"), {"__name__": "__main__"})
    if printed.getvalue() != expected:
        raise AssertionError(f"{path.name} printed\n{printed.getvalue()}and not\n{expected}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("--api-version")
    parser.add_argument("--features", default="")
    parser.add_argument("--only", default="", help="run the programs whose name this regular expression finds")
    options = parser.parse_args()
    if options.api_version is not None:
        version = tuple(map(int, options.api_version.split(".")))
        for client in (kafka.KafkaConsumer, kafka.KafkaProducer):
            client.DEFAULT_CONFIG["api_version"] = version
    worked = set()
    wanted = programs(options.features.split(","), options.api_version is not None)
    wanted = {name: path for name, path in wanted.items() if re.search(options.only, name)}
    for name, path in wanted.items():
        started = time.monotonic()
        try:
            run(path, options.bootstrap)
            worked.add(name)
        except Exception:
            traceback.print_exc(file=sys.stdout)
        print(f"{name:32} {time.monotonic() - started:5.1f} s", flush=True)
    for column, rest_on in COLUMNS.items():
        if rest_on <= worked:
            print("works:", column)
    failed = sorted(wanted.keys() - worked)
    if failed:
        print("failed:", *failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
