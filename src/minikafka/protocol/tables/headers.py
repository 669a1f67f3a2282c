"""The headers before every request and response, and the principal a forwarded request carries.

The notation is explained in ``minikafka.protocol.tables``: name, type (``?`` nullable), versions, tag, ``= default``.
"""

TABLE = """
RequestHeaderData versions 0-2 flexible 2+
  request_api_key      int16
  request_api_version  int16
  correlation_id       int32
  client_id            string?  1+  not_compact

ResponseHeaderData versions 0-1 flexible 1+
  correlation_id  int32

DefaultPrincipalData version 0 flexible 0+
  type                 string
  name                 string
  token_authenticated  boolean
"""
