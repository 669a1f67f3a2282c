"""Keys of an admin client."""

from typing import Final

TABLE: Final = """
bootstrap.servers | list | "" | distinct | high
    Addresses to find the cluster with, as host:port, a comma between two of them. One that answers is enough.

bootstrap.controllers | list | "" | distinct | high
    Addresses of controllers to talk to directly, in place of bootstrap.servers.

connections.max.idle.ms | long | 300000 | | medium
    How long an unused connection is kept.

default.api.timeout.ms | int | 60000 | 0.. | medium
    How long calls without a timeout of their own may take.

enable.metrics.push | boolean | false | | low
    Whether the broker may collect the client's metrics (KIP-714).

receive.buffer.bytes | int | 65536 | -1.. | medium
    SO_RCVBUF of the client's connections; -1 leaves it to the system.

retries | int | 2147483647 | 0..2147483647 | low
    How often a failed request is repeated within default.api.timeout.ms.
"""
