"""Invented papers: the same for the same seed, different from one another, and plainly none that exist."""

from __future__ import annotations

import re

import pytest

from server.demo.paper_generator import DAY, generate_papers, read_topics
from server.paper_ids import is_canonical

NEWEST = 1_795_000_000.0


@pytest.fixture(scope="module")
def papers():
    return generate_papers(480, seed=20, newest=NEWEST, days=60)


def test_the_same_seed_writes_the_same_papers(papers):
    assert generate_papers(480, seed=20, newest=NEWEST, days=60) == papers
    assert generate_papers(480, seed=21, newest=NEWEST, days=60)[0] != papers[0]


def test_no_two_papers_are_alike(papers):
    assert len({paper.id for paper in papers}) == len({paper.title for paper in papers}) == 480
    assert len({paper.abstract for paper in papers}) == 480


def test_ids_are_well_formed_and_nobodys(papers):
    assert all(is_canonical(paper.id) and paper.id.startswith("9911.") for paper in papers)


def test_papers_are_spread_over_the_days_newest_first(papers):
    assert NEWEST - 61 * DAY < papers[-1].published_at < NEWEST - 58 * DAY
    assert NEWEST - DAY < papers[0].published_at <= NEWEST


def test_the_text_is_whole_sentences_without_open_slots(papers):
    for paper in papers:
        assert not re.search(r"[{}]|  ", paper.title + paper.abstract)
        assert paper.abstract[0].isupper()
        assert paper.abstract.endswith(".")
        assert 300 < len(paper.abstract) < 1200
        assert not re.search(r"[.?] [a-z]", paper.abstract)


def test_every_topic_is_written_about(papers):
    assert {paper.topic for paper in papers} == {topic.name for topic in read_topics()}
    assert len(read_topics()) == 12
