"""``minikafka config [KEY]...``: what a key means; every key there is; what is wrong with a property file."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.toolkit.options import Tool
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


class _UsageError(Exception):
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "-h" in given or "--help" in given:
        print(_USAGE)
        return 0
    try:
        keys, options = _parse(given)
    except _UsageError as error:
        print(f"minikafka config: {error}\n\n{_USAGE}", file=sys.stderr)
        return 1
    return run_tool(_TOOL, ["--"], lambda _: _act(keys, options))


def _act(keys: list[str], options: dict[str, str]) -> int:
    if "--file" in options:
        return _check(options["--file"], options.get("--for"))
    return _explain(keys) if keys else _list()


def _parse(given: list[str]) -> tuple[list[str], dict[str, str]]:
    keys: list[str] = []
    options: dict[str, str] = {}
    rest = list(given)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in ("--file", "--for"):
            if not equals and not rest:
                raise _UsageError(f"{name} needs a value behind it")
            options[name] = value if equals else rest.pop(0)
        elif word.startswith("-"):
            raise _UsageError(f"there is no option {word}")
        else:
            keys.append(word)
    if "--file" in options and keys:
        raise _UsageError("either keys are explained, or a file is checked")
    if "--for" in options and "--file" not in options:
        raise _UsageError("--for says whose file --file is")
    if options.get("--for", "broker") not in KINDS:
        raise _UsageError(f"--for is one of {', '.join(KINDS)}, not {options['--for']!r}")
    return keys, options


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
