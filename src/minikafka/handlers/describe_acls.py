"""DescribeAcls (key 29), versions 0-3: which ACLs match a filter.

There is no authorizer, and Kafka without one answers SECURITY_DISABLED. Source: Kafka's AclApis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import DescribeAclsRequest, DescribeAclsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext


def handle(ctx: RequestContext, request: DescribeAclsRequest) -> DescribeAclsResponse:
    return DescribeAclsResponse(
        error_code=errors.SECURITY_DISABLED, error_message="No Authorizer is configured on the broker"
    )
