"""``kafka-cluster``: the id of a cluster, its endpoints, and brokers that are gone for good (ClusterTool)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from minikafka.cli.cluster.controller_options import RULES
from minikafka.cli.toolkit.connecting import cluster_of
from minikafka.cli.toolkit.options import Options, Tool, flag, integer, string
from minikafka.cli.toolkit.subcommands import Subcommand, run_subcommand
from minikafka.client.brokers import BROKERS, CONTROLLERS, BrokerNode, describe_cluster, unregister_broker
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import UNSUPPORTED_VERSION, ApiError

_COLUMN_WIDTH: Final = 10
_TOOL: Final = Tool(
    "kafka-cluster",
    "The Kafka cluster tool.",
    (
        string("bootstrap-server", "BOOTSTRAP_SERVER", "Where a broker is: HOST:PORT.", "b"),
        string("bootstrap-controller", "BOOTSTRAP_CONTROLLER", "Where a controller is: HOST:PORT.", "C"),
        string("command-config", "COMMAND_CONFIG", "Settings of the client, in a property file.", "config", "c"),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_subcommand(_TOOL, RULES, _COMMANDS, arguments)


def _cluster_id(options: Options) -> int:
    with _cluster(options) as cluster:
        found = describe_cluster(cluster).cluster_id
    print("No cluster ID found. The Kafka version is probably too old." if found is None else f"Cluster ID: {found}")
    return 0


def _unregister(options: Options) -> int:
    broker_id = options.number("id") or 0
    with _cluster(options) as cluster:
        try:
            unregister_broker(cluster, broker_id)
        except ApiError as error:
            if error.code != UNSUPPORTED_VERSION:
                raise
            print("The target cluster does not support the broker unregistration API.")
            return 0
    print(f"Broker {broker_id} is no longer registered.")
    return 0


def _list_endpoints(options: Options) -> int:
    is_controllers = options.has("bootstrap-controller")
    include_fenced = options.has("include-fenced-brokers")
    if is_controllers and include_fenced:
        raise ClientError("The option --include-fenced-brokers is only supported with --bootstrap-server option")
    kind = CONTROLLERS if is_controllers else BROKERS
    with _cluster(options) as cluster:
        nodes = describe_cluster(cluster, include_fenced_brokers=include_fenced, endpoint_type=kind).brokers
    host_width = max((len(node.host) for node in nodes), default=_COLUMN_WIDTH)
    widths = (_COLUMN_WIDTH, host_width, _COLUMN_WIDTH, _COLUMN_WIDTH, _COLUMN_WIDTH, 15)
    rows = [("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE")]
    rows += [_cells(node, "controller" if is_controllers else "broker") for node in nodes]
    for row in rows:
        print(" ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)))
    return 0


def _cluster(options: Options) -> Cluster:
    return cluster_of(
        options, bootstrap_servers=options.value("bootstrap-server") or options.value("bootstrap-controller")
    )


def _cells(node: BrokerNode, kind: str) -> tuple[str, str, str, str, str, str]:
    state = "fenced" if node.is_fenced else "unfenced"
    return str(node.node_id), node.host, str(node.port), node.rack or "null", state, kind


_COMMANDS: Final = {
    "cluster-id": Subcommand("Get information about the ID of a cluster.", (), _cluster_id),
    "unregister": Subcommand(
        "Unregister a broker.", (integer("id", "ID", "The id of the broker.", "i"),), _unregister, required=("id",)
    ),
    "list-endpoints": Subcommand(
        "List endpoints",
        (flag("include-fenced-brokers", "Also brokers that are registered and not in use."),),
        _list_endpoints,
    ),
}


if __name__ == "__main__":
    sys.exit(main())
