"""The reader's own pages in Chromium and Firefox: a story over them, other sites, axe-core, pictures."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from server.services import events
from server.store import devices
from tests.e2e.chromium import QUIET, executable
from tests.e2e.conftest import tab_of
from tests.e2e.reader_world import World, at, axe_findings, sign_in, until, world_in
from tests.e2e.tabs import Tab, await_true
from tests.pages.server import PagesServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
PAGES = ("", "library", "search?q=learning", "papers/{paper}", "interests", "ledger", "settings", "session")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("pages") / "home") as world:
        yield world


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Tab]:
    """A tab of each browser in turn, without the extension."""
    pages.set()
    profile = tmp_path_factory.mktemp(f"pages-{request.param}") / "profile"
    with tab_of(request.param, request, profile, pages, extension=None) as tab:
        yield tab


def titles(tab: Tab) -> list[str]:
    found: list[str] = tab.run(
        "return [...document.querySelectorAll('.paper h2')].map((one) => one.textContent.trim())"
    )
    return found


def test_a_link_signs_in_once_and_leaves_no_secret_behind(tab: Tab, world: World) -> None:
    made = world.link("much", "library")
    tab.go(made)
    at(tab, "/library")
    assert tab.run("return location.hash + document.cookie + location.search") == ""
    tab.press("form[action='/session/end'] button")
    at(tab, "/session")
    tab.go("about:blank")
    tab.go(made)
    until(tab, "return document.body.textContent.includes('was used already')")
    tab.go(f"{world.up.url}/library")
    at(tab, "/session")


def test_a_story_over_the_pages(tab: Tab, world: World) -> None:
    sign_in(tab, world, "little")
    first = titles(tab)[0]
    paper = tab.run("return document.querySelector('.paper').id.slice(6)")
    tab.press(".paper button[value='save']")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Saved.'")
    assert tab.run("return location.pathname + location.search") == "/"
    assert first not in titles(tab)
    assert tab.run("return document.activeElement.id") == "undo"
    tab.press("nav a[href='/library']")
    at(tab, "/library")
    assert titles(tab)[0] == first

    tab.press(f"#edit-{_css(paper)} summary")
    tab.fill(f"#tags-{_css(paper)}", "for Friday, to cite")
    tab.fill(f"#note-{_css(paper)}", "What Anna meant.")
    tab.press(f"#keep-{_css(paper)}")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Tags and note kept.'")
    entry = world.saved("little")[paper]
    assert (entry["tags"], entry["note"]) == (["for Friday", "to cite"], "What Anna meant.")

    tab.press(f"#paper-{_css(paper)} a[data-similar]")
    until(tab, "return document.querySelectorAll('.similar:not([hidden]) h3').length > 2")
    assert "In common" in tab.run("return document.querySelector('.similar').innerText")

    tab.press(".tag-list a[href='/library?tag=for+Friday']")
    until(tab, "return location.search === '?tag=for+Friday' && document.readyState === 'complete'")
    assert titles(tab) == [first]
    tab.press("#several summary")
    tab.press(".pick")
    exported = tab.download("#selection button[value='export-bibtex']")
    assert exported.count("@misc{") == 1
    assert f"-{paper}," in exported
    tab.press("#selection button[value='read']")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Marked as read.'")
    assert world.saved("little")[paper]["read"]
    tab.press(f"#unsave-{_css(paper)}")
    until(tab, "return document.querySelector('.notice p')?.textContent.startsWith('Removed')")
    assert paper not in world.saved("little")
    tab.press("#undo")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'Saved.'")
    assert world.saved("little")[paper]["tags"] == ["for Friday", "to cite"]

    tab.press(f"#paper-{_css(paper)} h2 a")
    at(tab, f"/papers/{paper}")
    assert "What you did with it" in tab.run("return document.body.innerText")
    tab.press("button[value='unsave']")
    until(tab, "return document.querySelector('.notice p')?.textContent.startsWith('Removed')")
    assert not tab.complaints()


def test_hiding_can_be_taken_back(tab: Tab, world: World) -> None:
    sign_in(tab, world, "much")
    first = titles(tab)[0]
    tab.press(".paper button[value='hide']")
    until(tab, "return document.querySelector('.notice p')?.textContent.startsWith('Hidden')")
    assert first not in titles(tab)
    assert tab.run("return document.querySelector('#said').textContent").startswith("Hidden")
    tab.press("#undo")
    until(tab, "return document.querySelector('.notice p')?.textContent === 'No longer hidden.'")
    assert first in titles(tab)


def test_a_followed_link_is_logged_as_an_open(tab: Tab, world: World) -> None:
    sign_in(tab, world, "much")
    paper = tab.run("return document.querySelector('.paper').id.slice(6)")
    # The paper's own address is not to be asked here: the link stays, and leads nowhere.
    tab.run("document.addEventListener('click', (event) => event.preventDefault())")
    tab.press(".paper a[data-open]")

    def opened() -> bool:
        with world.context.database.reading() as session:
            rows = events.store.page(session, world.readers["much"], 5, paper=paper, kinds=["open"])
        return [(row["surface"], row["position"]) for row in rows[:1]] == [("panel", 1)]

    await_true(opened, seconds=20)


def test_another_site_can_neither_write_nor_sign_in(tab: Tab, world: World) -> None:
    sign_in(tab, world, "much")
    before = world.saved("much")
    victim = next(iter(before))
    tab.go("https://huggingface.co/papers")
    until(tab, "return document.readyState === 'complete'")
    tab.run(
        """const [address, paper] = arguments, form = document.createElement('form');
           Object.assign(form, {method: 'post', action: address + '/papers'});
           for (const [name, value] of [['action', 'unsave'], ['id', paper]])
             form.append(Object.assign(document.createElement('input'), {name, value}));
           document.body.append(form);
           HTMLFormElement.prototype.submit.call(form);""",
        world.up.url,
        victim,
    )
    until(tab, "return location.href.startsWith(arguments[0])", world.up.url)
    assert world.saved("much") == before
    # A link of another site's signs nobody in as somebody else without a step of theirs.
    tab.go("https://huggingface.co/papers")
    until(tab, "return document.readyState === 'complete'")
    tab.run("location.href = arguments[0]", world.link("little"))
    until(tab, "return location.pathname === '/session' && document.querySelector('#begin')?.hidden === false")
    time.sleep(0.5)
    assert tab.run("return location.pathname") == "/session"
    # But its plain link finds the reader signed in, though the cookie is a strict one.
    tab.go("https://huggingface.co/papers")
    until(tab, "return document.readyState === 'complete'")
    tab.run("location.href = arguments[0]", f"{world.up.url}/library?sort=title")
    at(tab, "/library")


def test_the_keyboard_reaches_the_content_first(tab: Tab, world: World) -> None:
    sign_in(tab, world, "much")
    tab.key("Tab" if tab.name == "chromium" else "\ue004")
    assert tab.run("return document.activeElement.className") == "skip"
    tab.key("Enter" if tab.name == "chromium" else "\ue007")
    until(tab, "return location.hash === '#main'")
    tab.key("Tab" if tab.name == "chromium" else "\ue004")
    assert tab.run("return !!document.activeElement.closest('main')")


@pytest.mark.parametrize("who", ["nothing", "little", "much"])
def test_axe_finds_nothing_on_any_page(tab: Tab, world: World, who: str) -> None:
    sign_in(tab, world, who)
    for page in PAGES:
        path = page.format(paper=_some_paper(world, who))
        tab.go(f"{world.up.url}/{path}" + ("?here=1" if page == "session" else ""))
        at(tab, f"/{path}".partition("?")[0]) if page != "session" else None
        tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        assert axe_findings(tab) == [], path


def _some_paper(world: World, who: str) -> str:
    return next(iter(world.saved(who)), world.papers[0])


def _css(paper: str) -> str:
    """A paper's id as a part of a CSS name."""
    return re.sub(r"([./])", r"\\\1", paper)


def test_everything_works_without_a_script(playwright: Playwright, world: World) -> None:
    with playwright.chromium.launch(executable_path=executable(), args=list(QUIET)) as browser:
        page = browser.new_page(java_script_enabled=False)
        page.goto(f"{world.up.url}/library")
        assert page.url.endswith("/session?to=library")
        page.locator("#how summary").click()
        page.locator("#code").fill(world.link("little"))
        page.locator("#how form button").click()
        page.wait_for_url("**/library")
        page.goto(world.up.url)
        title = page.locator(".paper h2").first.inner_text()
        page.locator(".paper button[value='hide']").first.click()
        assert page.locator(".notice p").inner_text().startswith("Hidden")
        assert title not in page.locator(".papers").inner_text()
        page.locator("#undo").click()
        assert page.locator(".notice p").inner_text() == "No longer hidden."
        page.locator("button[name='language']").click()
        assert page.locator("h1").inner_text() == "Zu lesen"


def test_what_does_not_work_is_said_and_the_page_stays(playwright: Playwright, world: World) -> None:
    with playwright.chromium.launch(executable_path=executable(), args=list(QUIET)) as browser:
        page = browser.new_page()
        page.goto(world.link("little"))
        page.wait_for_url(f"{world.up.url}/")
        shown = page.locator(".paper h2").all_inner_texts()
        save = page.locator(".paper button[value='save']").first
        page.context.set_offline(True)
        save.click()
        page.locator(".notice.trouble").wait_for()
        assert "does not answer" in page.locator(".notice p").inner_text()
        assert page.locator("#said").inner_text() == page.locator(".notice p").inner_text()
        page.context.set_offline(False)
        page.evaluate("document.querySelector('.paper form input[name=form_token]').value = 'x'")
        save.click()
        page.locator(".notice p", has_text="nothing changed").wait_for()
        assert page.locator(".paper h2").all_inner_texts() == shown
        # The session is ended elsewhere: the next press leads to where one begins.
        with world.context.database.writing() as session:
            for device in devices.of_reader(session, world.readers["little"], time.time()):
                devices.remove(session, world.readers["little"], device["id"])
        save.click()
        page.wait_for_url("**/session**")


@pytest.mark.parametrize("language", ["en", "de"])
def test_pictures_of_every_page(playwright: Playwright, world: World, screenshots: Path, language: str) -> None:
    """For people to look at; nothing is wider than the screen."""
    with playwright.chromium.launch(executable_path=executable(), args=list(QUIET)) as browser:
        for who in world.readers:
            page = browser.new_page(locale=language, reduced_motion="reduce")
            page.goto(world.link(who))
            page.wait_for_url(f"{world.up.url}/")
            for path in PAGES:
                for width in (360, 1400):
                    page.set_viewport_size({"width": width, "height": 900})
                    page.goto(f"{world.up.url}/{path.format(paper=_some_paper(world, who))}")
                    if path == "session":
                        continue
                    assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                    for scheme in ("light", "dark"):
                        page.emulate_media(color_scheme=scheme)
                        name = re.split("[/?]", path)[0] or "to-read"
                        page.screenshot(path=screenshots / f"pages-{name}-{who}-{language}-{width}-{scheme}.png")
            page.close()
