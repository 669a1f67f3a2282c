"""Producer ids of a broker that went back in time.

Producers that outlive a reset go on with the ids they have. A new one must not get the same: what it writes would be
taken for what the other one sent again, and be dropped without a word.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from minikafka.protocol import messages

if TYPE_CHECKING:
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.errors import ApiError


async def skip_producer_ids(controller: QuorumController, next_producer_id: int) -> None:
    """Give out none below ``next_producer_id``. Raises ApiError: this could not be written."""
    if controller.image.next_producer_id >= next_producer_id:
        return
    record = messages.ProducerIdsRecord(
        broker_id=controller.node_id, broker_epoch=controller.broker_epoch, next_producer_id=next_producer_id
    )
    written: asyncio.Future[ApiError | None] = asyncio.get_running_loop().create_future()
    controller.write(["producer ids"], lambda: [(record, 0)]).on_complete(written.set_result)
    error = await written
    if error is not None:
        raise error
