"""``zookeeper-shell HOST:PORT [COMMAND]``: look at znodes, those of a real ZooKeeper as well.

The commands, their options and what they print are those of ZooKeeper's own shell (ZooKeeperMain); without a COMMAND
they are read from the terminal or a pipe, until ``quit``.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence

from minikafka.errors import MinikafkaError
from minikafka.named_tuple import NamedTuple
from minikafka.zookeeper import messages
from minikafka.zookeeper.client import ZooKeeperClient, connect
from minikafka.zookeeper.errors import ZooKeeperError, error_name
from minikafka.zookeeper.messages import Stat

COMMAND = "zookeeper-shell"
_USAGE = f"USAGE: {COMMAND} zookeeper_host:port[/path] [args...]"
_PERMISSIONS = "rwcda"
_SENTENCES = {
    messages.NO_NODE: "Node does not exist: {}",
    messages.NO_AUTH: "Insufficient permission : {}",
    messages.NODE_EXISTS: "Node already exists: {}",
    messages.BAD_VERSION: "version No is not valid : {}",
}


class _UsageError(MinikafkaError):
    """A command that cannot be understood."""


class _Quit(Exception):
    """``quit`` was typed."""


class _Line(NamedTuple):
    """A command: its one-letter options, and its other words, a path first."""

    options: frozenset[str]
    words: list[str]


class _Shell:
    """``chroot`` stands before every path that is typed."""

    def __init__(self, client: ZooKeeperClient, chroot: str) -> None:
        self._client = client
        self._chroot = chroot

    def run(self, words: Sequence[str]) -> int:
        """Do one command, and print what it says; returns the exit code."""
        name, *rest = words
        command = _COMMANDS.get(name)
        try:
            if command is None:
                raise _UsageError(f"Command not found: Command not found {name}")
            options = frozenset(word[1:] for word in rest if _is_option(word))
            line = _Line(options, [word for word in rest if not _is_option(word)])
            if not options <= set(command.options) or not command.min_words <= len(line.words) <= command.max_words:
                raise _UsageError(command.usage)
            command.act(self, line)
        except ZooKeeperError as error:
            path = line.words[0] if line.words else ""
            sentence = _SENTENCES.get(error.code, f"KeeperErrorCode = {error_name(error.code)} for {{}}")
            print(sentence.format(path), file=sys.stderr)
            return 1
        except _UsageError as error:
            print(error, file=sys.stderr)
            return 1
        return 0

    def ls(self, line: _Line) -> None:
        path = line.words[0]
        if "R" in line.options:
            self._print_all(path)
            return
        names, stat = self._client.get_children(self._full(path))
        print(f"[{', '.join(sorted(names))}]")
        if "s" in line.options:
            _print_stat(stat)

    def get(self, line: _Line) -> None:
        data, stat = self._client.get_data(self._full(line.words[0]))
        print("null" if data is None else data.decode(errors="replace"))
        if "s" in line.options:
            _print_stat(stat)

    def stat(self, line: _Line) -> None:
        stat = self._client.exists(self._full(line.words[0]))
        if stat is None:
            raise ZooKeeperError(messages.NO_NODE)
        _print_stat(stat)

    def get_acl(self, line: _Line) -> None:
        for permissions, scheme, name in self._client.get_acl(self._full(line.words[0])):
            letters = {letter for bit, letter in enumerate(_PERMISSIONS) if permissions >> bit & 1}
            print(f"'{scheme},'{name}\n: {''.join(letter for letter in 'cdrwa' if letter in letters)}")

    def get_all_children_number(self, line: _Line) -> None:
        print(self._client.get_all_children_number(self._full(line.words[0])))

    def create(self, line: _Line) -> None:
        path, *data = line.words
        flags = 2 * ("s" in line.options) + ("e" in line.options)
        created = self._client.create(self._full(path), data[0].encode() if data else None, flags)
        print(f"Created {created.removeprefix(self._chroot)}")

    def set(self, line: _Line) -> None:
        stat = self._client.set_data(self._full(line.words[0]), line.words[1].encode())
        if "s" in line.options:
            _print_stat(stat)

    def delete(self, line: _Line) -> None:
        self._client.delete(self._full(line.words[0]))

    def sync(self, line: _Line) -> None:
        self._client.sync(self._full(line.words[0]))
        print("Sync is OK")

    def who_am_i(self, line: _Line) -> None:
        reader = self._client.call(messages.WHO_AM_I)
        print("Auth scheme: User")
        for scheme, user in reader.vector(lambda: (reader.string(), reader.string())):
            print(f"{scheme}: {user}")

    def help(self, line: _Line) -> None:
        print(f"{COMMAND} cmd args", *(f"\t{command.usage}" for command in _COMMANDS.values()), sep="\n")

    def quit(self, line: _Line) -> None:
        raise _Quit

    def _full(self, path: str) -> str:
        return path if not self._chroot else self._chroot + path.rstrip("/")

    def _print_all(self, path: str) -> None:
        """Every path from ``path`` on, each below its parent."""
        names, _ = self._client.get_children(self._full(path))
        print(path)
        for name in sorted(names):
            self._print_all(f"{path.rstrip('/')}/{name}")


class _Command(NamedTuple):
    act: Callable[[_Shell, _Line], None]
    usage: str
    options: str = ""
    min_words: int = 1
    max_words: int = 1


_COMMANDS = {
    "create": _Command(_Shell.create, "create [-s] [-e] path [data]", "se", 1, 2),
    "delete": _Command(_Shell.delete, "delete path"),
    "get": _Command(_Shell.get, "get [-s] path", "s"),
    "getAcl": _Command(_Shell.get_acl, "getAcl path"),
    "getAllChildrenNumber": _Command(_Shell.get_all_children_number, "getAllChildrenNumber path"),
    "help": _Command(_Shell.help, "help", "", 0, 0),
    "ls": _Command(_Shell.ls, "ls [-s] [-R] path", "sR"),
    "quit": _Command(_Shell.quit, "quit", "", 0, 0),
    "set": _Command(_Shell.set, "set [-s] path data", "s", 2, 2),
    "stat": _Command(_Shell.stat, "stat path"),
    "sync": _Command(_Shell.sync, "sync path"),
    "whoami": _Command(_Shell.who_am_i, "whoami", "", 0, 0),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0].startswith("-"):
        print(_USAGE)
        return 1
    servers, _, chroot = given[0].partition("/")
    print(f"Connecting to {given[0]}", flush=True)
    try:
        with connect(servers) as client:
            print("\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null", flush=True)
            shell = _Shell(client, f"/{chroot.strip('/')}" if chroot.strip("/") else "")
            return shell.run(given[1:]) if given[1:] else _run_typed(shell)
    except _Quit:
        return 0
    except (OSError, MinikafkaError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run_typed(shell: _Shell) -> int:
    """Commands as they are typed, to the end of the input; what goes wrong in one does not end the others."""
    for line in sys.stdin:
        words = _words(line)
        if words:
            shell.run(words)
            sys.stdout.flush()
    return 0


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _is_option(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _print_stat(stat: Stat) -> None:
    from time import gmtime, strftime

    def date(time_ms: int) -> str:
        return strftime("%a %b %d %H:%M:%S UTC %Y", gmtime(time_ms / 1000))

    print(f"cZxid = {stat.czxid:#x}\nctime = {date(stat.ctime_ms)}")
    print(f"mZxid = {stat.mzxid:#x}\nmtime = {date(stat.mtime_ms)}\npZxid = {stat.pzxid:#x}")
    print(f"cversion = {stat.cversion}\ndataVersion = {stat.version}\naclVersion = {stat.aversion}")
    print(f"ephemeralOwner = {stat.ephemeral_owner:#x}\ndataLength = {stat.data_length}")
    print(f"numChildren = {stat.num_children}")


if __name__ == "__main__":
    sys.exit(main())
