"""A reader's browser on their own pages: the real application, cookies kept as a browser keeps them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.server.conftest import LOOPBACK, Device

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OWN = {"Origin": LOOPBACK, "Sec-Fetch-Site": "same-origin", "User-Agent": FIREFOX}


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Close Python's sockets."""


class Browser:
    """A browser that may be signed in; forms are sent as the pages have them."""

    def __init__(self, client: FlaskClient, base: str = LOOPBACK) -> None:
        self.client, self.base = client, base

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=self.base, headers=headers)

    def send(self, path: str, fields: Any, headers: dict[str, str] | None = None) -> TestResponse:
        """Send exactly these fields."""
        return self.client.post(path, data=fields, base_url=self.base, headers=OWN if headers is None else headers)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form of a page, its token with it."""
        return self.send(path, {"form_token": self.form_token(), **fields})

    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="(\w+)"', self.get("/").text)
        assert found, "not signed in"
        return found[1]

    def sign_in(self, device: Device, page: str | None = None) -> TestResponse:
        return self.send("/session", {"code": link(device, page)})


def link(device: Device, page: str | None = None) -> str:
    answer = device.post("/v1/session-links", {"page": page} if page else {})
    assert answer.status_code == 201, answer.json
    return str(answer.json["url"])


def words(page: TestResponse) -> str:
    """The text of a page's main part."""
    found = re.search(r"<main.*?</main>", page.text, re.DOTALL)
    assert found
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


@pytest.fixture
def stranger(app: Flask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def mine(app: Flask, me: Device) -> Browser:
    browser = Browser(app.test_client())
    assert browser.sign_in(me).status_code == 303
    return browser


@pytest.fixture
def theirs(app: Flask, other: Device) -> Browser:
    browser = Browser(app.test_client())
    assert browser.sign_in(other).status_code == 303
    return browser
