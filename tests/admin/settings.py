"""The settings with which both brokers are started for the comparison."""

from __future__ import annotations

from pathlib import Path


def log_directories(directory: Path) -> tuple[str, str]:
    return str(directory / "first"), str(directory / "second")


def settings(directory: Path, port: int, controller_port: int) -> dict[str, str]:
    """What Apache Kafka needs, said to minikafka as well: where a value comes from is part of the answers."""
    client, controller = f"PLAINTEXT://127.0.0.1:{port}", f"CONTROLLER://127.0.0.1:{controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "listeners": f"{client},{controller}",
        "advertised.listeners": client,
        "log.dirs": ",".join(log_directories(directory)),
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "offsets.topic.num.partitions": "5",
        "group.initial.rebalance.delay.ms": "0",
        "group.share.heartbeat.interval.ms": "5000",
        "group.share.min.heartbeat.interval.ms": "5000",
    }
