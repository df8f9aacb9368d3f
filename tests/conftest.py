"""Fixtures every test may use: one database server per session, one database per test."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator

import pytest

from crawler.storage import embedded
from crawler.storage.store import connect


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a MongoDB: that of TEST_MONGO_URI or MONGO_URI, else an embedded server of this session's own."""
    given = os.environ.get("TEST_MONGO_URI") or os.environ.get("MONGO_URI")
    if given:
        yield given
        return
    if sys.version_info >= (3, 14):
        pytest.skip("the embedded database has no build for this Python; set MONGO_URI")
    directory = tmp_path_factory.mktemp("mongo")
    yield embedded.ensure_running(directory)
    embedded.stop(directory)


@pytest.fixture
def database(mongo_uri: str) -> Iterator[str]:
    """The name of an empty database, dropped after the test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield name
    with connect(mongo_uri, None) as client:
        client.drop_database(name)
