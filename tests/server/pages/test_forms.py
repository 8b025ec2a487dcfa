"""What is in a form, and where it may come back to."""

from __future__ import annotations

import pytest
from flask import Flask

from server.errors import CrossSite, Invalid
from server.pages import forms

app = Flask(__name__)


def form(host: str = "inkling.example.org", headers: dict[str, str] | None = None, **fields: object) -> object:
    return app.test_request_context("/", method="POST", base_url=f"http://{host}", headers=headers, data=fields)


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Origin": "http://inkling.example.org"}, True),
        # TLS ends at a proxy that says nothing of it.
        ({"Origin": "https://inkling.example.org"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://inkling.example.org"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Origin": "http://inkling.example.org.evil.example"}, False),
        ({"Origin": "http://inkling.example.org:8080"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://["}, False),
    ],
)
def test_a_write_says_where_it_comes_from(headers: dict[str, str], ours: bool) -> None:
    with form(headers=headers):
        if ours:
            forms.check_origin()
        else:
            with pytest.raises(CrossSite):
                forms.check_origin()


def test_a_text_is_stripped_and_its_lines_are_ended_as_everywhere() -> None:
    with form(note="  one\r\ntwo  "):
        assert forms.field("note", 100) == "one\ntwo"
        assert forms.field("nothing", 100) == ""
        with pytest.raises(Invalid) as error:
            forms.field("note", 3)
        assert error.value.field == "note"


def test_papers_are_named_in_any_form_and_once() -> None:
    with form(id=["2401.00001v2", "https://arxiv.org/abs/2401.00001", "hep-th/9901001"]):
        assert forms.paper_ids() == ["2401.00001", "hep-th/9901001"]
    with form(id=["2401.00001", "nope"]), pytest.raises(Invalid):
        forms.paper_ids()
    with form(id=[f"2401.{number:05d}" for number in range(201)]), pytest.raises(Invalid):
        forms.paper_ids()


@pytest.mark.parametrize(
    ("back", "goes"),
    [
        ("/library?tag=a&sort=title#paper-2401.00001", "/library?tag=a&sort=title#paper-2401.00001"),
        ("//evil.example/x", "/"),
        ("///evil.example/x", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("//[x", "/"),
        ("http://[x", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
    ],
)
def test_a_form_comes_back_to_an_address_of_ours(back: str, goes: str) -> None:
    with form(back=back):
        assert forms.back_to("/") == goes
