"""A node's logs and controller over files in memory: started, stopped and crashed at will."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikafka.clock import ManualClock
from minikafka.config import BrokerConfig
from minikafka.controller.config_control import DELETE, SET, ConfigAlteration, ConfigOperation
from minikafka.controller.quorum_controller import QuorumController
from minikafka.controller.topic_control import CreatedTopic, NewTopic, Outcome
from minikafka.pending import Pending, run_inline
from minikafka.state.cluster import ListenerEndpoint
from minikafka.state.metadata_image import MetadataImage
from minikafka.storage.log_manager import LogManager
from minikafka.storage.memory_files import MemoryFiles

NOW_MS = 1_700_000_000_000
CLUSTER_ID = "c" * 22
ENDPOINT = ListenerEndpoint("PLAINTEXT", "localhost", 9092, 0)
METADATA_DIRECTORY = "/data/__cluster_metadata-0"


class Node:
    """Started on construction. ``settings`` are the broker's, with underscores for dots."""

    def __init__(
        self,
        files: MemoryFiles | None = None,
        *,
        clock: ManualClock | None = None,
        run_blocking: Any = run_inline,
        **settings: object,
    ) -> None:
        self.clock = clock or ManualClock(NOW_MS)
        self.files = files if files is not None else MemoryFiles(self.clock.wall_ms)
        self.settings = settings
        self.run_blocking = run_blocking
        # Small indexes: files in memory are not sparse.
        defaults = {"log.dirs": "/data", "node.id": 1, "log.index.size.max.bytes": 1200}
        config = BrokerConfig.from_mapping({**defaults, **settings})
        self.logs = LogManager(config, self.clock, run_blocking, self.files)
        self.logs.open_directories(CLUSTER_ID)
        self.controller = QuorumController(config, self.clock, run_blocking, self.files, self.logs)
        self.controller.start()
        self.logs.load_logs(self.controller.image.topic_configs)
        self.controller.attach_logs()
        self.controller.register_broker([ENDPOINT])

    @property
    def image(self) -> MetadataImage:
        return self.controller.image

    def create(self, *names: str, **fields: Any) -> list[CreatedTopic]:
        """Create topics of one partition, unless ``fields`` says otherwise."""
        wishes = [NewTopic(name, **{"num_partitions": 1, "replication_factor": 1, **fields}) for name in names]
        return value_of(self.controller.create_topics(wishes))

    def configure(self, resource_type: int, name: str, key: str, value: str | None) -> Outcome:
        """Set, or with None remove, one setting of a resource."""
        operation = ConfigOperation(key, DELETE if value is None else SET, value)
        return value_of(self.controller.alter_configs([ConfigAlteration(resource_type, name, [operation])]))[0]

    def delete(self, *names: str) -> list[Outcome]:
        ids = [self.image.topics_by_name[name].topic_id for name in names]
        outcomes = value_of(self.controller.delete_topics(ids))
        return [outcomes[topic_id] for topic_id in ids]

    def stop(self) -> MemoryFiles:
        """A clean stop; gives the files for the next start."""
        self.controller.close()
        self.logs.close()
        return self.files

    def restarted(self) -> Node:
        return Node(self.stop(), clock=self.clock, run_blocking=self.run_blocking, **self.settings)

    def killed(self, assumption: str = "process", seed: int = 0) -> Node:
        """The node that starts on what a crash leaves (see ``MemoryFiles``)."""
        return Node(self.files.after_crash(assumption, seed), clock=self.clock, **self.settings)

    def partition_logs(self) -> list[str]:
        return sorted(log.name for log in self.logs.all())


def value_of(pending: Pending[Any]) -> Any:
    """The value of a promise that is kept already."""
    values: list[Any] = []
    pending.on_complete(values.append)
    assert values, "the answer is not there yet"
    return values[0]


class Workers:
    """A ``RunBlocking`` whose work is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Any]] = []

    def __call__(self, work: Callable[[], Any], on_done: Any = None) -> None:
        self.waiting.append((work, on_done))

    def work_off(self) -> int:
        """Do what is waiting; returns how much that was."""
        jobs, self.waiting = self.waiting, []
        for work, on_done in jobs:
            run_inline(work, on_done)
        return len(jobs)


def described(records: Sequence[Any]) -> list[str]:
    """Names of record types, for comparing what a log holds."""
    return [type(record).__name__ for record in records]
