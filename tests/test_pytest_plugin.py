"""The pytest plugin, as those see it who have installed the package."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest

pytest_plugins = ["pytester"]

_IS_INSTALLED = any(each.value == "minikafka.pytest_plugin" for each in entry_points(group="pytest11"))
PLUGIN_ARGUMENTS = [] if _IS_INSTALLED else ["-p", "minikafka.pytest_plugin"]


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """Test files are run with the plugin, whether it is installed or only in the path."""
    pytester.makeini("[pytest]\naddopts = " + " ".join([*PLUGIN_ARGUMENTS, "-p no:cacheprovider"]))
    return pytester


def test_each_test_finds_the_same_broker_empty(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        seen = set()

        def test_one(kafka):
            seen.add(kafka.bootstrap_servers)
            assert kafka.topics() == {}
            kafka.produce("orders", "a")

        def test_two(kafka, kafka_broker):
            assert kafka is kafka_broker
            seen.add(kafka.bootstrap_servers)
            assert kafka.topics() == {}
            assert len(seen) == 1

        def test_that_kills(kafka):
            kafka.kill()

        def test_that_stops(kafka):
            assert kafka.topics() == {}
            kafka.stop()

        def test_after(kafka):
            assert kafka.produce("orders", "a").offset == 0
        """
    )
    run.runpytest_inprocess().assert_outcomes(passed=5)


def test_each_test_finds_what_was_prepared(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import pytest

        def test_before(kafka):
            assert kafka.topics() == {}

        class TestOrders:
            @pytest.fixture(scope="class")
            @classmethod
            def kafka_prepare(cls):
                return {"orders": ["a", "b"]}

            @pytest.mark.parametrize("number", range(3))
            def test(self, kafka, number):
                assert [record.text for record in kafka.records("orders")] == ["a", "b"]
                kafka.produce("orders", "c")
                kafka.create_topic("more")

        calls = []

        class TestPrices:
            @pytest.fixture(scope="class")
            @classmethod
            def kafka_prepare(cls):
                def prepare(broker):
                    calls.append(1)
                    broker.produce("prices", "3")

                return prepare

            @pytest.mark.parametrize("number", range(3))
            def test(self, kafka, number):
                assert kafka.topics() == {"prices": 1}
                assert calls == [1]
                kafka.delete_topic("prices")

        def test_after(kafka):
            assert kafka.topics() == {}
        """
    )
    run.runpytest_inprocess().assert_outcomes(passed=8)


def test_topics_and_further_brokers(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        def test(kafka, kafka_topic, kafka_broker_factory):
            names = [kafka_topic(), kafka_topic(partitions=3), kafka_topic("named", retention_ms=5)]
            assert len(set(names)) == 3
            assert kafka.topics() == {names[0]: 1, names[1]: 3, "named": 1}
            assert kafka.topic_configs("named") == {"retention.ms": "5"}
            other = kafka_broker_factory(num_partitions=4)
            other.produce("t", "v")
            assert other.topics() == {"t": 4}
            test.other = other

        def test_after():
            assert not test.other.is_running
        """
    )
    run.runpytest_inprocess().assert_outcomes(passed=2)


def test_settings_come_from_the_file_and_the_command_line(run: pytest.Pytester) -> None:
    run.makepyprojecttoml(
        '[tool.pytest.ini_options]\nkafka_settings = ["num.partitions=3", "log.retention.hours = 7"]\n'
        f"addopts = {PLUGIN_ARGUMENTS!r}\n"
    )
    (run.path / "tox.ini").unlink()
    run.makepyfile(
        """
        def test(kafka_broker):
            assert kafka_broker.config["num.partitions"] == 5
            assert kafka_broker.config["log.retention.hours"] == 7
        """
    )
    run.runpytest_inprocess("--kafka-set", "num.partitions=5").assert_outcomes(passed=1)
    wrong = run.runpytest_inprocess("--kafka-set", "num.partitions")
    wrong.stdout.fnmatch_lines(["*a setting of the Kafka broker is KEY=VALUE, not 'num.partitions'*"])
    unusable = run.runpytest_inprocess("--kafka-set", "num.partitions=many")
    unusable.assert_outcomes(errors=1)
    unusable.stdout.fnmatch_lines(["*ConfigError: *num.partitions=many*"])
    unknown = run.runpytest_inprocess("--kafka-set", "num.partition=5")
    unknown.assert_outcomes(errors=1)
    unknown.stdout.fnmatch_lines(["*num.partition=5: brokers have no setting num.partition; did you mean num.part*"])


@pytest.mark.parametrize("chosen", ["command line", "file"])
def test_a_process_of_its_own(run: pytest.Pytester, chosen: str) -> None:
    run.makepyfile(
        """
        def test_one(kafka):
            kafka.produce("t", "v")
            assert "listening on" in kafka.process_log

        def test_two(kafka):
            assert kafka.topics() == {}
            assert False
        """
    )
    arguments = ["--kafka-process"] if chosen == "command line" else ["-o", "kafka_process=true"]
    result = run.runpytest_inprocess(*arguments)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Kafka broker: log*", "*ready in*"])


def test_a_failure_shows_what_the_broker_was_asked_and_logged(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import socket
        from kafka import KafkaProducer

        def produce(kafka, topic):
            producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, client_id="shop")
            producer.send(topic, b"v").get(10)
            producer.close()

        def test_before(kafka):
            produce(kafka, "earlier")

        def test_that_fails(kafka):
            produce(kafka, "orders")
            with socket.create_connection(("127.0.0.1", kafka.port)) as connection:
                connection.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
                connection.recv(1)
            assert False, "so that there is a report"

        def test_without_a_broker():
            assert False
        """
    )
    result = run.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*so that there is a report*",
            "*WARNING *minikafka*closing the connection*",
            "*Kafka broker: last requests*",
            "*Produce v*shop*orders -> ok*",
            "*test_without_a_broker*",
        ]
    )
    text = result.stdout.str()
    assert "earlier ->" not in text
    assert text.count("Kafka broker: last requests") == 1


def test_nothing_of_the_broker_is_loaded_until_it_is_used(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import sys

        def test():
            loaded = {name for name in sys.modules if name.startswith("minikafka")}
            assert loaded == {"minikafka", "minikafka.pytest_plugin"}
        """
    )
    run.runpytest_subprocess().assert_outcomes(passed=1)


def test_it_costs_next_to_nothing() -> None:
    script = "import pytest, sys; before = set(sys.modules); import minikafka.pytest_plugin as plugin; "
    script += "print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"minikafka", "minikafka.pytest_plugin"}


@pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_with_xdist_every_worker_has_its_own(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test(kafka, number):
            assert kafka.topics() == {}
            kafka.produce("t", "v")
            assert len(kafka.wait_for("t")) == 1
        """
    )
    run.runpytest_subprocess("-n", "2").assert_outcomes(passed=8)
