"""From following an author to their paper in the mail: one story over the pages, the panel, the library, the digest."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.chromium import Chromium, until_state
from tests.e2e.conftest import free_port
from tests.pages.server import PagesServer
from tests.server.inkling_process import Up, call, pair, run
from tests.server.mail_server import MailServer, mail_server

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
ANN = "ann@example.org"
PANEL = '[data-inkling="panel"]'


class Lab:
    """A server that asks no source by itself, and what mails go out of it."""

    def __init__(self, home: Path, pages: PagesServer, mails: MailServer) -> None:
        self.home, self.pages, self.mails = home, pages, mails
        self.environ = {"INKLING_SMTP_URL": mails.url, "INKLING_MAIL_FROM": "Inkling <inkling@example.org>"}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.up = Up(home, "--port", str(self.port), **self.environ)
        self.token = pair(self.url)

    def run(self, *arguments: str, **environ: str) -> str:
        done = run(*arguments, home=self.home, **{**self.environ, **environ})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ingest(self, days: int) -> None:
        self.run("ingest", "hf", "--days", str(days), INKLING_OFFLINE="off", INKLING_HF_URL=self.pages.api_url)

    def ask(self, path: str, body: Any = None) -> Any:
        status, answer = call(self.url, path, body, self.token)
        assert status < 300, answer
        return answer

    def listed(self, age: int) -> list[dict[str, Any]]:
        """Return what the listing's API says of a day, this many days ago."""
        day = (datetime.now(UTC) - timedelta(days=age)).date()
        with urllib.request.urlopen(
            f"{self.pages.api_url}/api/daily_papers?date={day}&limit=100", timeout=20
        ) as answer:
            return [entry["paper"] for entry in json.load(answer)]


@pytest.fixture
def lab(pages: PagesServer, tmp_path: Path) -> Iterator[Lab]:
    pages.set()
    with mail_server() as mails:
        lab = Lab(tmp_path / "home", pages, mails)
        yield lab
        lab.up.end()


@pytest.fixture
def browser(playwright: Playwright, lab: Lab, tmp_path: Path) -> Iterator[Chromium]:
    running = Chromium(playwright, tmp_path / "profile", lab.pages.https_port)
    yield running
    running.close()


def author_of_the_day_before(lab: Lab) -> tuple[str, set[str]]:
    """Return who is on an older day's listing and not on today's, and their papers there."""
    today = {author["name"] for paper in lab.listed(0) for author in paper["authors"]}
    here = {paper["id"] for paper in lab.listed(0)}
    papers: dict[str, set[str]] = {}
    for paper in (paper for age in range(1, 6) for paper in lab.listed(age) if paper["id"] not in here):
        for author in paper["authors"]:
            papers.setdefault(author["name"], set()).add(paper["id"])
    strangers = sorted(papers.keys() - today) or sorted(papers)
    return strangers[0], papers[strangers[0]]


def press(page: Page, selector: str) -> None:
    page.locator(selector).first.click()
    page.wait_for_load_state()


def confirm_address(lab: Lab, page: Page) -> None:
    """Ask for a digest, and follow the link that the address gets."""
    status, answer = call(lab.url, "/v1/me", {"digest": {"email": ANN, "every": "daily"}}, lab.token, method="PATCH")
    assert status == 200, answer
    lab.run("digest")
    asked = lab.mails.to(ANN)[0]
    link = re.search(r"http://\S+/digest/confirm/\S+", asked.get_body(("plain",)).get_content())
    assert link
    page.goto(link.group())
    press(page, "main form button")


def test_a_followed_author_comes_into_the_panel_the_library_and_the_mail(browser: Chromium, lab: Lab) -> None:
    lab.ingest(1)
    author, papers = author_of_the_day_before(lab)
    own = browser.context.new_page()
    own.goto(lab.ask("/v1/session-links", {})["url"])
    own.wait_for_url(f"{lab.url}/")

    # Follow.
    own.goto(f"{lab.url}/interests")
    own.locator("#kind").select_option("author")
    own.locator("#topic").fill(author)
    own.locator("button[value='follow']").first.click()
    own.locator("ul.topics", has_text=author).wait_for()

    # They publish.
    lab.ingest(6)
    browser.store(serverUrl=lab.url, token=lab.token)
    page = browser.page()
    until_state(page, "ready")
    page.wait_for_selector(f"{PANEL} [data-paper]")
    shown = {
        one.get_attribute("data-paper"): one.locator('[data-part="reason"]').inner_text()
        for one in page.locator(f"{PANEL} [data-paper]").all()
    }
    theirs = [paper for paper in shown if paper in papers]
    assert theirs, shown
    assert author in shown[theirs[0]]

    # It comes by mail, with that reason, and comes once.
    paper = theirs[0]
    confirm_address(lab, own)
    lab.run("digest")
    (mail,) = [message for message in lab.mails.to(ANN) if message["List-Unsubscribe"]]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    body = " ".join(mail.get_body(("plain",)).get_content().split())
    assert paper in body
    assert author in body
    lab.run("digest")
    assert len([message for message in lab.mails.to(ANN) if message["List-Unsubscribe"]]) == 1

    # Save it there, find it in the library, tag it, take it along.
    page.locator(f'{PANEL} [data-paper="{paper}"]').hover()
    page.locator(f'{PANEL} [data-paper="{paper}"] [data-action="save"]').click()
    page.wait_for_timeout(1_500)
    own.goto(f"{lab.url}/library")
    mine = own.locator(f'[id="paper-{paper}"]')
    assert mine.count() == 1
    own.locator(f'[id="edit-{paper}"] summary').click()
    own.locator(f'[id="tags-{paper}"]').fill("to cite")
    own.locator(f'[id="keep-{paper}"]').click()
    own.locator("main .notice", has_text="Tags and note kept.").wait_for()
    own.goto(f"{lab.url}/library?tag=to+cite")
    assert own.locator(f'[id="paper-{paper}"]').count() == 1
    own.locator("#several summary").click()
    own.locator(".pick").first.check()
    with own.expect_download() as download:
        own.locator("#selection button[value='export-bibtex']").click()
    (entry,) = bibtexparser.parse_string(Path(download.value.path()).read_text()).entries
    assert entry.fields_dict["eprint"].value == paper
    assert author.split()[-1] in entry.fields_dict["author"].value
