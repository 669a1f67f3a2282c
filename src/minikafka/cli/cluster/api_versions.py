"""``kafka-broker-api-versions``: which APIs each broker serves, in which versions (BrokerApiVersionsCommand)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.options import Options, Tool
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.brokers import BrokerNode, describe_cluster
from minikafka.client.cluster import Cluster
from minikafka.client.connection import Connection
from minikafka.client.errors import ClientError
from minikafka.protocol.messages import request_class
from minikafka.protocol.tables import APIS

_TOOL = Tool(
    "kafka-broker-api-versions",
    "This tool helps to retrieve broker version information.",
    (BOOTSTRAP_SERVER, COMMAND_CONFIG),
)
# What only controllers serve each other; a client does not speak it (ApiKeys.clientApis).
_NOT_FOR_CLIENTS = frozenset({4, 5, 6, 7, 52, 53, 54, 56, 57, 58, 59, 62, 63, 67, 70, 73, 82})


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act)


def _act(options: Options) -> int:
    options.require("bootstrap-server")
    with cluster_of(options, connect_timeout_s=0) as cluster:  # Kafka's tool does not wait for brokers, either
        for broker in describe_cluster(cluster).brokers:
            _describe(cluster, broker)
    return 0


def _describe(cluster: Cluster, broker: BrokerNode) -> None:
    fenced = "true" if broker.is_fenced else "false"
    rack = "null" if broker.rack is None else broker.rack
    name = f"{broker.host}:{broker.port} (id: {broker.node_id} rack: {rack} isFenced: {fenced})"
    try:
        lines = _api_lines(cluster.broker(broker.node_id))
    except ClientError as error:
        print(f"{name} -> ERROR: {error}")
        return
    print(f"{name} -> (")
    print(",\n".join(f"\t{line}" for line in lines))
    print(")")


def _api_lines(connection: Connection) -> list[str]:
    served = {api.api_key: (api.min_version, api.max_version) for api in connection.api_versions().api_keys}
    keys = [key for key in APIS if key in served or key not in _NOT_FOR_CLIENTS]
    unknown = [f"UNKNOWN({key}): {_range(*served[key])}" for key in sorted(served.keys() - APIS.keys())]
    return [_line(key, served.get(key)) for key in sorted(keys)] + unknown


def _line(key: int, served: tuple[int, int] | None) -> str:
    name = f"{APIS[key][0]}({key})"
    if served is None:
        return f"{name}: UNSUPPORTED"
    return f"{name}: {_range(*served)} [{_usability(key, *served)}]"


def _usability(key: int, low: int, high: int) -> str:
    spoken = request_class(key)
    if low > spoken.max_version:
        return "unusable: node too new"
    if high < spoken.min_version:
        return "unusable: node too old"
    return f"usable: {min(high, spoken.max_version)}"


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


if __name__ == "__main__":
    sys.exit(main())
