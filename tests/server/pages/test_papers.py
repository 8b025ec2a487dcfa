"""A paper's own page."""

from __future__ import annotations

import re

import pytest

from server.services.papers import merge_source_papers
from server.services.serving_context import ServingContext
from tests.server.conftest import Device, card, event
from tests.server.pages.conftest import Browser, words


def test_a_paper_is_shown_with_what_is_like_it_and_what_was_done(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(1, 10)])
    me.log(event("open", "2401.00001"), event("save", "2401.00001"))
    me.call("PUT", "/v1/library/2401.00001", {"tags": ["mine"], "note": "for Friday"})
    page = mine.get("/papers/2401.00001")
    told = words(page)
    for part in ("On diffusion of heat images, part 1", "We study diffusion", "for Friday", "Opened", "Saved", "PDF"):
        assert part in told
    similar = re.findall(r'<h3><a href="/papers/2401\.(\d+)"', page.text)
    assert similar
    assert "00001" not in similar
    assert re.search(r"In common: \w+|About much the same", told)


def test_a_paper_that_is_nothing_but_an_id_is_shown_to_who_met_it(mine: Browser, theirs: Browser, me: Device) -> None:
    me.log(event("open", "hep-th/9901001"))
    for address in ("/papers/hep-th/9901001", "/papers/hep-th%2F9901001"):
        page = mine.get(address)
        assert (page.status_code, "arXiv:hep-th/9901001" in words(page)) == (200, True)
    assert theirs.get("/papers/hep-th/9901001").status_code == 404


def test_what_another_readers_pages_said_is_theirs(mine: Browser, theirs: Browser, other: Device) -> None:
    other.rank(card(1))
    assert theirs.get("/papers/2401.00001").status_code == 200
    page = mine.get("/papers/2401.00001")
    assert page.status_code == 404
    assert "diffusion" not in page.text


def test_what_sources_say_is_shown_and_only_web_addresses_are_links(
    mine: Browser, context: ServingContext, me: Device
) -> None:
    facts = {"title": "A", "abstract": "B", "doi": "10.1000/x<y", "journal_ref": "Phys. Rev. D", "comment": "8 pages"}
    more = {"code_url": "https://github.com/a/b", "project_url": "javascript:alert(1)", "withdrawn": True}
    with context.database.writing() as session:
        merge_source_papers(session, "hf", [{"id": "2401.00001", **facts, **more}], now=1.0)
    me.log(event("save", "2401.00001"))
    for address in ("/papers/2401.00001", "/library"):
        page = mine.get(address)
        assert 'href="https://github.com/a/b"' in page.text
        assert "javascript:" not in page.text
        assert "Withdrawn" in words(page)
    told = mine.get("/papers/2401.00001")
    assert 'href="https://doi.org/10.1000/x%3Cy"' in told.text
    assert "Phys. Rev. D" in words(told)
    entry = me.get("/v1/library").json["items"][0]["paper"]
    assert (entry["doi"], entry["withdrawn"]) == ("10.1000/x<y", True)
    assert "doi = {10.1000/x<y}" in me.get("/v1/library/export?format=bibtex").text


@pytest.mark.parametrize(
    ("address", "leads"),
    [("/papers/2401.00001v3", "/papers/2401.00001"), ("/papers/math.GT/0309136", "/papers/math/0309136")],
)
def test_an_id_in_another_form_leads_to_the_paper(mine: Browser, address: str, leads: str) -> None:
    answer = mine.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (303, leads)


def test_an_unknown_paper_and_no_paper_at_all(mine: Browser, stranger: Browser) -> None:
    assert mine.get("/papers/2401.00001").status_code == 404
    assert mine.get("/papers/nope").status_code == 404
    answer = stranger.get("/papers/2401.00001")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/session?to=papers/2401.00001")
