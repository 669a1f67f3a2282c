"""From a request to its handler, and from a handler's failure to Kafka's answer for it.

A handler that raises is answered as Kafka does (``RequestHandlerHelper.handleError``, ``getErrorResponse``): the
module's ``error_response(request, code)`` fills the error in everywhere the answer has a place for it; without one,
an answer that has an ``error_code`` of its own is sent with that; and where there is no answer to put it in, the
connection is closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from minikafka.errors import UNKNOWN_SERVER_ERROR, ApiError, MinikafkaError, message_of, name_of
from minikafka.handlers import API_TABLE, Api
from minikafka.handlers.context import Connection, RequestContext, Services
from minikafka.protocol.connection import Request
from minikafka.protocol.messages import response_class

log = logging.getLogger(__name__)

Handler = Callable[[RequestContext, Any], Any]
Dispatch = Callable[[Connection, Request], Any]
ErrorResponse = Callable[[Any, int], Any]


class CloseConnection(MinikafkaError):
    """There is no answer to give: the connection has to be closed. The text says why, for the log.

    :param last_bytes: what is sent before, as it is.
    """

    def __init__(self, reason: str, last_bytes: bytes = b"") -> None:
        super().__init__(reason)
        self.last_bytes = last_bytes


class Dispatcher:
    """Finds and calls handlers. One for all connections of a broker.

    :param apis: what is served; other rows than API_TABLE's are for tests.
    :param package: where the handler modules are.
    """

    def __init__(
        self, services: Services, apis: tuple[Api, ...] = API_TABLE, package: str = "minikafka.handlers"
    ) -> None:
        self._services = services
        self._apis = {api.key: api for api in apis}
        self._package = package
        self._handlers: dict[int, Handler] = {}
        self._logged: set[tuple[str, type, str, int]] = set()
        self.versions: Mapping[int, tuple[str, int, int]] = {
            api.key: (api.name, api.min_version, api.max_version) for api in apis
        }
        """What a ``ServerConnection`` accepts."""
        self.dispatch: Dispatch = self.handle
        """What connections call for each request: ``handle``, unless somebody puts something before it."""

    def handle(self, connection: Connection, request: Request) -> Any:
        """Call the handler. Returns its response, a Pending of it, or None where the client awaits none.

        :raises CloseConnection: the handler failed, and there is no answer that says so.
        """
        handle = self._handlers.get(request.api_key)
        context = RequestContext(
            self._services,
            connection,
            request.api_key,
            request.api_version,
            request.correlation_id,
            request.client_id,
        )
        try:
            if handle is None:
                handle = self._load(request.api_key)
            return handle(context, request.message)
        except Exception as error:
            return self.answer_failure(connection, request, error)

    def answer_failure(self, connection: Connection, request: Request, error: Exception) -> Any:
        """The answer to a request whose handler, or whose pending answer, ended with ``error``.

        :raises CloseConnection: there is no such answer.
        """
        if isinstance(error, CloseConnection):
            raise error
        api = self._apis[request.api_key]
        if isinstance(error, ApiError):
            code, reason = error.code, f"{error.name}: {error}"
        else:
            code, reason = UNKNOWN_SERVER_ERROR, f"{type(error).__name__}: {error}"
            self._log_failure(api, connection, request, error)
        response = self._error_response(api, request, code, error)
        if response is None:
            raise CloseConnection(f"{api.name} v{request.api_version} has no answer for its failure ({reason})")
        return response

    def _load(self, api_key: int) -> Handler:
        module = import_module(f"{self._package}.{self._apis[api_key].module}")
        handle: Handler = module.handle
        self._handlers[api_key] = handle
        return handle

    def _error_response(self, api: Api, request: Request, code: int, error: Exception) -> Any:
        module = import_module(f"{self._package}.{api.module}")
        error_response: ErrorResponse | None = getattr(module, "error_response", None)
        if error_response is not None:
            return error_response(request.message, code)
        response = response_class(api.key)()
        if not hasattr(response, "error_code"):
            return None
        response.error_code = code
        if hasattr(response, "error_message"):
            response.error_message = error.message if isinstance(error, ApiError) else message_of(code)
        return response

    def _log_failure(self, api: Api, connection: Connection, request: Request, error: Exception) -> None:
        """One line; with the traceback at the first time that this error comes from this place."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = ("", 0) if place is None else (place.tb_frame.f_code.co_filename, place.tb_lineno)
        kind = (api.name, type(error), *where)
        is_new = kind not in self._logged
        self._logged.add(kind)
        log.error(
            "%s v%d from %s:%d (client id %r) failed and is answered with %s: %s: %s",
            api.name,
            request.api_version,
            connection.client_host,
            connection.client_port,
            request.client_id,
            name_of(UNKNOWN_SERVER_ERROR),
            type(error).__name__,
            error,
            exc_info=error if is_new else None,
        )
