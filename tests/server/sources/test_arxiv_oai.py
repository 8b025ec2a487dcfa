"""arXiv by OAI-PMH, read with care."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from server.errors import SourceRefused
from server.sources.arxiv_oai import MAX_TOKEN, ArxivOai, TokenExpired, parse_records
from tests.server.sources.arxiv_server import Record, arxiv_server, make_records, oai_error, oai_list

DAY = date(2026, 11, 20)
ONE = Record("2611.00001", DAY, DAY, ("stat.ML", "cs.LG"), comment="12 pages", doi="10.1/x", journal_ref="J. X 3")
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def arxiv(settings):
    with arxiv_server(make_records(10, date(2026, 3, 1), 10), page=4) as server:
        client = ArxivOai(replace(settings, arxiv_url=server.url), pace=0.0)
        yield client, server
        client.close()


def test_a_list_is_read_page_by_page_to_its_end(arxiv):
    client, server = arxiv
    pages = [client.records("cs:cs:LG", FIRST, LAST)]
    while pages[-1].token:
        pages.append(client.records("cs:cs:LG", FIRST, LAST, pages[-1].token))
    assert [len(page.papers) for page in pages] == [4, 4, 2]
    assert [page.newest for page in pages] == [date(2026, 3, 5), date(2026, 3, 9), date(2026, 3, 11)]
    assert [sorted(query) for _, query in server.asked] == [
        ["from", "metadataPrefix", "set", "until", "verb"],
        ["resumptionToken", "verb"],
        ["resumptionToken", "verb"],
    ]
    assert client.records("cs:cs:LG", date(2020, 1, 1), date(2020, 1, 2)).papers == []


def test_a_token_that_has_expired_is_told_apart(arxiv):
    client, server = arxiv
    token = client.records("cs:cs:LG", FIRST, LAST).token
    server.expire_tokens()
    with pytest.raises(TokenExpired, match=r"badResumptionToken.*expired"):
        client.records("cs:cs:LG", FIRST, LAST, token)


def test_a_record_is_read_whole():
    (paper,) = parse_records(oai_list([ONE])).papers
    assert (paper.id, paper.title, paper.abstract) == ("2611.00001", "On 2611.00001", "We study a thing.")
    assert paper.authors == ["Ada Lovelace", "Alan Turing"]
    assert paper.categories == ["stat.ML", "cs.LG"]
    assert (paper.comment, paper.doi, paper.journal_ref, paper.withdrawn) == ("12 pages", "10.1/x", "J. X 3", False)
    assert paper.published_at == 1795132800.0
    (bare,) = parse_records(
        oai_list([replace(ONE, comment="", doi="", journal_ref="", authors=(("", "CERN"),))])
    ).papers
    assert (bare.comment, bare.doi, bare.journal_ref, bare.authors) == ("", "", "", ["CERN"])


def test_a_deleted_record_is_told_and_a_bad_one_costs_no_other():
    gone, odd = replace(ONE, id="2611.00002", deleted=True), replace(ONE, id="no/such:id")
    untitled = oai_list([ONE]).replace(b"<title>On 2611.00001</title>", b"")
    page = parse_records(oai_list([odd, gone, ONE]))
    assert ([paper.id for paper in page.papers], page.deleted) == (["2611.00001"], ["2611.00002"])
    assert parse_records(untitled).papers == []
    assert parse_records(oai_list([ONE]).replace(b"<datestamp>2026-11-20", b"<datestamp>soon")).newest is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (oai_error("badArgument", "set is wrong"), "'badArgument': set is wrong"),
        (b"<html><body>Service unavailable</body></html>", "did not answer with OAI-PMH"),
        (oai_list([ONE])[:-40], "did not answer with OAI-PMH"),
        (oai_list([ONE]).replace(b"ListRecords>", b"ListSets>"), "without a list of records"),
        (oai_list([ONE], "x" * (MAX_TOKEN + 1)), "longer than"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(body, said):
    with pytest.raises(SourceRefused, match=said) as told:
        parse_records(body)
    assert not isinstance(told.value, TokenExpired)
    assert "\n" not in told.value.message


def test_no_records_are_an_empty_list():
    assert parse_records(oai_error("noRecordsMatch", "none")).papers == []
