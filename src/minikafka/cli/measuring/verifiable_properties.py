"""The property file of Kafka's verifiable clients, by its option of today or the one before."""

from __future__ import annotations

from minikafka.cli.toolkit.argparse_tool import WrongArguments
from minikafka.cli.toolkit.connecting import load_properties
from minikafka.cli.toolkit.options import Options


def properties_of(options: Options, old_name: str) -> dict[str, str]:
    """What the file says that ``--command-config`` names, or ``old_name``. Raises WrongArguments, ConfigError."""
    if options.has(old_name) and options.has("command-config"):
        raise WrongArguments(f"Options --{old_name} and --command-config are mutually exclusive.")
    if options.has(old_name):
        print(
            f"Option --{old_name} has been deprecated and will be removed in a future version. Use "
            "--command-config instead."
        )
    return load_properties(options.value("command-config") or options.value(old_name))
