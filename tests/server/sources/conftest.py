"""The misbehaving sources, and settings that point at them."""

from __future__ import annotations

import pytest

from server.config import Settings
from tests.server.sources.listing_server import listing_server


@pytest.fixture
def source():
    with listing_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path, source):
    return Settings.from_environment(
        {
            "INKLING_HOME": str(tmp_path),
            "INKLING_HF_URL": source.url,
            "INKLING_ARXIV_URL": source.url,
            "INKLING_CONTACT": "operator@example.org",
        }
    )


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Real waits, a hundred times shorter."""
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.02)
