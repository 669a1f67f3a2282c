"""``kafka-cluster``: the id of a cluster, its endpoints, and brokers that are gone for good (ClusterTool)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from minikafka.cli.toolkit.connecting import load_properties, open_cluster
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, integer, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.brokers import BROKERS, CONTROLLERS, BrokerNode, describe_cluster, unregister_broker
from minikafka.client.cluster import Cluster
from minikafka.errors import UNSUPPORTED_VERSION, ApiError

_COLUMN_WIDTH = 10
_CONNECTION = (
    string("bootstrap-server", "BOOTSTRAP_SERVER", "Where a broker is: HOST:PORT.", "b"),
    string("bootstrap-controller", "BOOTSTRAP_CONTROLLER", "Where a controller is: HOST:PORT.", "C"),
    string("command-config", "COMMAND_CONFIG", "Settings of the client, in a property file.", "config", "c"),
)
_TOOLS = {
    "cluster-id": Tool("kafka-cluster cluster-id", "Get information about the ID of a cluster.", _CONNECTION),
    "unregister": Tool(
        "kafka-cluster unregister",
        "Unregister a broker.",
        (*_CONNECTION, integer("id", "ID", "The id of the broker.", "i")),
    ),
    "list-endpoints": Tool(
        "kafka-cluster list-endpoints",
        "List endpoints",
        (*_CONNECTION, flag("include-fenced-brokers", "Also brokers that are registered and not in use.")),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] not in _TOOLS:
        is_help = given[:1] in (["-h"], ["--help"])
        print(_usage(), file=sys.stdout if is_help else sys.stderr)
        return 0 if is_help else 1
    action = _ACTIONS[given[0]]
    return run_tool(_TOOLS[given[0]], given[1:], lambda options: _connected(action, options))


def _usage() -> str:
    lines = "\n".join(f"  {name:16}{tool.purpose}" for name, tool in _TOOLS.items())
    return f"usage: kafka-cluster {{{','.join(_TOOLS)}}} ...\n\nThe Kafka cluster tool.\n\n{lines}"


def _connected(action: Callable[[Cluster, Options], None], options: Options) -> int:
    servers = options.value("bootstrap-server") or options.value("bootstrap-controller")
    if servers is None:
        raise UsageError("one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required")
    if options.has("bootstrap-server") and options.has("bootstrap-controller"):
        raise UsageError("argument --bootstrap-controller/-C: not allowed with argument --bootstrap-server/-b")
    settings = load_properties(options.value("command-config"))
    with open_cluster(servers, settings, client_id="adminclient-1") as cluster:
        action(cluster, options)
    return 0


def _cluster_id(cluster: Cluster, options: Options) -> None:
    found = describe_cluster(cluster).cluster_id
    print("No cluster ID found. The Kafka version is probably too old." if found is None else f"Cluster ID: {found}")


def _unregister(cluster: Cluster, options: Options) -> None:
    options.require("id")
    broker_id = options.number("id") or 0
    try:
        unregister_broker(cluster, broker_id)
    except ApiError as error:
        if error.code != UNSUPPORTED_VERSION:
            raise
        print("The target cluster does not support the broker unregistration API.")
        return
    print(f"Broker {broker_id} is no longer registered.")


def _list_endpoints(cluster: Cluster, options: Options) -> None:
    is_controllers = options.has("bootstrap-controller")
    kind = CONTROLLERS if is_controllers else BROKERS
    include_fenced = options.has("include-fenced-brokers")
    nodes = describe_cluster(cluster, include_fenced_brokers=include_fenced, endpoint_type=kind).brokers
    host_width = max((len(node.host) for node in nodes), default=_COLUMN_WIDTH)
    widths = (_COLUMN_WIDTH, host_width, _COLUMN_WIDTH, _COLUMN_WIDTH, _COLUMN_WIDTH, 15)
    rows = [("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE")]
    rows += [_cells(node, "controller" if is_controllers else "broker") for node in nodes]
    for row in rows:
        print(" ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)))


def _cells(node: BrokerNode, kind: str) -> tuple[str, str, str, str, str, str]:
    state = "fenced" if node.is_fenced else "unfenced"
    return str(node.node_id), node.host, str(node.port), node.rack or "null", state, kind


_ACTIONS = {"cluster-id": _cluster_id, "unregister": _unregister, "list-endpoints": _list_endpoints}


if __name__ == "__main__":
    sys.exit(main())
