"""The page of the API's documentation."""

from __future__ import annotations

import re

import pytest
from flask import Flask

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_docs_page_shows_every_call_and_loads_nothing_from_elsewhere(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/docs")
    for path in client.get("/openapi.json").json["paths"]:
        assert path in page.text
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    loaded = [address for address in named if not address.startswith("data:")]
    assert all(address.startswith("/") for address in loaded)
    for address in loaded:
        with client.get(address) as answer:
            assert answer.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
