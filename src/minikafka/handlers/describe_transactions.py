"""DescribeTransactions (key 65), version 0: the state of transactional ids (KIP-664)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.protocol.messages import DescribeTransactionsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import DescribeTransactionsRequest


def handle(ctx: RequestContext, request: DescribeTransactionsRequest) -> DescribeTransactionsResponse:
    return DescribeTransactionsResponse(
        transaction_states=[ctx.broker.transactions.describe(name) for name in request.transactional_ids]
    )


def error_response(request: DescribeTransactionsRequest, code: int) -> DescribeTransactionsResponse:
    """The answer when the request fails as a whole."""
    return DescribeTransactionsResponse(
        transaction_states=[
            DescribeTransactionsResponse.TransactionState(transactional_id=name, error_code=code)
            for name in request.transactional_ids
        ]
    )
