"""Kafka's own tools for groups, settings and transactions: they print of minikafka what they print of Kafka.

All of them run in one JVM, against a broker of their own. ``python -m tests.matrix.kafka_tools JARS`` runs the same
against Apache Kafka, which is where the expected lines are from.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from minikafka.client.connection import Connection
from minikafka.protocol.messages import InitProducerIdRequest, ProduceRequest
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from tests.matrix.java_clients import SOURCES, jars
from tests.matrix.java_session import JavaSession
from tests.matrix.workplace import CommandFailed, Workplace
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess
from tests.support.polling import wait_until

TOOLS = SOURCES / "tools" / "Tools.java"
CLASSES = {
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-groups": "org.apache.kafka.tools.GroupsCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
}
SETTINGS = {
    "node.id": "1",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "log.retention.ms": "-1",
    # What hangs is written as clients older than the verification of partitions could write it.
    "transaction.partition.verification.enable": "false",
}
FIRST_MS = 1_700_000_000_000
ORDERS = {0: 10, 1: 6}
TIMEOUT_S = 30.0
# Where in a tool an error came from, and that there is no logger.
NOISE = re.compile(r"at \S+\(.*\)$|Caused by: |\.\.\. \d+ more|SLF4J: ")


class Tools:
    """Kafka's tools against one broker."""

    def __init__(self, session: JavaSession, bootstrap: str) -> None:
        self._session = session
        self._bootstrap = bootstrap
        self.count = 0

    def printed(self, command: str) -> list[str]:
        """The lines a command prints, without blank ones and the blanks that align columns."""
        tool, *arguments = command.split()
        answer = self._session.ask(CLASSES[tool], "--bootstrap-server", self._bootstrap, *arguments)
        self.count += 1
        lines = [" ".join(line.split()) for line in answer.printed.splitlines()]
        return [line for line in lines if line and not NOISE.match(line)]

    def expect(self, command: str, *expected: str) -> None:
        """``command`` prints these lines in any order; a star stands for what differs from run to run."""
        printed = self.printed(command)
        left = list(printed)
        for pattern in expected:
            same = re.compile(re.escape(pattern).replace(r"\*", ".*"))
            found = next((line for line in left if same.fullmatch(line)), None)
            if found is None:
                raise CommandFailed(f"{command}\ndoes not print '{pattern}':\n" + "\n".join(printed))
            left.remove(found)
        if left:
            raise CommandFailed(f"{command}\nprints {len(left)} lines too many:\n" + "\n".join(left))


def check(workplace: Workplace) -> str:
    """All tools against a minikafka of their own."""
    library = jars(workplace)["tools"]
    return use_all(MinikafkaProcess(workplace.folder(f"kafka-tools-{workplace.run_id}"), SETTINGS), library)


def use_all(broker: BrokerProcess, library: Path) -> str:
    with broker, JavaSession(TOOLS, library, broker.directory / "java.log") as session:
        tools = Tools(session, broker.bootstrap)
        create_topic(tools, broker)
        live_groups(tools, broker)
        offsets(tools)
        topic_configs(tools)
        broker_configs(tools)
        group_configs(tools)
        transactions(tools, broker)
        hanging_transactions(tools, broker)
        return f"{tools.count} calls"


def create_topic(tools: Tools, broker: BrokerProcess) -> None:
    tools.expect("kafka-topics --create --topic orders --partitions 2", "Created topic orders.")
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for partition, count in ORDERS.items():
        for number in range(count):
            producer.produce("orders", b"order", partition=partition, timestamp=FIRST_MS + number * 1000)
    assert producer.flush(TIMEOUT_S) == 0, "not everything was sent"


# --- groups

GROUPS = "kafka-consumer-groups"
OFFSET_COLUMNS = "GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID"
STATE_COLUMNS = "GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE #MEMBERS"


@contextmanager
def member(broker: BrokerProcess, group: str, commits: Mapping[int, int], **settings: str) -> Iterator[None]:
    """The only member of a group, which has both partitions and has committed these offsets."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": group,
            "client.id": f"{group}-client",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            **{name.replace("_", "."): value for name, value in settings.items()},
        }
    )
    consumer.subscribe(["orders"])
    wait_until(lambda: consumer.poll(0.05) is not None and len(consumer.assignment()) == len(ORDERS))
    positions = [TopicPartition("orders", partition, offset) for partition, offset in commits.items()]
    consumer.commit(offsets=positions, asynchronous=False)
    try:
        yield
    finally:
        consumer.close()


def live_groups(tools: Tools, broker: BrokerProcess) -> None:
    """A group of each protocol while its member is there, and after."""
    with (
        member(broker, "billing", {0: 4, 1: 2}, group_protocol="classic", group_instance_id="biller"),
        member(broker, "shipping", {0: 9}, group_protocol="consumer"),
    ):
        describe = f"{GROUPS} --describe --group shipping --state"
        wait_until(lambda: any(" Stable " in line for line in tools.printed(describe)))
        list_groups(tools)
        describe_classic(tools)
        describe_consumer(tools)
        where = "127.0.0.1:* (1)"
        states = [f"billing {where} range Stable 1", f"shipping {where} uniform Stable 1"]
        tools.expect(f"{GROUPS} --describe --all-groups --state", STATE_COLUMNS, STATE_COLUMNS, *states)
        refuse_while_live(tools)
    gone = "Consumer group 'shipping' has no active members."
    rest = ["shipping orders 0 9 10 1 - - -"]
    tools.expect(f"{GROUPS} --describe --group shipping", gone, OFFSET_COLUMNS, *rest)
    tools.expect(
        f"{GROUPS} --delete --group shipping --group missing",
        "Error: Deletion of some consumer groups failed:",
        "* Group 'missing' could not be deleted due to: "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.",
        "These consumer groups were deleted successfully: 'shipping'",
    )
    tools.expect(f"{GROUPS} --list", "billing")


def list_groups(tools: Tools) -> None:
    tools.expect(f"{GROUPS} --list", "billing", "shipping")
    tools.expect(f"{GROUPS} --list --state", "GROUP STATE", "billing Stable", "shipping Stable")
    tools.expect(f"{GROUPS} --list --state empty", "GROUP STATE")
    tools.expect(f"{GROUPS} --list --type", "GROUP TYPE", "billing Classic", "shipping Consumer")
    tools.expect(f"{GROUPS} --list --type consumer --state stable", "GROUP TYPE STATE", "shipping Consumer Stable")
    columns, classic, consumer = "GROUP TYPE PROTOCOL", "billing Classic consumer", "shipping Consumer consumer"
    tools.expect("kafka-groups --list", columns, classic, consumer)
    tools.expect("kafka-groups --list --group-type classic", columns, classic)
    tools.expect("kafka-groups --list --protocol consumer", columns, classic, consumer)
    tools.expect("kafka-groups --list --consumer", columns, classic, consumer)
    tools.expect("kafka-groups --list --share", columns)


def describe_classic(tools: Tools) -> None:
    """The static member of the classic group."""
    describe = f"{GROUPS} --describe --group billing"
    who = "biller-* /127.0.0.1 billing-client"
    tools.expect(describe, OFFSET_COLUMNS, f"billing orders 0 4 10 6 {who}", f"billing orders 1 2 6 4 {who}")
    tools.expect(
        f"{describe} --offsets --verbose",
        OFFSET_COLUMNS.replace("PARTITION ", "PARTITION LEADER-EPOCH "),
        f"billing orders 0 - 4 10 6 {who}",
        f"billing orders 1 - 2 6 4 {who}",
    )
    tools.expect(
        f"{describe} --members --verbose",
        "GROUP CONSUMER-ID GROUP-INSTANCE-ID HOST CLIENT-ID #PARTITIONS "
        "CURRENT-EPOCH CURRENT-ASSIGNMENT TARGET-EPOCH TARGET-ASSIGNMENT",
        "billing biller-* biller /127.0.0.1 billing-client 2 - orders:0,1 - -",
    )
    tools.expect(
        f"{describe} --state --verbose",
        "GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE GROUP-EPOCH TARGET-ASSIGNMENT-EPOCH #MEMBERS",
        "billing 127.0.0.1:* (1) range Stable - - 1",
    )


def describe_consumer(tools: Tools) -> None:
    describe = f"{GROUPS} --describe --group shipping"
    who = "/127.0.0.1 shipping-client"
    rows = [f"shipping orders 0 9 10 1 * {who}", f"shipping orders 1 - 6 - * {who}"]
    tools.expect(describe, OFFSET_COLUMNS, *rows)
    tools.expect(
        f"{describe} --members --verbose",
        "GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS CURRENT-EPOCH CURRENT-ASSIGNMENT TARGET-EPOCH TARGET-ASSIGNMENT",
        f"shipping * {who} 2 1 orders:0,1 1 orders:0,1",
    )
    tools.expect(
        f"{describe} --state --verbose",
        "GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE GROUP-EPOCH TARGET-ASSIGNMENT-EPOCH #MEMBERS",
        "shipping 127.0.0.1:* (1) uniform Stable 1 1 1",
    )


def refuse_while_live(tools: Tools) -> None:
    tools.expect(
        f"{GROUPS} --reset-offsets --group billing --topic orders --to-earliest --execute",
        "Error: Assignments can only be reset if the group 'billing' is inactive, but the current state is Stable.",
        "GROUP TOPIC PARTITION NEW-OFFSET",
    )
    tools.expect(
        f"{GROUPS} --delete --group shipping",
        "Error: Deletion of some consumer groups failed:",
        "* Group 'shipping' could not be deleted due to: "
        "org.apache.kafka.common.errors.GroupNotEmptyException: The group is not empty.",
    )
    tools.expect(
        f"{GROUPS} --delete-offsets --group billing --topic orders:1",
        "Error: Encountered some partition-level error, see the follow-up details.",
        "TOPIC PARTITION STATUS",
        "orders 1 Error: org.apache.kafka.common.errors.GroupSubscribedToTopicException: "
        "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.",
    )


def offsets(tools: Tools) -> None:
    """A group that is nothing but offsets: they are set, moved, shown and deleted."""
    reset = f"{GROUPS} --reset-offsets --group returns --topic orders"
    for how, first, second in (
        ("--to-offset 5 --execute", 5, 5),
        ("--to-earliest --dry-run", 0, 0),
        ("--shift-by 3 --execute", 8, 6),  # beyond the end is the end
        ("--shift-by -10 --dry-run", 0, 0),
        ("--to-datetime 2023-11-14T22:13:25.000 --execute", 5, 5),
        ("--to-latest --dry-run", 10, 6),
        ("--to-current --dry-run", 5, 5),
        ("--to-earliest --execute", 0, 0),
    ):
        rows = [f"returns orders 0 {first}", f"returns orders 1 {second}"]
        tools.expect(f"{reset} {how}", "GROUP TOPIC PARTITION NEW-OFFSET", *rows)
    late = "Warn: Partition {} from topic orders is empty. Falling back to latest known offset."
    rows = ["GROUP TOPIC PARTITION NEW-OFFSET", "returns orders 0 7", "returns orders 1 6", late.format(1)]
    tools.expect(f"{reset} --to-datetime 2023-11-14T22:13:27.000 --dry-run", *rows)
    rows = ["GROUP TOPIC PARTITION NEW-OFFSET", "returns orders 0 10", "returns orders 1 6", *map(late.format, (0, 1))]
    tools.expect(f"{reset} --by-duration PT0S --dry-run", *rows)
    tools.expect(f"{reset}:1 --shift-by 4 --execute", "GROUP TOPIC PARTITION NEW-OFFSET", "returns orders 1 4")
    tools.expect(
        f"{GROUPS} --reset-offsets --group returns --all-topics --to-current --export --dry-run",
        "orders,0,0",
        "orders,1,4",
    )
    gone = "Consumer group 'returns' has no active members."
    rows = ["returns orders 0 0 10 10 - - -", "returns orders 1 4 6 2 - - -"]
    tools.expect(f"{GROUPS} --describe --group returns", gone, OFFSET_COLUMNS, *rows)
    tools.expect(
        f"{GROUPS} --delete-offsets --group returns --topic orders:1 --topic orders:7",
        "Error: Encountered some partition-level error, see the follow-up details.",
        "TOPIC PARTITION STATUS",
        "orders 1 Successful",
        "orders 7 Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: "
        "This server does not host this topic-partition.",
    )
    tools.expect(f"{GROUPS} --describe --group returns --offsets", gone, OFFSET_COLUMNS, rows[0])
    tools.expect(
        f"{GROUPS} --describe --group returns --state", gone, STATE_COLUMNS, "returns 127.0.0.1:* (1) - Empty 0"
    )
    deleted = "Deletion of requested consumer groups ('returns') was successful."
    tools.expect(f"{GROUPS} --delete --group returns", deleted)
    tools.expect(
        f"{GROUPS} --describe --group returns",
        "Error: Executing consumer group command failed due to "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: Group returns not found.",
        "java.util.concurrent.ExecutionException: "
        "org.apache.kafka.common.errors.GroupIdNotFoundException: Group returns not found.",
    )


# --- settings


def topic_configs(tools: Tools) -> None:
    topic = "kafka-configs --entity-type topics --entity-name orders"
    head, done = "Dynamic configs for topic orders are:", "Completed updating config for topic orders."
    tools.expect(f"{topic} --alter --add-config retention.ms=-1,cleanup.policy=[compact,delete]", done)
    tools.expect(
        f"{topic} --describe",
        head,
        "cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, "
        "DEFAULT_CONFIG:log.cleanup.policy=delete}",
        "retention.ms=-1 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=-1, "
        "STATIC_BROKER_CONFIG:log.retention.ms=-1, DEFAULT_CONFIG:log.retention.hours=168}",
    )
    tools.expect(f"{topic} --alter --delete-config retention.ms,cleanup.policy", done)
    tools.expect(f"{topic} --describe", head)
    tools.expect(f"{topic} --alter --delete-config retention.ms", "Invalid config(s): retention.ms")
    refuse(tools, f"{topic} --alter --add-config retention.ms=soon", "InvalidConfigurationException",
           "Invalid value soon for configuration retention.ms: Not a number of type LONG")  # fmt: skip
    refuse(tools, f"{topic} --alter --add-config no.such.thing=1", "InvalidConfigurationException",
           "Unknown topic config name: no.such.thing")  # fmt: skip
    tools.expect(
        "kafka-configs --entity-type topics --entity-name missing --describe",
        "The topic 'missing' doesn't exist and doesn't have dynamic config.",
    )


def broker_configs(tools: Tools) -> None:
    broker = "kafka-configs --entity-type brokers --entity-name 1"
    default = "kafka-configs --entity-type brokers --entity-default"
    head, done = "Dynamic configs for broker 1 are:", "Completed updating config for broker 1."
    default_done = "Completed updating default config for brokers in the cluster."
    tools.expect(f"{broker} --alter --add-config message.max.bytes=2000000", done)
    tools.expect(f"{default} --alter --add-config message.max.bytes=3000000", default_done)
    tools.expect(
        f"{broker} --describe",
        head,
        "message.max.bytes=2000000 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:message.max.bytes=2000000, "
        "DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=3000000, DEFAULT_CONFIG:message.max.bytes=1048588}",
    )
    tools.expect(
        f"{default} --describe",
        "Default configs for brokers in the cluster are:",
        # Set when eligible leader replicas came: since then it may only be set for all brokers.
        "min.insync.replicas=1 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}",
        "message.max.bytes=3000000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=3000000}",
    )
    tools.expect(f"{broker} --alter --delete-config message.max.bytes", done)
    tools.expect(f"{default} --alter --delete-config message.max.bytes", default_done)
    tools.expect(f"{broker} --describe", head)
    refuse(tools, f"{broker} --alter --add-config broker.id=7", "InvalidRequestException",
           "Cannot update these configs dynamically: Set(broker.id)")  # fmt: skip
    refuse(tools, f"{broker} --alter --add-config log.cleaner.threads=many", "InvalidRequestException",
           "Invalid value many for configuration log.cleaner.threads: Not a number of type INT")  # fmt: skip


def group_configs(tools: Tools) -> None:
    group = "kafka-configs --entity-type groups --entity-name shipping"
    done = "Completed updating config for group shipping."
    tools.expect(f"{group} --alter --add-config consumer.session.timeout.ms=50000", done)
    tools.expect(
        f"{group} --describe",
        "Dynamic configs for group shipping are:",
        "consumer.session.timeout.ms=50000 sensitive=false "
        "synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000}",
    )
    refuse(tools, f"{group} --alter --add-config consumer.session.timeout.ms=1", "InvalidConfigurationException",
           "consumer.session.timeout.ms must be greater than or equal to "
           "group.consumer.min.session.timeout.ms")  # fmt: skip
    tools.expect(f"{group} --alter --delete-config consumer.session.timeout.ms", done)


def refuse(tools: Tools, command: str, error: str, message: str) -> None:
    arguments = command.partition(" ")[2]
    tools.expect(
        command,
        f"Error while executing config command with args '--bootstrap-server * {arguments}'",
        f"java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.{error}: {message}",
    )


# --- transactions

TRANSACTIONS = "kafka-transactions"
LIST_COLUMNS = "TransactionalId Coordinator ProducerId TransactionState"
TRANSACTION_COLUMNS = (
    "CoordinatorId TransactionalId ProducerId ProducerEpoch TransactionState TransactionTimeoutMs "
    "CurrentTransactionStartTimeMs TransactionDurationMs TopicPartitions"
)
PRODUCER_COLUMNS = (
    "ProducerId ProducerEpoch LatestCoordinatorEpoch LastSequence LastTimestamp CurrentTransactionStartOffset"
)
HANGING_COLUMNS = "Topic Partition ProducerId ProducerEpoch CoordinatorEpoch StartOffset LastTimestamp Duration(min)"


def transactions(tools: Tools, broker: BrokerProcess) -> None:
    """One transaction while it is open, and when it has ended."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": "payments"})
    producer.init_transactions(TIMEOUT_S)
    producer.begin_transaction()
    producer.produce("orders", b"paid", partition=1)
    assert producer.flush(TIMEOUT_S) == 0, "not everything was sent"
    tools.expect(f"{TRANSACTIONS} list", LIST_COLUMNS, "payments 1 0 Ongoing")
    tools.expect(f"{TRANSACTIONS} list --duration-filter 3600000", LIST_COLUMNS)
    describe = f"{TRANSACTIONS} describe --transactional-id"
    tools.expect(f"{describe} payments", TRANSACTION_COLUMNS, "1 payments 0 0 Ongoing 60000 * * orders-1")
    tools.expect(
        f"{describe} missing",
        "Failed to describe transaction state of transactional-id `missing`: DescribeTransactions request for "
        "transactionalId `missing` failed because the ID could not be found. Enable debug logging for additional "
        "detail.",
    )
    producers = f"{TRANSACTIONS} describe-producers --topic orders --partition 1"
    tools.expect(producers, PRODUCER_COLUMNS, "0 0 -1 0 * 6")
    tools.expect(f"{TRANSACTIONS} find-hanging --broker-id 1", HANGING_COLUMNS)
    producer.commit_transaction(TIMEOUT_S)
    # EndTxn is answered before the markers are written.
    wait_until(lambda: "payments 1 0 CompleteCommit" in tools.printed(f"{TRANSACTIONS} list"))
    tools.expect(f"{describe} payments", TRANSACTION_COLUMNS, "1 payments 0 0 CompleteCommit 60000 * *")
    tools.expect(producers, PRODUCER_COLUMNS, "0 0 0 0 * None")


def hanging_transactions(tools: Tools, broker: BrokerProcess) -> None:
    """A transaction that its coordinator knows nothing of is found, and aborted at the partition."""
    producer_id = hang(broker, "orders", 10)
    partition = "--topic orders --partition 0"
    hanging = f"orders 0 {producer_id} 0 -1 10 * 60"
    tools.expect(f"{TRANSACTIONS} find-hanging --broker-id 1", HANGING_COLUMNS, hanging)
    tools.expect(f"{TRANSACTIONS} find-hanging {partition}", HANGING_COLUMNS, hanging)
    tools.expect(f"{TRANSACTIONS} find-hanging --topic orders --max-transaction-timeout 70", HANGING_COLUMNS)
    tools.expect(f"{TRANSACTIONS} abort {partition} --start-offset 10")
    tools.expect(f"{TRANSACTIONS} find-hanging --broker-id 1", HANGING_COLUMNS)
    tools.expect(f"{TRANSACTIONS} describe-producers {partition}", PRODUCER_COLUMNS, f"{producer_id} 0 * 0 * None")
    tools.expect(
        f"{TRANSACTIONS} abort {partition} --start-offset 10",
        "Could not find any open transactions starting at offset 10 on partition orders-0",
    )


def hang(broker: BrokerProcess, topic: str, offset: int) -> int:
    """Write one message of an hour ago, at this offset, in a transaction that never began; its producer's id."""
    with Connection(broker.host, broker.port) as connection:
        asked = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
        producer_id: int = connection.call(asked).producer_id
        batch = build_batch(
            [Record(0, int(time.time() * 1000) - 3_600_000, None, b"lost")],
            producer_id=producer_id,
            producer_epoch=0,
            base_sequence=0,
            is_transactional=True,
        )
        data = ProduceRequest.TopicProduceData(
            name=topic, partition_data=[ProduceRequest.PartitionProduceData(index=0, records=batch)]
        )
        request = ProduceRequest(transactional_id="forgotten", acks=-1, timeout_ms=10_000, topic_data=[data])
        (answer,) = connection.call(request, 11).responses[0].partition_responses
    assert (answer.error_code, answer.base_offset) == (0, offset), answer
    return producer_id


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        library = Path(sys.argv[1]).resolve()
        print(use_all(ApacheKafkaProcess(Path(temporary), library, SETTINGS), library))
