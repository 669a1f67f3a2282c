"""InitProducerId for idempotent producers."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.handlers import init_producer_id
from minikafka.protocol.messages import InitProducerIdRequest
from tests.handlers.data_broker import DataBroker


@pytest.fixture
def broker() -> DataBroker:
    return DataBroker()


@pytest.mark.parametrize("version", range(6))
def test_each_call_gives_another_id_with_epoch_0(broker, version):
    request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
    answers = [broker.call(request, version).value for _ in range(2)]
    assert [(a.error_code, a.producer_id, a.producer_epoch) for a in answers] == [(0, 1000, 0), (0, 1001, 0)]


def test_a_producer_that_has_an_id_gets_a_new_one(broker):
    request = InitProducerIdRequest(transactional_id=None, producer_id=5, producer_epoch=3)
    assert broker.call(request, 4).value.producer_id == 1000


@pytest.mark.parametrize(
    "fields",
    [{"producer_id": 5}, {"producer_epoch": 5}],
    ids=["id-without-epoch", "epoch-without-id"],
)
def test_requests_that_make_no_sense(broker, fields):
    request = InitProducerIdRequest(**{"transactional_id": None, **fields})
    assert broker.refusal(request, 4) == errors.INVALID_REQUEST
    response = init_producer_id.error_response(request, errors.INVALID_REQUEST)
    assert (response.error_code, response.producer_id, response.producer_epoch) == (errors.INVALID_REQUEST, -1, -1)


def test_ids_that_cannot_be_written_down(broker):
    broker.producer_id_blocks = [ApiError(errors.KAFKA_STORAGE_ERROR)]
    answer = broker.call(InitProducerIdRequest(transactional_id=None), 4).value
    assert (answer.error_code, answer.producer_id) == (errors.KAFKA_STORAGE_ERROR, -1)
