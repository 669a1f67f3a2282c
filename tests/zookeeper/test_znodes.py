"""A tree that is replaced: numbers and events come from what differs."""

from __future__ import annotations

import pytest

from minikafka.zookeeper.messages import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
)
from minikafka.zookeeper.watches import Watches
from minikafka.zookeeper.znodes import Content, Event, Znode, ZnodeTree, is_valid, split

START_MS = 1_700_000_000_000


@pytest.fixture
def tree() -> ZnodeTree:
    tree = ZnodeTree(START_MS)
    tree.replace({"/a": Content(None), "/a/one": Content(b"1")}, START_MS)
    return tree


def node(tree: ZnodeTree, path: str) -> Znode:
    found = tree.get(path)
    assert found is not None
    return found


def test_a_node_comes(tree: ZnodeTree) -> None:
    before = tree.zxid
    nodes = {"/a": Content(None), "/a/one": Content(b"1"), "/a/two": Content(b"22", ephemeral_owner=7)}
    events = tree.replace(nodes, START_MS + 5)
    assert events == [Event(NODE_CREATED, "/a/two"), Event(NODE_CHILDREN_CHANGED, "/a")]
    stat = node(tree, "/a/two").stat()
    assert stat == (before + 1, before + 1, START_MS + 5, START_MS + 5, 0, 0, 0, 7, 2, 0, before + 1)
    parent = node(tree, "/a").stat()
    assert (parent.cversion, parent.num_children, parent.pzxid, parent.version) == (2, 2, before + 1, 0)
    assert list(node(tree, "/a").children) == ["one", "two"]


def test_a_node_changes(tree: ZnodeTree) -> None:
    before = node(tree, "/a/one").stat()
    events = tree.replace({"/a": Content(None), "/a/one": Content(b"other")}, START_MS + 5)
    assert events == [Event(NODE_DATA_CHANGED, "/a/one")]
    after = node(tree, "/a/one").stat()
    assert after == before._replace(mzxid=before.mzxid + 1, mtime_ms=START_MS + 5, version=1, data_length=5)


def test_nodes_go_children_first(tree: ZnodeTree) -> None:
    events = tree.replace({}, START_MS)
    assert [each.path for each in events if each.kind == NODE_DELETED] == ["/a/one", "/a"]
    assert len(tree) == 1


def test_nothing_changes(tree: ZnodeTree) -> None:
    before = tree.zxid
    assert tree.replace({"/a": Content(None), "/a/one": Content(b"1")}, START_MS + 5) == []
    assert tree.zxid == before


def test_numbers_grow_from_one_start_to_the_next(tree: ZnodeTree) -> None:
    assert tree.zxid < ZnodeTree(START_MS + 1000).zxid < 2**63
    assert ZnodeTree(3_700_000_000_000).zxid < 2**63  # in the year 2087


@pytest.mark.parametrize("path", ["", "a", "/a/", "//", "/a//b", "/a/./b", "/..", "/a\0"])
def test_a_path_that_is_none(path: str) -> None:
    assert not is_valid(path)


def test_paths() -> None:
    assert is_valid("/")
    assert is_valid("/a/.b")
    assert (split("/a/b"), split("/a")) == (("/a", "b"), ("/", "a"))


class Told:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def send_event(self, event: Event) -> None:
        self.events.append(event)


def test_a_watch_tells_once() -> None:
    watches, told = Watches(), Told()
    watches.watch_data("/a", told)
    watches.watch_children("/a", told)
    assert (watches.count(), watches.of(told), watches.paths()) == (2, ["/a"], {"/a"})
    watches.fire([Event(NODE_CHILDREN_CHANGED, "/a"), Event(NODE_CHILDREN_CHANGED, "/a")])
    assert told.events == [Event(NODE_CHILDREN_CHANGED, "/a")]
    watches.fire([Event(NODE_DATA_CHANGED, "/b"), Event(NODE_DATA_CHANGED, "/a"), Event(NODE_DELETED, "/a")])
    assert told.events[1:] == [Event(NODE_DATA_CHANGED, "/a")]


def test_the_end_of_a_node_is_told_once_to_who_waits_for_both() -> None:
    watches, told = Watches(), Told()
    watches.watch_data("/a", told)
    watches.watch_children("/a", told)
    watches.fire([Event(NODE_DELETED, "/a")])
    assert told.events == [Event(NODE_DELETED, "/a")]


def test_who_has_gone_is_told_nothing() -> None:
    watches, gone, there = Watches(), Told(), Told()
    for each in (gone, there):
        watches.watch_data("/a", each)
    watches.watch_children("/b", gone)
    watches.forget(gone)
    watches.fire([Event(NODE_CREATED, "/a"), Event(NODE_DELETED, "/b")])
    assert (gone.events, there.events) == ([], [Event(NODE_CREATED, "/a")])
