"""AlterReplicaLogDirs (key 34), versions 0-2: move partitions to other log directories (KIP-113).

The answer says whether the move has begun; DescribeLogDirs shows how far it is. Source:
ReplicaManager.alterReplicaLogDirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError, StorageError
from minikafka.handlers._partitions import partition_log
from minikafka.protocol.messages import AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse
from minikafka.storage.log_names import is_too_long_to_move

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: AlterReplicaLogDirsRequest) -> AlterReplicaLogDirsResponse:
    codes: dict[str, dict[int, int]] = {}
    for directory in request.dirs:
        for topic in directory.topics:
            for index in topic.partitions:
                codes.setdefault(topic.name, {})[index] = _move(ctx, directory.path, topic.name, index)
    return _response(codes)


def error_response(request: AlterReplicaLogDirsRequest, code: int) -> AlterReplicaLogDirsResponse:
    """The answer when the request fails as a whole."""
    codes: dict[str, dict[int, int]] = {}
    for directory in request.dirs:
        for topic in directory.topics:
            codes.setdefault(topic.name, {}).update(dict.fromkeys(topic.partitions, code))
    return _response(codes)


def _move(ctx: RequestContext, path: str, topic: str, index: int) -> int:
    try:
        if is_too_long_to_move(topic, index):
            raise ApiError(errors.INVALID_TOPIC_EXCEPTION)
        ctx.broker.logs.ensure_directory(path)
        ctx.broker.replica_mover.move(partition_log(ctx.broker, topic, index), path)
    except ApiError as error:
        return error.code
    except StorageError:
        return errors.KAFKA_STORAGE_ERROR
    return errors.NONE


def _response(codes: dict[str, dict[int, int]]) -> AlterReplicaLogDirsResponse:
    return AlterReplicaLogDirsResponse(
        results=[
            AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult(
                topic_name=topic,
                partitions=[
                    AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult(
                        partition_index=index, error_code=code
                    )
                    for index, code in by_index.items()
                ],
            )
            for topic, by_index in codes.items()
        ]
    )
