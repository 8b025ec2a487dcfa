"""The demo's pages: only for this machine, only in a demo, strict about what runs, and with the listing's skeleton."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from server.app import create_app
from server.demo import populate
from server.demo.pages import CARDS
from server.demo.populate import demo_token, populate_home
from tests.server.conftest import LOOPBACK


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def demo(context, settings, monkeypatch):
    monkeypatch.setattr(populate, "READERS", 1)
    app = create_app(replace(settings, demo=True))
    context = app.extensions["inkling"]
    populate_home(context, now=context.now())
    yield app.test_client()
    context.close()


def get(client, path, **keywords):
    return client.get(path, base_url=LOOPBACK, buffered=True, **keywords)


def test_the_listing_has_the_skeleton_of_the_real_one(demo):
    found = Elements(get(demo, "/demo").text).found
    (island,) = [attrs for _, attrs in found if attrs.get("data-target") == "DailyPapers"]
    props = json.loads(island["data-props"])
    linked = re.findall(r'<h3><a href="/papers/(9911\.\d{5})">', get(demo, "/demo").text)
    assert len(linked) == CARDS
    assert [entry["paper"]["id"] for entry in props["dailyPapers"]] == linked
    assert all(entry["paper"]["summary"] for entry in props["dailyPapers"])
    assert sum(tag == "article" for tag, _ in found) == CARDS


def test_the_page_knows_its_readers_token(demo, settings):
    page = get(demo, "/demo").text
    token = re.search(r'name="inkling-demo-token" content="([^"]+)"', page)[1]
    assert token == demo_token(settings.secret_key)
    answer = demo.get("/v1/me", base_url=LOOPBACK, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_only_our_own_files_run_on_it(demo):
    answer = get(demo, "/demo")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize(
    "keywords",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"X-Forwarded-For": "192.0.2.1"}},
        {"headers": {"Host": "127.0.0.1:8765, evil.example"}},
        {"headers": {"Origin": "chrome-extension://abcdefghijklmnop"}},
        {"headers": {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "none"}},
        {"headers": {"Sec-Fetch-Dest": "iframe"}},
    ],
)
def test_nobody_else_gets_the_token(demo, keywords):
    answer = get(demo, "/demo", **keywords)
    assert answer.status_code in {400, 403}
    assert "token" not in answer.text
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-Allow")]


def test_a_person_opens_it(demo):
    opened = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
    assert get(demo, "/demo", headers=opened).status_code == 200


def test_there_is_no_demo_where_none_was_asked_for(client):
    for path in ("/demo", "/demo/extension/manifest.json"):
        assert get(client, path).status_code == 404
    assert get(client, "/papers/9911.00001").headers["Location"].startswith("/session")


def test_the_extensions_files_come_with_the_types_that_modules_need(demo):
    for name, kind in {
        "src/content.js": "text/javascript",
        "src/demo/shim.js": "text/javascript",
        "_locales/en/messages.json": "application/json",
        "manifest.json": "application/json",
    }.items():
        answer = get(demo, f"/demo/extension/{name}")
        assert (answer.status_code, answer.mimetype) == (200, kind), name


@pytest.mark.parametrize(
    "name", ["../pyproject.toml", "src/../../pyproject.toml", "jsconfig.json", "src/none.js", "src/"]
)
def test_nothing_else_comes_out(demo, name):
    assert get(demo, f"/demo/extension/{name}").status_code == 404


def test_every_link_of_the_listing_leads_somewhere(demo):
    page = Elements(get(demo, "/demo").text).found
    named = {attrs.get(name, "").split("#")[0] for _, attrs in page for name in ("href", "src") if attrs.get(name)}
    assert len(named) > 80
    for path in named:
        assert get(demo, path).status_code == 200, path


@pytest.mark.parametrize("path", ["/papers/9911.99999", "/papers/2401.00001", "/papers/nothing"])
def test_papers_that_are_not_there_are_asked_of_the_readers_pages(demo, path):
    assert get(demo, path).headers["Location"].startswith("/session")


def test_a_papers_page_is_the_readers_own_where_one_is_signed_in(demo, settings):
    stand_in = get(demo, "/papers/9911.00001").text
    assert "<form" not in stand_in
    demo_reader = {"Authorization": f"Bearer {demo_token(settings.secret_key)}"}
    made = demo.post("/v1/session-links", json={}, base_url=LOOPBACK, headers=demo_reader).json["url"]
    assert demo.post("/session", data={"code": made}, base_url=LOOPBACK).status_code == 303
    own = get(demo, "/papers/9911.00001")
    assert (own.status_code, 'name="form_token"' in own.text) == (200, True)
    missing = get(demo, "/papers/nothing")
    assert (missing.status_code, missing.mimetype) == (404, "text/html")
