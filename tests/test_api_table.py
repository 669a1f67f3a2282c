"""API_TABLE, the handler files, the message schemas and the documentation page say the same."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import minikafka
from minikafka.handlers import API_BY_KEY, API_TABLE, Api
from minikafka.handlers.reference import main, opening, purpose
from minikafka.protocol.messages import request_class, response_class
from minikafka.protocol.tables import APIS

HANDLERS = Path(minikafka.__file__).parent / "handlers"
PAGE = Path(__file__).parent.parent / "docs" / "apis.md"
NOT_HANDLERS = {"__init__", "context", "reference"}


def test_rows_are_in_order_and_unique() -> None:
    keys = [api.key for api in API_TABLE]
    assert keys == sorted(set(keys))
    assert list(API_BY_KEY) == keys


def test_handler_files_are_the_modules_of_the_table() -> None:
    files = {path.stem for path in HANDLERS.glob("*.py") if not path.stem.startswith("_")} - NOT_HANDLERS
    assert files == {api.module for api in API_TABLE}


@pytest.mark.parametrize("api", API_TABLE, ids=lambda api: api.name)
def test_a_row_fits_its_schema_and_its_handler(api: Api) -> None:
    assert APIS[api.key][0] == api.name
    for message in (request_class(api.key), response_class(api.key)):
        assert message.api_key == api.key
        assert message.min_version <= api.min_version <= api.max_version <= message.max_version
    assert callable(import_module(f"minikafka.handlers.{api.module}").handle)


@pytest.mark.parametrize("api", API_TABLE, ids=lambda api: api.name)
def test_a_handler_opens_with_its_versions(api: Api) -> None:
    versions = f"versions {api.min_version}-{api.max_version}"
    if api.min_version == api.max_version:
        versions = f"version {api.max_version}"
    assert f"{api.name} (key {api.key}), {versions}" in re.sub(r"\s+", " ", opening(api))
    assert purpose(api), "say after the versions what the API does"


@pytest.mark.parametrize("api", API_TABLE, ids=lambda api: api.name)
def test_acl_operations_are_kafkas(api: Api) -> None:
    operations = "ALL READ WRITE CREATE DELETE ALTER DESCRIBE CLUSTER_ACTION DESCRIBE_CONFIGS ALTER_CONFIGS"
    operations += " IDEMPOTENT_WRITE CREATE_TOKENS DESCRIBE_TOKENS TWO_PHASE_COMMIT"
    resources = "TOPIC GROUP CLUSTER TRANSACTIONAL_ID DELEGATION_TOKEN USER"
    if api.acl:
        operation, resource = api.acl.split(" ")
        assert operation in operations.split()
        assert resource in resources.split()


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    written = tmp_path / "apis.md"
    main([str(written)])
    assert PAGE.read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), (
        "write it anew: python -m minikafka.handlers.reference docs/apis.md"
    )
