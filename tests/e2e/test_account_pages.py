"""What is known of the reader, settings and interests in Chromium and Firefox: stories, by mouse, keyboard, no script.

What axe-core says of these pages, and pictures of them, is in tests/e2e/test_reader_pages.py.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from server.services import account, events, pairing, sessions
from server.services.events import Event
from server.store import readers
from tests.e2e.chromium import QUIET, executable
from tests.e2e.conftest import tab_of
from tests.e2e.reader_world import World, at, sign_in, told, until, world_in
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer
from tests.server.inkling_process import call

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
KEYS = {"Tab": "\ue004", "Enter": "\ue007"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("account") / "home") as world:
        yield world


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Tab]:
    """A tab of each browser in turn, without the extension."""
    pages.set()
    profile = tmp_path_factory.mktemp(f"account-{request.param}") / "profile"
    with tab_of(request.param, request, profile, pages, extension=None) as tab:
        yield tab


@pytest.fixture
def fresh(world: World) -> str:
    """A reader of this test's own, who saved two papers and opened one."""
    now, (first, second, third) = time.time(), world.papers[:3]
    with world.context.database.writing() as session:
        reader = readers.create(session, now)
    world.readers["fresh"] = reader
    done = [("open", first), ("save", first), ("save", second), ("hide", third)]
    batch = [
        Event(str(uuid.uuid4()), kind, paper, now - 60 * n, surface="card") for n, (kind, paper) in enumerate(done)
    ]
    events.log(world.context, reader, batch, now=now)
    return reader


def logged(world: World, reader: str) -> list[str]:
    return [event["kind"] for _place, event in account.logged_events(world.context, reader, 50, None)]


def press_key(tab: Tab, name: str) -> None:
    tab.key(name if tab.name == "chromium" else KEYS[name])


def text(tab: Tab, selector: str = "main") -> str:
    return str(tab.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))


def test_the_log_is_filtered_and_one_event_deleted(tab: Tab, world: World, fresh: str) -> None:
    sign_in(tab, world, "fresh", "ledger")
    # In the reader's own zone, once the script has run.
    until(tab, "return document.querySelectorAll('time').length === 4 && !document.body.innerText.includes('UTC')")
    tab.choose("select[name='kind']", "save")
    tab.press(".narrow-down button")
    until(tab, "return document.querySelectorAll('.ledger > li').length === 2")
    tab.press(".ledger > li .ask summary")
    assert "cannot be undone" in text(tab, ".ask[open]")
    tab.press(".ask[open] button")
    until(tab, "return document.querySelectorAll('.ledger > li').length === 1")
    assert told(tab) == "Deleted for good."
    assert tab.run("return new URLSearchParams(location.search).get('kind')") == "save"
    assert sorted(logged(world, fresh)) == ["hide", "open", "save"]
    assert not tab.complaints()


def test_an_event_is_deleted_by_the_keyboard_alone(tab: Tab, world: World, fresh: str) -> None:
    sign_in(tab, world, "fresh", "ledger")
    tab.run("document.querySelector('.ledger .ask summary').focus()")
    press_key(tab, "Enter")
    until(tab, "return document.querySelector('.ledger .ask').open")
    press_key(tab, "Tab")
    assert tab.run("return document.activeElement.textContent") == "Delete for good"
    press_key(tab, "Enter")
    until(tab, "return document.querySelectorAll('.ledger > li').length === 3")
    assert len(logged(world, fresh)) == 3


def test_everything_goes_out_and_comes_back(tab: Tab, world: World, fresh: str, tmp_path: Path) -> None:
    sign_in(tab, world, "fresh", "ledger")
    file = tmp_path / "mine.json"
    file.write_text(tab.download("#export a"))
    assert len(json.loads(file.read_text())["events"]) == 4
    tab.press("#start-over summary")
    tab.press("#start-over .tick input")
    tab.press("#start-over button")
    until(tab, "return document.querySelector('.notice p')?.textContent.startsWith('Started over: 2')")
    assert logged(world, fresh) == ["save", "save"]
    if tab.name == "chromium":
        tab.page.set_input_files("#file", file)  # type: ignore[attr-defined]
    else:
        tab.browser.find("#file").send_keys(str(file))  # type: ignore[attr-defined]
    tab.press("#import button")
    until(tab, "return document.querySelector('#told p')?.textContent.startsWith('Imported: 2 events')")
    assert sorted(logged(world, fresh)) == ["hide", "open", "save", "save"]


def test_leaving_wants_the_word_and_then_nothing_is_left(tab: Tab, world: World, fresh: str) -> None:
    sign_in(tab, world, "fresh", "ledger")
    for word, heading in (("no", "That did not work"), ("leave", "You have left")):
        tab.press("#leave summary")
        tab.fill("#word", word)
        tab.press("#leave button")
        until(tab, "return document.querySelector('h1').textContent === arguments[0]", heading)
        if word == "no":
            assert len(logged(world, fresh)) == 4
            tab.go(f"{world.up.url}/ledger")
            at(tab, "/ledger")
    assert logged(world, fresh) == []
    tab.go(f"{world.up.url}/ledger")
    at(tab, "/session")


def test_a_code_from_the_settings_pairs_and_the_device_is_revoked(tab: Tab, world: World, fresh: str) -> None:
    sign_in(tab, world, "fresh", "settings")
    tab.press("form[action^='/settings/code'] button")
    until(tab, "return document.querySelector('#letters')?.value.length > 10")
    code = tab.run("return document.querySelector('#letters').value")
    status, made = call(world.up.url, "/v1/devices", {"name": "The other laptop", "code": code})
    assert (status, made["reader_id"]) == (201, fresh)
    tab.go(f"{world.up.url}/settings")
    at(tab, "/settings")
    assert code not in tab.run("return document.documentElement.outerHTML")
    assert "The other laptop" in text(tab)
    tab.press(f"#ask-{made['device_id']} summary")
    tab.press(f"#ask-{made['device_id']} button")
    until(tab, "return document.querySelector('.notice p')?.textContent.startsWith('Revoked')")
    assert call(world.up.url, "/v1/me", token=made["token"])[0] == 401
    tab.press(".devices .ask summary")
    tab.press(".devices .ask[open] button")
    at(tab, "/session")
    assert not tab.complaints()


def test_an_author_is_followed_muted_and_removed(tab: Tab, world: World, fresh: str) -> None:
    sign_in(tab, world, "fresh", "interests")
    tab.choose("#kind", "author")
    tab.fill("#topic", "Ada Lovelace")
    tab.press("button[value='follow'].main")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Followed from now on.'")
    assert "Ada Lovelace" in text(tab, ".halves section")
    assert tab.run("return document.querySelector('#said').textContent") == "Followed from now on."
    tab.press(".topics button[value='mute']")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Muted from now on.'")
    assert "Ada Lovelace" in text(tab, ".halves section:last-child")
    tab.press(".topics button[value='forget']")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Removed from your interests.'")
    assert "Ada Lovelace" not in text(tab)
    tab.press("button[value='unhide']")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'No longer hidden.'")
    assert "asked for less like none" in text(tab)
    assert not tab.complaints()


def test_every_button_has_a_name_of_its_own(tab: Tab, world: World) -> None:
    """A screen reader lists buttons by name: "Delete" fifty times says nothing."""
    for page in ("interests", "ledger"):
        sign_in(tab, world, "much", page)
        names = tab.run(
            "return [...document.querySelectorAll('main .topics button, main .ledger summary')]"
            ".map((one) => one.getAttribute('aria-label') ?? one.textContent)"
        )
        assert len(names) > 8
        assert len(set(names)) == len(names), page


def test_all_of_it_works_without_a_script(playwright: Playwright, world: World, fresh: str) -> None:
    with playwright.chromium.launch(executable_path=executable(), args=list(QUIET)) as browser:
        page = browser.new_page(java_script_enabled=False, locale="de")
        page.goto(f"{world.up.url}/session")
        page.locator("#how summary").click()
        page.locator("#code").fill(world.link("fresh", "interests"))
        page.locator("#how form button").click()
        page.wait_for_url("**/interests")
        page.locator("#topic").fill("Wärme")
        page.locator("button[value='follow'].main").click()
        assert page.locator(".notice p").inner_text() == "Du folgst dem von jetzt an."
        page.goto(f"{world.up.url}/ledger")
        assert "UTC" in page.locator(".ledger time").first.inner_text()
        page.locator(".ledger .ask summary").first.click()
        page.locator(".ledger .ask[open] button").click()
        assert page.locator(".notice p").inner_text() == "Endgültig gelöscht."
        page.goto(f"{world.up.url}/settings")
        page.locator("form[action^='/settings/code'] button").click()
        assert (
            pairing.find_recipient(world.context, page.locator("#letters").input_value(), time.time()).reader_id
            == fresh
        )


def test_a_session_that_was_revoked_elsewhere_writes_nothing(tab: Tab, world: World, fresh: str) -> None:
    sign_in(tab, world, "fresh", "interests")
    with world.context.database.writing() as session:
        [device] = [row["id"] for row in sessions.devices.of_reader(session, fresh, time.time())]
    pairing.revoke(world.context, fresh, device)
    tab.fill("#topic", "heat")
    tab.press("button[value='follow'].main")
    at(tab, "/session")
    with world.context.database.reading() as session:
        found = readers.find(session, fresh)
    assert found is not None
    assert found["settings"].get("followed", []) == []
