"""The reader's own pages in Chromium and Firefox: a story over them, other sites, axe-core, pictures."""

from __future__ import annotations

import json
import random
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Playwright

from server.config import Settings
from server.demo.paper_generator import generate_papers
from server.services import events, library, sessions
from server.services.context import Context
from server.services.events import Event
from server.services.papers import merge_source_papers
from server.store import devices, readers
from tests.e2e.chromium import QUIET, executable
from tests.e2e.conftest import tab_of
from tests.e2e.studio import AXE
from tests.e2e.tabs import NOT_YET, Tab, await_true
from tests.pages.server import PagesServer
from tests.server.inkling_process import Up, run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
SERIOUS = """const done = arguments[arguments.length - 1];
  return axe.run(document, {resultTypes: ['violations']}).then(({violations}) => JSON.stringify(violations
    .flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`))));"""
PAGES = ("", "library", "papers/{paper}", "session")


@dataclass(frozen=True)
class World:
    """A server and its readers, by how much they have done: `much`, `little`, `nothing`."""

    up: Up
    context: Context
    readers: dict[str, str]
    papers: list[str]

    def link(self, who: str, page: str | None = None) -> str:
        made = sessions.new_link(self.context, self.readers[who], time.time())
        return sessions.address(self.up.url, made.code, page)

    def saved(self, who: str) -> dict[str, dict[str, Any]]:
        return {entry["paper"]["id"]: entry for _, entry in library.page(self.context, self.readers[who], 200, None)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("pages") / "home"
    assert run("migrate", home=home).returncode == 0
    context = Context.ready(Settings.from_environment({}, home=home, offline=True))
    now, chance = time.time(), random.Random(7)
    papers = [paper.id for paper in _take_papers(context, now)]
    with context.database.writing() as session:
        ids = [readers.create(session, now, operator=not n) for n in range(6)]
    _read(context, ids[0], chance.sample(papers, 90), now)
    _read(context, ids[2], papers[:3], now)
    for other in ids[3:]:
        _read(context, other, papers[10:16], now)
    _write_words(context, ids[0], now)
    assert run("train", home=home).returncode == 0
    with Up(home, INKLING_K_READERS="3") as up:
        yield World(up, context, dict(zip(("much", "nothing", "little"), ids, strict=False)), papers)
    context.close()


def _take_papers(context: Context, now: float) -> list[Any]:
    found = generate_papers(160, seed=5, newest=now, days=40)
    with context.database.writing() as session:
        merge_source_papers(session, "test", [vars(paper) for paper in found], now=now)
    return list(found)


def _read(context: Context, reader: str, papers: list[str], now: float) -> None:
    batch = [
        Event(str(uuid.uuid4()), "save" if n % 3 else "open", paper, now - 3600 * n - 60, surface="card")
        for n, paper in enumerate(papers)
    ]
    events.log(context, reader, batch, now=now)


def _write_words(context: Context, reader: str, now: float) -> None:
    tags = ["to cite", "reading group", "λ & μ", "a rather long tag that somebody typed in a hurry one evening"]
    for n, (_, entry) in enumerate(library.page(context, reader, 200, None)):
        words = {"tags": tags[: n % 5], "note": "Compare with Tuesday’s talk.\nSection 5." if n % 4 == 0 else None}
        library.save(context, reader, entry["paper"]["id"], {**words, "read": n % 6 == 1}, now)


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Tab]:
    """A tab of each browser in turn, without the extension."""
    pages.set()
    profile = tmp_path_factory.mktemp(f"pages-{request.param}") / "profile"
    with tab_of(request.param, request, profile, pages, extension=None) as tab:
        yield tab


def until(tab: Tab, script: str, *arguments: Any, seconds: float = 30) -> None:
    """Wait until a script of the page answers true; the page may be leaving just now."""

    def answer() -> bool:
        with suppress(BrowserError, *NOT_YET, Exception):
            return bool(tab.run(script, *arguments))
        return False

    await_true(answer, seconds)


def at(tab: Tab, path: str) -> None:
    until(tab, "return location.pathname === arguments[0] && document.readyState === 'complete'", path)


def sign_in(tab: Tab, world: World, who: str, page: str | None = None) -> None:
    tab.go("about:blank")
    tab.go(world.link(who, page))
    at(tab, f"/{page or ''}")


def told(tab: Tab) -> str:
    return str(tab.run("return document.querySelector('.notice p')?.textContent ?? ''"))


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
        at(tab, f"/{path}") if page != "session" else None
        tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        assert _axe(tab) == [], path


def _axe(tab: Tab) -> list[str]:
    if tab.name == "firefox":
        script = AXE.read_text() + ";const done = arguments[0];" + SERIOUS.split(";", 1)[1].replace("return axe", "axe")
        found = tab.driver.execute_async_script(script.rstrip("; \n") + ".then(done, (error) => done(String(error)));")  # type: ignore[attr-defined]
    else:
        tab.page.evaluate(AXE.read_text())  # type: ignore[attr-defined]
        found = tab.run(SERIOUS)
    answer: list[str] = json.loads(found)
    return answer


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
                        name = path.partition("/")[0] or "to-read"
                        page.screenshot(path=screenshots / f"pages-{name}-{who}-{language}-{width}-{scheme}.png")
            page.close()
