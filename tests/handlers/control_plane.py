"""A broker's topics and metadata behind their handlers: requests and answers go through their bytes."""

from __future__ import annotations

from typing import Any, NamedTuple

from minikafka.errors import ApiError
from minikafka.handlers import API_BY_KEY
from minikafka.handlers.context import RequestContext, Services
from minikafka.pending import Pending
from minikafka.protocol.messages import request_class, response_class
from minikafka.state.metadata_image import MetadataImage
from tests.controller.nodes import CLUSTER_ID, Node, value_of


class Endpoint(NamedTuple):
    listener_name: str
    host: str
    port: int


class Client:
    """A connection, as handlers see it."""

    listener_name = "PLAINTEXT"
    client_host = "127.0.0.1"
    client_port = 50_000
    local_host = "127.0.0.1"
    local_port = 9092
    principal = "User:ANONYMOUS"
    client_software_name = ""
    client_software_version = ""


class NodeServices(Services):
    def __init__(self, node: Node) -> None:
        self.node_id = 1
        self.cluster_id = CLUSTER_ID
        self.config = node.controller.config
        self.clock = node.clock
        self.controller = node.controller
        self.logs = node.logs

    @property
    def image(self) -> MetadataImage:  # type: ignore[override]
        return self.controller.image

    def advertised_endpoints(self, connection: Any) -> list[Any]:
        return [Endpoint(connection.listener_name, "broker.example", 9092)]


class ControlPlane:
    """Calls handlers as the dispatcher does. ``settings`` are the broker's."""

    def __init__(self, **settings: object) -> None:
        self.node = Node(**settings)
        self.services = NodeServices(self.node)
        self.client = Client()

    def call(self, request: Any, version: int) -> Any:
        """The answer as a client of this version decodes it. An ApiError that is raised becomes the error response."""
        key = request.api_key
        module = self._module(key)
        ctx = RequestContext(self.services, self.client, key, version, 1, "app")
        decoded = request_class(key).decode(request.encode(version), version)
        try:
            response = module.handle(ctx, decoded)
        except ApiError as error:
            response = self._refusal(module, decoded, error)
        if isinstance(response, Pending):
            response = value_of(response)
        return response_class(key).decode(response.encode(version), version)

    @staticmethod
    def _refusal(module: Any, request: Any, error: ApiError) -> Any:
        """As the dispatcher makes it."""
        if hasattr(module, "error_response"):
            return module.error_response(request, error.code)
        return response_class(request.api_key)(error_code=error.code, error_message=error.message)

    @staticmethod
    def _module(key: int) -> Any:
        from importlib import import_module

        return import_module(f"minikafka.handlers.{API_BY_KEY[key].module}")


def versions_of(name: str) -> range:
    """All versions of an API that are served."""
    api = next(api for api in API_BY_KEY.values() if api.name == name)
    return range(api.min_version, api.max_version + 1)
