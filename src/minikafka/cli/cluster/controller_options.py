"""The options of tools that ask brokers or controllers, one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from minikafka.cli.toolkit.argparse_tool import Rules
from minikafka.cli.toolkit.connecting import COMMAND_CONFIG, load_properties, open_cluster
from minikafka.cli.toolkit.options import Options, string
from minikafka.client.controllers import Controllers

CONNECTION: Final = (
    string("bootstrap-server", "BOOTSTRAP_SERVER", "Where brokers are: HOST:PORT, with commas between several."),
    string("bootstrap-controller", "BOOTSTRAP_CONTROLLER", "Where controllers are, in the same form."),
    COMMAND_CONFIG,
)
RULES: Final = Rules(one_of=("bootstrap-server", "bootstrap-controller"))


@contextmanager
def controllers_of(options: Options, bootstrap_server: str | None = None) -> Iterator[Controllers]:
    """What the options name; ``bootstrap_server`` where the option of that name does not. Raises ConfigError."""
    settings = load_properties(options.value("command-config"))
    of_controllers = options.value("bootstrap-controller")
    servers = of_controllers or options.value("bootstrap-server") or bootstrap_server or ""
    with open_cluster(servers, settings, client_id="adminclient-1") as cluster:
        yield Controllers(cluster, are_asked=of_controllers is not None)
