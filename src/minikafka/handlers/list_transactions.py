"""ListTransactions (key 66), versions 0-2: the transactional ids of this broker (KIP-664).

Filters by state and producer id; 1: by age (KIP-994); 2: by a regular expression (KIP-1152).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import ListTransactionsRequest, ListTransactionsResponse


def handle(ctx: RequestContext, request: ListTransactionsRequest) -> ListTransactionsResponse:
    return ctx.broker.transactions.list_transactions(request)
