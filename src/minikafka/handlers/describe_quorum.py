"""DescribeQuorum (key 55), versions 0-2: who votes on the metadata, and how far each has come (KIP-595).

This node is the only voter and always up to date. Version 2 has directory ids and where the voters are reached
(KIP-853). Source: KafkaRaftClient.handleDescribeQuorumRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import DescribeQuorumRequest, DescribeQuorumResponse
from minikafka.state.topic_names import CLUSTER_METADATA_TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext, Services

_Topic = DescribeQuorumResponse.TopicData
_Partition = DescribeQuorumResponse.PartitionData
_FIRST_VERSION_WITH_TIMES = 1
_FIRST_VERSION_WITH_DIRECTORIES = 2


def handle(ctx: RequestContext, request: DescribeQuorumRequest) -> DescribeQuorumResponse:
    asked = [
        (topic.topic_name, partition.partition_index) for topic in request.topics for partition in topic.partitions
    ]
    if asked != [(CLUSTER_METADATA_TOPIC, 0)]:
        return _unknown(ctx.api_version, request)
    response = DescribeQuorumResponse(
        topics=[_Topic(topic_name=CLUSTER_METADATA_TOPIC, partitions=[_metadata_partition(ctx)])]
    )
    if ctx.api_version >= _FIRST_VERSION_WITH_DIRECTORIES:
        response.nodes = [_node(ctx.broker)]
    return response


def _metadata_partition(ctx: RequestContext) -> _Partition:
    broker = ctx.broker
    end_offset = broker.image.offset + 1
    voter = DescribeQuorumResponse.ReplicaState(replica_id=broker.node_id, log_end_offset=end_offset)
    if ctx.api_version >= _FIRST_VERSION_WITH_TIMES:
        voter.last_fetch_timestamp = voter.last_caught_up_timestamp = broker.clock.wall_ms()
    if ctx.api_version >= _FIRST_VERSION_WITH_DIRECTORIES:
        voter.replica_directory_id = broker.controller.voter_directory_id
    return _Partition(
        partition_index=0,
        leader_id=broker.node_id,
        leader_epoch=broker.controller.epoch,
        high_watermark=end_offset,
        current_voters=[voter],
    )


def _node(broker: Services) -> DescribeQuorumResponse.Node:
    return DescribeQuorumResponse.Node(
        node_id=broker.node_id,
        listeners=[
            DescribeQuorumResponse.Listener(name=endpoint.name, host=endpoint.host, port=endpoint.port)
            for endpoint in broker.controller.voter_endpoints
        ],
    )


def _unknown(version: int, request: DescribeQuorumRequest) -> DescribeQuorumResponse:
    code = errors.UNKNOWN_TOPIC_OR_PARTITION
    message = errors.message_of(code) if version >= _FIRST_VERSION_WITH_DIRECTORIES else ""
    return DescribeQuorumResponse(
        topics=[
            _Topic(
                topic_name=topic.topic_name,
                partitions=[
                    _Partition(partition_index=partition.partition_index, error_code=code, error_message=message)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
