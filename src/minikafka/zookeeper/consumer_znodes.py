"""What the consumers of Kafka 0.8 to 1.1 keep in ZooKeeper: who is in a group, which partitions are whose, and offsets.

All of it is below ``/consumers``. The znodes are in memory: they hold for as long as the process runs, and ephemeral
ones for as long as the session they came from.
"""

from __future__ import annotations

from minikafka.zookeeper.messages import ALL
from minikafka.zookeeper.znodes import Content, split

_ROOT = "/consumers/"


class ConsumerZnodes:
    """``contents``: path -> what it holds. Whether a path may be created or deleted is checked before."""

    def __init__(self) -> None:
        self.contents: dict[str, Content] = {}
        self._next_numbers: dict[str, int] = {}

    @staticmethod
    def holds(path: str) -> bool:
        return path.startswith(_ROOT)

    def create(self, path: str, data: bytes | None, *, owner: int, is_sequential: bool) -> str:
        """Returns the path; a sequential one ends in ten digits. ``owner``: the session of an ephemeral node, or 0."""
        if is_sequential:
            parent = split(path)[0]
            number = self._next_numbers.get(parent, 0)
            self._next_numbers[parent] = number + 1
            path = f"{path}{number:010}"
        self.contents[path] = Content(data, owner, ALL)
        return path

    def set_data(self, path: str, data: bytes | None) -> None:
        self.contents[path] = self.contents[path]._replace(data=data)

    def delete(self, path: str) -> None:
        del self.contents[path]
        self._next_numbers.pop(path, None)

    def end_session(self, session_id: int) -> None:
        for path in [path for path, content in self.contents.items() if content.ephemeral_owner == session_id]:
            self.delete(path)
