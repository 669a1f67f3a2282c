"""AlterUserScramCredentials (key 51), version 0: give users credentials for SCRAM, or take them away (KIP-554).

Source: Kafka's ScramControlManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller import scram_control
from minikafka.controller.scram_control import ScramDeletion, ScramUpsertion
from minikafka.controller.topic_control import Outcome
from minikafka.pending import Pending
from minikafka.protocol.messages import AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.errors import ApiError
    from minikafka.handlers.context import RequestContext


def handle(
    ctx: RequestContext, request: AlterUserScramCredentialsRequest
) -> Pending[AlterUserScramCredentialsResponse]:
    deletions = [ScramDeletion(deletion.name, deletion.mechanism) for deletion in request.deletions]
    upsertions = [
        ScramUpsertion(
            upsertion.name,
            upsertion.mechanism,
            upsertion.iterations,
            bytes(upsertion.salt),
            bytes(upsertion.salted_password),
        )
        for upsertion in request.upsertions
    ]
    outcomes: dict[str, Outcome] = {}

    def prepare() -> list[VersionedRecord]:
        decided, records = scram_control.decide(ctx.broker.image, deletions, upsertions)
        outcomes.update(decided)
        return records

    answer: Pending[AlterUserScramCredentialsResponse] = Pending()

    def altered(error: ApiError | None) -> None:
        for user, outcome in outcomes.items():
            if error is not None and outcome.error == errors.NONE:
                outcomes[user] = Outcome(error.code, error.message)
        answer.complete(_response(outcomes))

    ctx.broker.controller.write(["SCRAM credentials"], prepare).on_complete(altered)
    return answer


def error_response(request: AlterUserScramCredentialsRequest, code: int) -> AlterUserScramCredentialsResponse:
    """The answer when the request fails as a whole."""
    users = [deletion.name for deletion in request.deletions]
    users += [upsertion.name for upsertion in request.upsertions]
    return _response(dict.fromkeys(users, Outcome(code, errors.message_of(code))))


def _response(outcomes: dict[str, Outcome]) -> AlterUserScramCredentialsResponse:
    return AlterUserScramCredentialsResponse(
        results=[
            AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult(
                user=user, error_code=outcome.error, error_message=outcome.message
            )
            for user, outcome in outcomes.items()
        ]
    )
