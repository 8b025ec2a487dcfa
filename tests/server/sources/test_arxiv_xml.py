"""What arXiv's three services have in common."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from server.config import ARXIV_URL
from server.errors import SourceRefused
from server.sources.arxiv import Arxiv
from server.sources.arxiv_oai import ArxivOai
from server.sources.arxiv_rss import ArxivRss
from server.sources.arxiv_xml import is_withdrawn, read_xml

DEEP = b"<feed>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</feed>"
LAUGHS = b'<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><feed>&b;</feed>'
OUTSIDE = b'<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><feed>&a;</feed>'


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error in Lemma 3", None, True),
        ("12 pages; this submission has been withdrawn by arXiv administrators", "We study x.", True),
        ("Withdrawn", None, True),
        ("paper withdrawn", None, True),
        (None, "This article is withdrawn.", True),
        (None, "Withdrawn by the authors.", True),
        ("Withdrawn by arXiv administrators", None, True),
        ("8 pages, withdrawn", None, True),
        ("8 pages (withdrawn)", None, True),
        ("12 pages. Withdrawn due to an error in Theorem 2", None, True),
        ("Withdrawn: the main theorem is wrong", None, True),
        ("Paper withdrawn, see arXiv:2101.00001", None, True),
        ("Paper withdrawn due to a crucial error in equation 3", None, True),
        ("This paper has been withdrawn from arXiv by the author", None, True),
        ("The submission was withdrawn because of a dispute over authorship", None, True),
        ("The authors have withdrawn this paper due to an error", None, True),
        ("arXiv admin note: withdrawn due to overlap", None, True),
        ("9 pages; arXiv admin note: This submission has been withdrawn by arXiv administrators", None, True),
        ("arXiv admin note: submission withdrawn because of text overlap with arXiv:2101.00001", None, True),
        ("This version withdrawn by arXiv administrators because of disputed authorship", None, True),
        (None, "This paper has been withdrawn by the author(s), due to a crucial error.", True),
        (None, "The authors have withdrawn this paper.", True),
        ("Paper withdrawn from ICML 2023 and accepted at NeurIPS", None, False),
        ("This submission is withdrawn from the conference; 10 pages", None, False),
        ("12 pages. The work was withdrawn from ICLR and extended", None, False),
        ("This paper has been withdrawn by the authors from ICLR 2024", None, False),
        ("Withdrawn from ICLR 2023; 14 pages", None, False),
        ("Withdrawn ICLR 2023 submission", None, False),
        ("Submitted to ICLR 2023, withdrawn", None, False),
        ("An earlier version of this paper was withdrawn", None, False),
        ("Version 2 was withdrawn", None, False),
        ("arXiv admin note: text overlap with arXiv:2101.00001", None, False),
        ("arXiv admin note: text overlap with a withdrawn paper", None, False),
        ("Replaces a withdrawn version", "Funds withdrawn by investors are modelled.", False),
        (None, "Note withdrawn funds are central to the model of a bank run.", False),
        (None, "Withdrawn animals are hard to observe.", False),
        (None, "We study what happens when a paper is withdrawn.", False),
        ("", "", False),
        (None, None, False),
    ],
)
def test_a_withdrawal_is_read_from_what_is_said_of_it(comment, abstract, withdrawn):
    assert is_withdrawn(comment, abstract) is withdrawn


@pytest.mark.parametrize("part", ["arXiv admin note: ", ", ", "this paper ", "withdrawn ", "paper (", " - ", "("])
def test_a_long_comment_takes_no_longer_than_its_length(part):
    assert is_withdrawn(part * 20_000, part * 20_000) is False


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<feed",
        b"<feed><a></feed>",
        b"<html><body>x</body></html>",
        b"{}",
        b"<feed>\xff</feed>",
        b"\x00" * 9,
        b'<?xml version="1.0" encoding="no-such"?><feed/>',
        LAUGHS,
        OUTSIDE,
        b"<feed/>" * 2,
    ],
)
def test_what_is_no_such_document_is_refused_in_one_sentence(body):
    with pytest.raises(SourceRefused, match=r"^arXiv did not answer with a feed\.$"):
        read_xml(body, "feed", "a feed")


def test_a_document_of_great_depth_is_read_or_refused():
    with contextlib.suppress(SourceRefused):
        assert read_xml(DEEP, "feed", "a feed").tag == "feed"


def test_each_service_has_its_own_address_and_all_take_turns(settings):
    own = [client(replace(settings, arxiv_url=ARXIV_URL)).source for client in (Arxiv, ArxivRss, ArxivOai)]
    assert [source.url for source in own] == [f"https://{host}.arxiv.org" for host in ("export", "rss", "oaipmh")]
    assert len({source.turns for source in own}) == 1
    elsewhere = [client(settings).source.url for client in (Arxiv, ArxivRss, ArxivOai)]
    assert elsewhere == [settings.arxiv_url] * 3
