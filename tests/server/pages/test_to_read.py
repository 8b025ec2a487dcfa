"""To read: what is recommended, and why."""

from __future__ import annotations

from tests.server.conftest import Device, card, event
from tests.server.pages.conftest import Browser, words


def test_with_nothing_known_the_page_says_what_to_do(mine: Browser) -> None:
    assert "Nothing new to recommend" in words(mine.get("/"))


def test_recommendations_are_shown_with_their_reasons(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(9)])
    me.log(event("save", "2401.00001"))
    page = mine.get("/")
    assert 'id="paper-2401.00004"' in page.text
    assert "“On diffusion of heat images, part 1”, which you saved" in words(page)
    # What is saved already is not recommended.
    assert 'id="paper-2401.00001"' not in page.text


def test_what_a_page_says_is_text(mine: Browser, me: Device) -> None:
    me.rank(card(1, title="<script>alert(1)</script> & more", authors=['"><img src=x onerror=alert(1)>']))
    page = mine.get("/").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


def test_another_readers_pages_do_not_show(mine: Browser, theirs: Browser, other: Device) -> None:
    other.rank(card(1, title="Of the other alone"))
    assert "Of the other alone" in words(theirs.get("/"))
    assert "Of the other alone" not in mine.get("/").text
