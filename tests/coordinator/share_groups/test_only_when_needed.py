"""A broker that has nothing to do with share groups does not load them, whatever else its groups do."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys
from minikafka import Broker
from minikafka.client.connection import Connection
from minikafka.protocol import messages as m

def commit(group):
    cls = m.OffsetCommitRequest
    partition = cls.OffsetCommitRequestPartition(partition_index=0, committed_offset=1)
    return cls(group_id=group, topics=[cls.OffsetCommitRequestTopic(name="t", partitions=[partition])])

with Broker() as broker, Connection("127.0.0.1", broker.port) as connection:
    creatable = m.CreateTopicsRequest.CreatableTopic(name="t", num_partitions=1, replication_factor=1)
    connection.call(m.CreateTopicsRequest(topics=[creatable], timeout_ms=10_000))
    for group in ("g", "h"):
        assert connection.call(commit(group), 9).topics[0].partitions[0].error_code == 0
    joining = m.ConsumerGroupHeartbeatRequest(
        group_id="c", member_id="m", rebalance_timeout_ms=1000, subscribed_topic_names=["t"], topic_partitions=[]
    )
    assert connection.call(joining, 1).error_code == 0
    assert len(connection.call(m.ListGroupsRequest(types_filter=["share"]), 5).groups) == 0
    assert connection.call(m.DeleteGroupsRequest(groups_names=["g"]), 2).results[0].error_code == 0
    deleted = [m.DeleteTopicsRequest.DeleteTopicState(name="t")]
    assert connection.call(m.DeleteTopicsRequest(topics=deleted, timeout_ms=10_000)).responses[0].error_code == 0
    print(*[name for name in sys.modules if name.startswith("minikafka.") and ("share" in name or "sharing" in name)])
    joining = m.ShareGroupHeartbeatRequest(group_id="s", member_id="m", subscribed_topic_names=["t"])
    assert connection.call(joining, 1).error_code == 0
    assert "minikafka.coordinator.share_groups.share_group" in sys.modules
"""


def test_groups_of_other_types_load_no_share_groups() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.split()) == ("", [])
