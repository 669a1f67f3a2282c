"""Run clients of the matrix against one broker: ``python -m tests.matrix --help``."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.clients.drivers import DRIVER_MODULES
from tests.matrix import (
    admin_answers,
    go_clients,
    group_tools,
    java_clients,
    kafka_adoption,
    kafka_cleaner,
    kafka_disk,
    kafka_python,
    kafka_share_groups,
    kafka_streams,
    kafka_tools,
    kcat,
    node_clients,
    perf_tools,
    python_clients,
    share_clients,
    table,
    tool_session,
    zookeeper_clients,
)
from tests.matrix.workplace import CannotRunHere, CommandFailed, Workplace
from tests.support.wire import Connection

Check = Callable[..., str]

EVERYWHERE = ("produce", "assignment", "group")
# A client, what it can do (the columns of the table), and its check, which tells what of this works.
CLIENTS: dict[str, tuple[Sequence[str], Check]] = {
    "kafka-python 1.4.6": (EVERYWHERE, partial(kafka_python.tutorial, "1.4.6")),
    "kafka-python 1.4.6, api_version=(0, 10)": (
        EVERYWHERE,
        partial(kafka_python.tutorial, "1.4.6", "--api-version", "0.10"),
    ),
    "kafka-python 2.0.2": (EVERYWHERE, partial(kafka_python.tutorial, "2.0.2")),
    "kafka-python 2.2.21": ((*EVERYWHERE, "transactions"), partial(kafka_python.tutorial, "2.2.21")),
    "kafka-python 2.3.3": ((*EVERYWHERE, "transactions"), partial(kafka_python.tutorial, "2.3.3")),
    "kafka-python 3": ((*EVERYWHERE, "transactions"), partial(kafka_python.tutorial, "3.0.12")),
    "aiokafka": ((*EVERYWHERE, "transactions"), partial(python_clients.check, "aiokafka")),
    "confluent-kafka": (table.COLUMNS, partial(python_clients.check, "confluent-kafka")),
    "kcat": (EVERYWHERE, kcat.check),
    **{
        f"Java {version}": (java_clients.columns(version), partial(java_clients.check_release, version))
        for version in java_clients.VERSIONS
    },
    "sarama": ((*EVERYWHERE, "transactions"), partial(go_clients.check, "sarama")),
    "franz-go": (table.COLUMNS, partial(go_clients.check, "franzgo")),
    "segmentio/kafka-go": (EVERYWHERE, partial(go_clients.check, "kafkago")),
    # The clients for Node read through groups only.
    "kafkajs": (("produce", "group", "transactions"), partial(node_clients.check, "kafkajs")),
    "@platformatic/kafka": (
        ("produce", "group", "848", "transactions"),
        partial(node_clients.check, "platformatic"),
    ),
}
TOOLS: dict[str, Check] = {
    "Kafka's own tools": java_clients.check_tools,
    "Kafka's tools and ours": tool_session.check,
    "Kafka's performance tools and ours": perf_tools.check,
    "Our share consumer": kafka_share_groups.check_with_ours,
    "Our share consumer, and share requests, with Apache Kafka": kafka_share_groups.check_with_kafka,
    "Kafka's share consumer": share_clients.check,
    "Kafka's tools for groups, settings and transactions": kafka_tools.check,
    "Kafka's tools for groups and ours": group_tools.check,
    "ZooKeeper's shell, and Kafka 2.4's tools with ZooKeeper": zookeeper_clients.check,
    f"Kafka Streams {kafka_streams.STREAMS_VERSION}": kafka_streams.check,
    "Kafka's answers to admin calls": admin_answers.check,
    f"Apache Kafka {kafka_disk.KAFKA_VERSION} on the same directory": kafka_disk.check_both_ways,
    "kafka-dump-log on every file": kafka_disk.check_dump_log,
    **{
        f"Adopting Kafka {version} with ZooKeeper": partial(kafka_adoption.check, version)
        for version in (kafka_adoption.OLDEST, kafka_adoption.NEWEST)
    },
    f"The cleaner of Apache Kafka {kafka_disk.KAFKA_VERSION}": kafka_cleaner.check,
}


# A feature, and the API without which a broker does not have it.
FEATURE_API_KEYS = {"groups": 11, "transactions": 24, "configs": 32, "848": 68, "share": 78}


def features_of(bootstrap: str) -> frozenset[str]:
    """What the broker can do beyond topics and messages, as it announces it."""
    host, _, port = bootstrap.rpartition(":")
    connection = Connection(host, int(port))
    served = connection.api_keys()
    connection.close()
    return frozenset(feature for feature, key in FEATURE_API_KEYS.items() if key in served)


def main() -> int:
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="minikafka-matrix-") as temporary:
        directory = Path(options.work or temporary).resolve()
        features = features_of(options.bootstrap)
        workplace = Workplace(directory, options.bootstrap, features, run_id=secrets.token_hex(3))
        rows: dict[str, str] = {}
        outcomes = check_clients([name for name in CLIENTS if options.only in name], rows, workplace)
        outcomes += [report(name, check, workplace) for name, check in TOOLS.items() if options.only in name]
        outcomes.append(report("docs/clients.md", partial(check_document, rows), workplace))
    for feature in sorted(FEATURE_API_KEYS.keys() - features):
        print(f"SKIPPED {feature}: the broker does not announce them")
    print(*table.lines({name: rows[name] for name in CLIENTS if name in rows}), sep="\n")
    passed, failed, skipped = (outcomes.count(kind) for kind in ("passed", "FAILED", "SKIPPED"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def check_clients(names: Sequence[str], rows: dict[str, str], workplace: Workplace) -> list[str]:
    """Run clients in lanes side by side: two for those on Python, which wait more than they work, and one for the
    others, which are built from what they share. What came of each.
    """

    def run_lane(lane: Sequence[str]) -> list[str]:
        return [report(name, partial(check_client, name, *CLIENTS[name], rows), workplace) for name in lane]

    python = [name for name in names if "kafka-python" in name or name in DRIVER_MODULES]
    lanes = (python[:3], python[3:], [name for name in names if name not in python])
    with ThreadPoolExecutor(len(lanes)) as threads:
        return [outcome for outcomes in threads.map(run_lane, lanes) for outcome in outcomes]


def check_client(name: str, columns: Sequence[str], check: Check, rows: dict[str, str], workplace: Workplace) -> str:
    """Run a client, and put its row into ``rows``."""
    try:
        printed = check(workplace=workplace)
    except CommandFailed as failure:
        rows[name] = table.row(name, columns, failure.printed)
        raise
    except AssertionError:
        rows[name] = table.row(name, columns, "")
        raise
    rows[name] = table.row(name, columns, printed)
    table.expect_all(columns, printed, workplace.features)
    return printed


def check_document(rows: dict[str, str], workplace: Workplace) -> str:
    table.expect_documented(rows)
    return f"{len(rows)} rows"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("bootstrap", metavar="HOST:PORT", help="the broker to talk to")
    parser.add_argument("--only", default="", help="run the clients whose name contains this")
    parser.add_argument("--work", help="where to fetch and build clients; kept, so that a second run is quick")
    return parser.parse_args()


def report(name: str, check: Check, workplace: Workplace) -> str:
    started = time.monotonic()
    try:
        detail = check(workplace=workplace)
        outcome = "passed"
    except CannotRunHere as reason:
        outcome, detail = "SKIPPED", str(reason)
    except (CommandFailed, AssertionError) as failure:
        outcome, detail = "FAILED", str(failure)
    lines = [f"{outcome} {name} ({time.monotonic() - started:.1f} s)\n"]
    if outcome != "passed":
        lines.append("    " + detail.rstrip().replace("\n", "\n    ") + "\n")
    print("".join(lines), end="", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
