"""``minikafka config [KEY]...``: what a key means; every key there is; what is wrong with a property file."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.toolkit.command_line import CommandLine, read
from minikafka.cli.toolkit.options import Tool, UsageError
from minikafka.cli.toolkit.tool import run_tool
from minikafka.config.file_check import KINDS, check_file, kind_of
from minikafka.config.listener_keys import base_name
from minikafka.config.reference import all_names, explain, listing
from minikafka.config.suggestions import nearest_of_any

_TOOL = Tool("minikafka config", "Explains settings, and checks property files.", ())
_USAGE = """usage: minikafka config [KEY]...
       minikafka config --file FILE [--for broker|producer|consumer|admin|worker|connector]

Explains settings of brokers, topics, groups, clients and Connect, of Kafka 0.8 to 4.2: type, default, what is allowed,
how it can be changed, and what it does here, or why it does nothing. Without a KEY, all keys are listed.

  --file FILE  says everything that is wrong with a property file, with its lines, and what has no effect
  --for KIND   whose file that is; otherwise its name tells (consumer.properties), and it is a broker's
  -h, --help   print this

The exit code is 0, or 1 when a key is unknown or a file cannot be used."""


_FILE, _FOR = "--file", "--for"
_WITH_VALUE = {_FILE: "a FILE", _FOR: "a KIND"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "-h" in given or "--help" in given:
        print(_USAGE)
        return 0
    try:
        line = _parse(given)
    except UsageError as error:
        print(f"minikafka config: {error}\n\n{_USAGE}", file=sys.stderr)
        return 1
    return run_tool(_TOOL, ["--"], lambda _: _act(line))


def _act(line: CommandLine) -> int:
    file = line.value(_FILE)
    if file is not None:
        return _check(file, line.value(_FOR))
    return _explain(line.words) if line.words else _list()


def _parse(given: list[str]) -> CommandLine:
    """:raises UsageError: what cannot be understood."""
    line = read("minikafka config", given, values=_WITH_VALUE)
    file, kind = line.value(_FILE), line.value(_FOR)
    if file is not None and line.words:
        raise UsageError("either keys are explained, or a file is checked")
    if kind is not None and file is None:
        raise UsageError("--for says whose file --file is")
    if kind is not None and kind not in KINDS:
        raise UsageError(f"--for is one of {', '.join(KINDS)}, not {kind!r}")
    return line


def _explain(keys: list[str]) -> int:
    code = 0
    texts = []
    for key in keys:
        text = explain(key) or explain(key.replace("_", ".")) or _explain_of_listener(key)
        if text is None:
            code = 1
            print(f"minikafka config: {_unknown(key)}", file=sys.stderr)
        else:
            texts.append(text)
    print("\n\n".join(texts), end="\n" if texts else "")
    return code


def _explain_of_listener(key: str) -> str | None:
    """``listener.name.NAME.KEY`` is KEY for one listener."""
    base = base_name(key)
    return None if base is None else f"{key} (one listener)\n  Goes before {base} there, which is:\n\n{explain(base)}"


def _unknown(key: str) -> str:
    close = nearest_of_any(key, all_names())
    hint = f"did you mean {' or '.join(close)}?" if close else "minikafka config lists all."
    return f"Kafka never had a setting {key}; {hint}"


def _list() -> int:
    for number, (title, keys) in enumerate(listing()):
        print(f"{chr(10) if number else ''}{title}:")
        width = max(len(key.name) for key in keys)
        for key in keys:
            mark = "" if key.no_effect is None else "  (no effect)"
            default = "" if key.default_text is None else f" = {key.default_text}"
            print(f"  {key.name:{width}}  {key.type}{default}{mark}")
    return 0


def _check(path: str, kind: str | None) -> int:
    chosen = kind_of(path) if kind is None else kind
    findings = check_file(path, chosen)  # type: ignore[arg-type]
    for sentence in findings.errors:
        print(f"ERROR {sentence}")
    for sentence in findings.remarks:
        print(f"NOTE {sentence}")
    if not findings.errors:
        print(f"{path} can be used by {_WHO[chosen]}.")
    return 1 if findings.errors else 0


_WHO = {
    "broker": "a broker",
    "producer": "a producer",
    "consumer": "a consumer",
    "admin": "an admin client",
    "worker": "a Connect worker",
    "connector": "a connector",
}

if __name__ == "__main__":
    sys.exit(main())
