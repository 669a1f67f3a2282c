"""Why a key that Kafka has changes nothing here: the names used in the tables, and what they say to people."""

from __future__ import annotations

from typing import Final

REASONS: Final = {
    "always": "what it turned on, off or limited is always there",
    "broker-id": "the number of the broker is node.id, and none is made up",
    "combined": "the process is always both, broker and controller",
    "controller-metrics": "the controller works within the broker, and its events are not timed apart",
    "coordinator-linger": "a coordinator writes what arrived together at once and does not wait for more",
    "default-quotas": "quotas are set with kafka-configs, for users and clients",
    "downconversion": "old clients are always served in the format they know",
    "ends-at-once": "a transaction is over when its end is answered, and nothing has to wait for that",
    "gone": "it was replaced in Kafka 4.0, which refuses it",
    "inter-broker": "there is one node, and no other broker to talk to",
    "internal-topics": "there is one node, so Kafka's own topics have one replica",
    "java-class": "it names a Java class, and no Java runs here",
    "java-tls": "it chooses a part of Java's TLS, and TLS is OpenSSL's here",
    "kerberos": "Kerberos (GSSAPI) is not offered",
    "load-buffer": "logs are read back in pieces of a fixed size",
    "log-dir-failure": "there is no other broker a partition of a failed directory could move to",
    "matched-at-once": "a regular expression is matched anew as soon as topics come or go",
    "metrics": "metrics do not go through Java's reporters",
    "newest-format": "records and metadata are always written in the newest format",
    "not-yet": "what it is about is not there yet",
    "per-topic": "what differs for a topic is a setting of the topic",
    "purgatory": "a waiting request is removed when it ends, and nothing is left to purge",
    "quorum": "the controller is part of the broker and is the only voter",
    "remote": "there is no tiered storage; all of a log is on local disk",
    "replication": "there is one node, so nothing is replicated and no leader changes",
    "start-up": "the broker is complete before it accepts a connection",
    "telemetry": "no client metrics are collected",
    "threads": "one event loop serves all connections, and work that blocks has a small pool of its own",
    "unstable": "all that is there is stable",
    "zookeeper": "there is no ZooKeeper; the broker keeps its metadata itself, in __cluster_metadata",
}
"""Reason -> a clause for people, without a full stop."""


def no_effect(reason: str) -> str:
    """How a sentence about keys without effect begins; ``not-yet`` is no matter of how many nodes there are."""
    return "No effect yet" if reason == "not-yet" else "No effect on a single node"
