from __future__ import annotations

import pytest

from minikafka.config.client_metrics import client_metrics_config, validate_client_metrics
from minikafka.errors import INVALID_CONFIG, INVALID_REQUEST, ApiError


def test_what_is_not_set_has_kafkas_default() -> None:
    assert client_metrics_config({"metrics": "a, b"}) == {"interval.ms": 300_000, "match": [], "metrics": ["a", "b"]}


def test_settings_that_can_be_used_pass() -> None:
    match = "client_id=app-[0-9]+,client_software_name=apache-kafka-java"
    validate_client_metrics("mine", {"interval.ms": "100", "metrics": "*", "match": match})


@pytest.mark.parametrize(
    ("name", "settings", "code"),
    [
        ("", {}, INVALID_REQUEST),
        ("mine", {"colour": "red"}, INVALID_REQUEST),
        ("mine", {"interval.ms": "99"}, INVALID_REQUEST),
        ("mine", {"interval.ms": "often"}, INVALID_CONFIG),
        ("mine", {"match": "client_id"}, INVALID_CONFIG),
        ("mine", {"match": "client_id="}, INVALID_CONFIG),
        ("mine", {"match": "client_id=a=b"}, INVALID_CONFIG),
        ("mine", {"match": "colour=red"}, INVALID_CONFIG),
        ("mine", {"match": "client_id=["}, INVALID_CONFIG),
    ],
)
def test_others_are_refused(name: str, settings: dict[str, str], code: int) -> None:
    with pytest.raises(ApiError) as refused:
        validate_client_metrics(name, settings)
    assert refused.value.code == code
