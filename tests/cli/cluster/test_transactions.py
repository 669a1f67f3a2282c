"""``kafka-transactions``: what Kafka's own tool prints of a transaction that runs, and of one that hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from minikafka.broker import Broker
from minikafka.client.cluster import Cluster
from minikafka.client.leaders import Leaders
from minikafka.client.producing.producer import Producer
from minikafka.client.producing.producer_settings import ProducerSettings
from minikafka.protocol.messages import InitProducerIdRequest, ProduceRequest
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from tests.cli.tool_run import Run, made

TOOL = "kafka-transactions"


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    # What hangs is written as clients older than the verification of partitions could write it.
    with Broker(transaction_partition_verification_enable=False, transaction_state_log_num_partitions=1) as broker:
        yield broker


@pytest.fixture(scope="module")
def paid(broker: Broker) -> Iterator[str]:
    """A topic with an open transaction of "payer" at offset 0."""
    made(broker, "paid")
    with Cluster(broker.bootstrap_servers) as cluster:
        producer = Producer(cluster, ProducerSettings(acks=-1, is_idempotent=True, transactional_id="payer"))
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("paid", b"payment", partition=0)
        producer.flush()
        yield "paid"


def hang(broker: Broker, topic: str) -> int:
    """Write one message of an hour ago in a transaction that never began; the producer's id."""
    made(broker, topic)
    with Cluster(broker.bootstrap_servers) as cluster:
        connection = cluster.broker(Leaders(cluster).leader((topic, 0)))
        numbers = connection.call(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000))
        batch = build_batch(
            [Record(0, int(time.time() * 1000) - 3_600_000, None, b"lost")],
            producer_id=numbers.producer_id,
            producer_epoch=0,
            base_sequence=0,
            is_transactional=True,
        )
        data = ProduceRequest.TopicProduceData(
            name=topic, partition_data=[ProduceRequest.PartitionProduceData(index=0, records=batch)]
        )
        request = ProduceRequest(transactional_id="forgotten", acks=-1, timeout_ms=10_000, topic_data=[data])
        (answer,) = connection.call(request, 11).responses[0].partition_responses
    assert answer.error_code == 0
    producer_id: int = numbers.producer_id
    return producer_id


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("\t")[:-1]] for line in text.splitlines()]


def test_list(run: Run, paid: str) -> None:
    titles = ["TransactionalId", "Coordinator", "ProducerId", "TransactionState"]
    code, out, err = run(TOOL, "list")
    assert (code, err) == (0, "")
    found = cells(out)
    assert found[0] == titles
    assert [row[:2] + row[3:] for row in found[1:] if row[0] == "payer"] == [["payer", "1", "Ongoing"]]
    assert cells(run(TOOL, "list", "--transactional-id-pattern", "pay.*")[1])[1][0] == "payer"
    assert cells(run(TOOL, "list", "--transactional-id-pattern", "sell.*")[1]) == [titles]
    assert cells(run(TOOL, "list", "--duration-filter", "600000")[1]) == [titles]


def test_columns_are_as_wide_as_they_have_to_be(run: Run, paid: str) -> None:
    lines = run(TOOL, "list")[1].splitlines()
    assert lines[0] == "TransactionalId\tCoordinator\tProducerId\tTransactionState\t"
    assert lines[1].startswith("payer          \t1          \t")


def test_describe(run: Run, paid: str) -> None:
    titles, row = cells(run(TOOL, "describe", "--transactional-id", "payer")[1])
    found = dict(zip(titles, row, strict=True))
    assert (found["CoordinatorId"], found["TransactionState"], found["TopicPartitions"]) == ("1", "Ongoing", "paid-0")
    assert int(found["CurrentTransactionStartTimeMs"]) > 0
    assert 0 <= int(found["TransactionDurationMs"]) < 600_000
    assert run(TOOL, "describe", "--transactional-id", "nobody") == (
        1,
        "",
        "Failed to describe transaction state of transactional-id `nobody`: DescribeTransactions request for "
        "transactionalId `nobody` failed because the ID could not be found. Enable debug logging for additional "
        "detail.\n",
    )


def test_describe_producers(run: Run, paid: str) -> None:
    describe = (TOOL, "describe-producers", "--topic", paid, "--partition")
    titles, row = cells(run(*describe, "0")[1])
    assert titles[1:] == [
        "ProducerEpoch",
        "LatestCoordinatorEpoch",
        "LastSequence",
        "LastTimestamp",
        "CurrentTransactionStartOffset",
    ]
    assert row[1:4] + row[5:] == ["0", "-1", "0", "0"]
    assert cells(run(*describe, "0", "--broker-id", "1")[1]) == [titles, row]
    code, _, err = run(*describe, "9")
    assert (code, err) == (
        1,
        "Failed to describe producers for partition paid-9 on leader: This server does not host this topic-partition."
        ". Enable debug logging for additional detail.\n",
    )


def test_find_and_abort_what_hangs(run: Run, broker: Broker, paid: str) -> None:
    producer_id = hang(broker, "hung")
    for where in (("--topic", "hung"), ("--topic", "hung", "--partition", "0"), ("--broker-id", "1")):
        titles, row = cells(run(TOOL, "find-hanging", *where)[1])
        assert row[:6] == ["hung", "0", str(producer_id), "0", "-1", "0"]
        assert row[7] == "60"
    assert cells(run(TOOL, "find-hanging", "--topic", "hung", "--max-transaction-timeout", "61")[1]) == [titles]
    abort = (TOOL, "abort", "--topic", "hung", "--partition", "0")
    code, _, err = run(*abort, "--start-offset", "7")
    sentence = "Could not find any open transactions starting at offset 7 on partition hung-0\n"
    assert (code, err) == (1, sentence)
    assert run(*abort, "--start-offset", "0") == (0, "", "")
    assert cells(run(TOOL, "find-hanging", "--topic", "hung")[1]) == [titles]


def test_abort_by_producer(run: Run, broker: Broker) -> None:
    producer_id = hang(broker, "hung-too")
    abort = (TOOL, "abort", "--topic", "hung-too", "--partition", "0", "--producer-id", str(producer_id))
    assert run(*abort) == (1, "", "Missing required argument --producer-epoch\n")
    assert run(*abort, "--producer-epoch", "0") == (1, "", "Missing required argument --coordinator-epoch\n")
    assert run(*abort, "--producer-epoch", "0", "--coordinator-epoch", "-1") == (0, "", "")
    assert len(cells(run(TOOL, "find-hanging", "--topic", "hung-too")[1])) == 1


def test_force_terminate(run: Run, broker: Broker) -> None:
    made(broker, "ended")
    with Cluster(broker.bootstrap_servers) as cluster:
        producer = Producer(cluster, ProducerSettings(acks=-1, is_idempotent=True, transactional_id="ender"))
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("ended", b"nothing", partition=0)
        producer.flush()
        assert run(TOOL, "forceTerminateTransaction", "--transactionalId", "ender") == (0, "", "")
    titles, row = cells(run(TOOL, "describe", "--transactional-id", "ender")[1])
    found = dict(zip(titles, row, strict=True))
    assert (found["TransactionState"], found["CurrentTransactionStartTimeMs"]) == ("Empty", "None")
    assert cells(run(TOOL, "describe-producers", "--topic", "ended", "--partition", "0")[1])[1][5] == "None"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("wrong",), "invalid choice: 'wrong' (choose from 'list', 'describe', 'describe-producers', 'abort', "),
        (("describe",), "argument --transactional-id is required"),
        (("describe-producers", "--topic", "t"), "argument --partition is required"),
        (("describe-producers", "--topic", "t", "--partition", "x"), "could not convert 'x' to Integer"),
        ((), "too few arguments"),
        (("list", "--unheard-of"), "unrecognized arguments: '--unheard-of'"),
    ],
)
def test_refuses(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(TOOL, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("usage: kafka-transactions")
    assert f"kafka-transactions.sh: error: {sentence}" in err or f" {sentence}" in err.splitlines()[-1]


@pytest.mark.parametrize("tool", [TOOL, "kafka-features", "kafka-metadata-quorum"])
def test_needs_a_command(run: Run, tool: str) -> None:
    code, out, err = run(tool, connected=False)
    assert (code, out) == (1, "")
    assert err.startswith(f"usage: {tool}")
    assert err.endswith("error: too few arguments\n")


def test_needs_a_scope(run: Run) -> None:
    sentence = "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search\n"
    assert run(TOOL, "find-hanging") == (1, "", sentence)
    assert run(TOOL, "find-hanging", "--partition", "0", "--broker-id", "1") == (
        1,
        "",
        "The --partition argument requires --topic to be provided\n",
    )
    assert run(TOOL, "abort", "--topic", "t", "--partition", "0")[2].startswith("The transaction to abort must be")


def test_help(run: Run) -> None:
    for words in (("--help",), ("-h",)):
        code, out, err = run(TOOL, *words, connected=False)
        assert (code, err) == (0, "")
        assert "\n  find-hanging" in out
    code, out, _ = run(TOOL, "abort", "--help", connected=False)
    assert code == 0
    assert "--start-offset" in out
    assert run(TOOL, "--version", connected=False)[1].startswith("4.2.0 (minikafka ")
