"""The page of a pairing link loads only the server's own files, under a strict policy."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_it_loads_only_our_own_files(client: FlaskClient) -> None:
    page = client.get("/pair")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    loaded = re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', page.text)
    assert loaded
    for address in loaded:
        with client.get(address) as file:
            assert file.status_code == 200
            assert file.mimetype in {"text/javascript", "text/css"}
