"""``kafka-dump-log`` prints what Kafka's own tool was seen to print, over files of Kafka's and of minikafka's."""

from __future__ import annotations

import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli import COMMANDS
from minikafka.cli.dump_log.dump_log import main
from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer
from tests.cli.dump_log.dump_log_cases import cases
from tests.cli.dump_log.dump_log_files import SEGMENT, write_files
from tests.matrix.kafka_dump_log import NOWHERE, printed_by_minikafka, recorded_case
from tests.support.terminal import Terminal

HERE = Path(__file__).parent
KAFKAS_DIRECTORY = HERE.parents[3] / "shared" / "protocol" / "kafka-4.2.0-logdir.tar.gz"

Dump = Callable[..., tuple[int, str, str]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_files(tmp_path)
    return tmp_path


@pytest.fixture
def dump(capsys: pytest.CaptureFixture[str]) -> Dump:
    def run(*words: object) -> tuple[int, str, str]:
        code = main(list(map(str, words)))
        return code, *capsys.readouterr()

    return run


def all_printed(directory: Path, *, as_digests: bool) -> list[str]:
    found = []
    for options, file in cases(directory):
        text = printed_by_minikafka([*options.split(), "--files", str(directory / file)])
        text = text.replace(os.path.abspath(directory), NOWHERE)
        found.append(recorded_case(options, file, text, as_digest=as_digests))
    return found


def test_strange_files(files: Path) -> None:
    expected = (HERE / "dump_log_expected.txt").read_bytes().decode()  # carriage returns are part of it
    assert "".join(all_printed(files, as_digests=False)) == expected


def test_a_directory_of_kafka(tmp_path: Path) -> None:
    if not KAFKAS_DIRECTORY.exists():
        pytest.skip(f"there is no {KAFKAS_DIRECTORY}")
    with tarfile.open(KAFKAS_DIRECTORY) as archive:
        archive.extractall(tmp_path, filter="data")
    expected = (HERE / "dump_log_digests.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    assert all_printed(tmp_path, as_digests=True) == expected


def test_several_files_and_what_is_none(files: Path, dump: Dump) -> None:
    (files / "leader-epoch-checkpoint").write_text("0\n0\n")
    log, other = files / f"{SEGMENT}.txnindex", files / "leader-epoch-checkpoint"
    code, out, err = dump("--files", f"{log},{other}")
    assert code == 0
    assert out.splitlines() == [
        f"Dumping {log}",
        "version: 0 producerId: 7 firstOffset: 105 lastOffset: 107 lastStableOffset: 105",
        f"Dumping {other}",
    ]
    assert err == f"Ignoring unknown file {other}\n"


def test_decoders_of_keys_and_values(tmp_path: Path, dump: Dump) -> None:
    from minikafka.records.batch import Record
    from minikafka.records.builder import build_batch

    log = tmp_path / "00000000000000000000.log"
    log.write_bytes(build_batch([Record(0, 1, b"\xff\xff\xff\xfe", bytes(7) + b"\x09" + b"more")]))
    words = ("--skip-record-metadata", "--files", log)
    by_number = dump("--key-decoder-class", "org.apache.kafka.tools.api.IntegerDecoder",
                     "--value-decoder-class", "kafka.serializer.LongDecoder", *words)  # fmt: skip
    assert by_number[1].splitlines()[-1] == "| key: -2 payload: 9"
    as_bytes = dump("--value-decoder-class=org.apache.kafka.tools.api.DefaultDecoder", *words)
    assert as_bytes[1].splitlines()[-1].endswith(" payload: 00000000000000096d6f7265")
    unknown = dump("--value-decoder-class", "com.example.MyDecoder", *words)
    assert unknown[0] == 1
    assert unknown[2].startswith("com.example.MyDecoder: there is no such decoder here, only StringDecoder, ")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("00000000000000000000.log", bytes(100), "Found record size 0 smaller than minimum record overhead (14) in"),
        ("00000000000000000000.index", b"", "00000000000000000000.log cannot be read: No such file or directory"),
        ("nothing.log", b"", "the name of a segment's file begins with an offset"),
        ("nothing.checkpoint", b"", "a snapshot is named by its end offset and epoch: OFFSET-EPOCH.checkpoint"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, dump: Dump, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    code, _, err = dump("--files", tmp_path / name)
    assert code == 1
    assert sentence in err


def test_needs_files(dump: Dump) -> None:
    code, out, err = dump("--print-data-log")
    assert (code, out) == (1, "")
    assert err.startswith('Missing required argument "[files]"\n')


def test_a_log_that_a_broker_is_using(dump: Dump) -> None:
    with Broker() as broker, Cluster(broker.bootstrap_servers) as cluster:
        producer = Producer(cluster)
        producer.send("used", b"value", b"key", timestamp_ms=1000)
        producer.flush()
        log = Path(broker.log_dirs[0], "used-0", "00000000000000000000.log")
        code, out, err = dump("--print-data-log", "--files", log)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "Log starting offset: 0"
    assert lines[2].startswith("baseOffset: 0 lastOffset: 0 count: 1 baseSequence: 0 lastSequence: 0 producerId: 0 ")
    assert lines[3] == (
        "| offset: 0 CreateTime: 1000 keySize: 3 valueSize: 5 sequence: 0 headerKeys: [] key: key payload: value"
    )


def test_a_bar_beside_a_file_of_output(files: Path, tmp_path: Path) -> None:
    """The lines go to a file, and the terminal shows how far it is; where the lines are shown there is no bar."""
    dump = f"{sys.executable} -m minikafka dump-log --print-data-log --files {files / SEGMENT}.log"
    for command, has_bar in ((f"{dump} > lines", True), (dump, False)):
        with Terminal(["sh", "-c", command], tmp_path, {**os.environ, "TERM": "xterm"}) as terminal:
            assert terminal.wait() == 0
            assert ("Reading [" in terminal.text) == has_bar
    assert "Log starting offset: 100" in (tmp_path / "lines").read_text(errors="replace")


def test_the_short_name() -> None:
    assert COMMANDS["dump-log"][0] == COMMANDS["kafka-dump-log"][0]
