"""Following and muting authors, categories and organisations: what moves, by how much, and how it is told."""

import dataclasses

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Model, Overlay, Papers

NOW = 1_760_000_000.0
AUTHOR, CATEGORY = "Author 5 3", "cat.2"
NEW = {"id": "new", "title": "topic2word1 topic2word2", "authors": ["A. 5 3"], "organization": "Somé Lab"}


def scores(catalogue, history=None, **ask):
    ranked = catalogue.rank(
        history or Events.empty(), candidates=catalogue.ids(), k=None, now=NOW, **ask
    )  # candidates: no re-ranking
    return dict(zip(ranked.ids, ranked.scores.tolist(), strict=True))


def added(catalogue, history=None, **ask):
    """What a wish adds to every paper's score, without those it leaves alone."""
    before, after = scores(catalogue, history), scores(catalogue, history, **ask)
    moved = {paper: after[paper] - before[paper] for paper in before}
    return {paper: one for paper, one in moved.items() if abs(one) > 1e-5}


def by_author(papers):
    return {paper for paper, authors in zip(papers.ids, papers.authors, strict=True) if AUTHOR in authors}


@pytest.fixture
def lab(catalogue):
    """The catalogue with a paper newer than the model, of an organisation."""
    changed = catalogue.copy()
    changed.update(Papers.from_rows([NEW]))
    return changed


def test_following_adds_the_stated_amount_to_those_papers_alone(lab, papers, saved):
    for history in (saved("t2p00", "t3p00"), Events.empty()):
        for where in ("interests", "followed"):
            moved = added(lab, history, **{where: [f"author:{AUTHOR}"]})
            assert moved == pytest.approx(dict.fromkeys(by_author(papers) | {"new"}, Config().followed_author))
    moved = added(lab, followed=["org:some lab"])
    assert moved == pytest.approx({"new": Config().followed_organization})
    in_category = {p for p, own in zip(papers.ids, papers.categories, strict=True) if CATEGORY in own}
    assert added(lab, followed=["category:CAT.2"]) == pytest.approx(
        dict.fromkeys(in_category, Config().followed_category)
    )


def test_muting_takes_off_the_stated_amount_and_no_more(lab, papers, saved):
    expected = dict.fromkeys(by_author(papers) | {"new"}, -Config().mute_weight)
    assert added(lab, saved("t2p00"), muted=[f"author:{AUTHOR}"]) == pytest.approx(expected)
    assert added(lab, muted=["org:Some Lab", f"author:{AUTHOR}"]) == pytest.approx(expected)
    both = lab.score(Events.empty(), now=NOW, muted=["topic2word1 topic2word2", "org:Some Lab"])
    assert both.priors["interest"][both.index.row_of["new"]] == -Config().mute_weight


def test_two_followed_authors_of_one_paper_count_once_and_both_are_named(catalogue):
    changed = catalogue.copy()
    changed.update(Papers.from_rows([NEW | {"authors": ["Ada Lovelace", "Bob Byte", "Eve"]}]))
    wish = {"followed": ["author:a. lovelace", "author:Bob Byte", "author:Somebody Else", "org:Some Lab"]}
    assert added(changed, **wish)["new"] == pytest.approx(Config().followed_author + Config().followed_organization)
    reasons = changed.rank(Events.empty(), candidates=["new"], k=None, now=NOW, **wish).reasons(0)
    named = {reason.kind: (reason.words, reason.share) for reason in reasons if reason.words}
    assert named == {
        "author": (["a. lovelace", "Bob Byte"], pytest.approx(3.0)),
        "organization": (["Some Lab"], pytest.approx(1.0)),
    }


def test_reasons_with_names_add_up_and_are_told_only_where_they_hold(lab, papers):
    history = Events.from_rows([("me", "t5p00", "save", NOW), ("me", "t6p00", "hide", NOW)])
    wish = {
        "interests": ["topic4word1", f"author:{AUTHOR}"],
        "followed": [f"category:{CATEGORY}", "org:some lab"],
        "muted": ["topic7word1", "author:Author 6 1"],
    }
    found = lab.rank(history, candidates=None, k=60, now=NOW, **wish)
    kinds = set()
    for at, paper in enumerate(found.ids):
        reasons = found.reasons(at)
        assert sum(one.share for one in reasons) == pytest.approx(float(found.scores[at]), rel=1e-4, abs=1e-5)
        told = {one.kind: one.words for one in reasons}
        kinds |= told.keys()
        assert ("author" in told) == (paper in by_author(papers) | {"new"})
        assert told.get("author", [AUTHOR]) == [AUTHOR]
        assert told.get("organization", ["some lab"]) == ["some lab"]
    assert {"author", "category"} <= kinds


def test_a_muted_name_is_told_as_what_was_muted(catalogue, papers):
    paper = sorted(by_author(papers))[0]
    ranked = catalogue.rank(
        Events.empty(), candidates=[paper], k=None, now=NOW, muted=[f"author:{AUTHOR}"], followed=["category:cat"]
    )
    told = {one.kind: one for one in ranked.reasons(0)}
    assert told["interest"].share == pytest.approx(-Config().mute_weight)
    assert told["interest"].words is None
    assert "author" not in told


def test_a_followed_author_leads_the_list_of_a_stranger(catalogue, papers):
    found = catalogue.rank(Events.empty(), candidates=None, k=20, now=NOW, followed=[f"author:{AUTHOR}"])
    expected = by_author(papers)
    assert {paper in expected for paper in found.ids[: min(len(expected), 5)]} == {True}


def test_the_readers_own_page_is_found_by_its_author_and_nobody_elses(catalogue):
    own = Overlay(catalogue)
    own.update(catalogue, Papers.from_rows([NEW | {"id": "own", "authors": ["Zoë Quine"]}]))
    view = own.apply_to(catalogue)
    assert added(view, followed=["author:Zoe Quine"]) == pytest.approx({"own": Config().followed_author})
    assert added(catalogue, followed=["author:Zoe Quine"]) == {}
    own.remove(["own"])
    if catalogue.model:
        assert added(own.apply_to(catalogue), followed=["author:Zoe Quine"]) == {}


def test_corrected_authors_count_at_once(catalogue, papers):
    changed = catalogue.copy()
    paper = sorted(by_author(papers))[0]
    row = papers.ids.index(paper)
    facts = {"id": paper, "title": papers.titles[row], "abstract": papers.abstracts[row]}
    changed.update(Papers.from_rows([facts | {"authors": ["Somebody Else"]}]))
    assert paper not in added(changed, followed=[f"author:{AUTHOR}"])
    assert set(added(changed, followed=["author:Somebody Else"])) == {paper}


def test_a_saved_model_knows_its_names_and_an_older_one_only_newer_papers(model, papers, tmp_path):
    model.save(tmp_path / "one")
    loaded = Catalogue(Model.load(tmp_path / "one"))
    wish = {"followed": [f"author:{AUTHOR}", f"category:{CATEGORY}"]}
    assert added(loaded, **wish) == pytest.approx(added(Catalogue(model), **wish))
    index = type(model.name_index).empty()
    older = Catalogue(dataclasses.replace(model, name_index=index), Papers.from_rows([NEW]))
    assert set(added(older, **wish)) == {"new"}


def test_nothing_followed_costs_nothing(catalogue, saved, monkeypatch):
    def refuse(*_):
        raise AssertionError("looked up a name")

    monkeypatch.setattr("recommender.ranking.paper_index.PaperIndex.rows_of", refuse)
    ranked = catalogue.rank(
        saved("t2p00"), candidates=None, k=5, now=NOW, interests=["topic3word1"], muted=["topic1word1"]
    )
    assert len(ranked) == 5
    assert not {"author", "category", "organization"} & ranked._catalogue_scores.priors.keys()


def test_topics_are_counted_over_the_papers_of_late(catalogue, papers, monkeypatch):
    since = NOW - 30 * 86_400
    recent = {paper for paper, at in zip(papers.ids, papers.published, strict=True) if at >= since}
    words, author, category = "topic3word1 topic3word2", f"author:{AUTHOR}", "category:cat"
    topics = [words, author, category, "zzz", "author:Nobody", words]
    counts = catalogue.count_matches(topics, since)
    assert counts[1:5] == [len(by_author(papers) & recent), len(recent), 0, 0]
    found = catalogue.rank(Events.empty(), candidates=sorted(recent), k=None, now=NOW, interests=[words])
    told = [any(one.kind == "interest" for one in found.reasons(at)) for at in range(len(found))]
    assert counts[0] == counts[5] == sum(told) > 0
    assert catalogue.count_matches([], since) == []
    assert catalogue.count_matches(topics, NOW + 1) == [0] * 6
    monkeypatch.setattr("recommender.ranking.catalogue.MAX_COUNTED", 7)
    assert catalogue.count_matches([category], since) == [7]


def test_muted_and_followed_at_once_both_count(catalogue, papers):
    wish = {"followed": [f"author:{AUTHOR}"], "muted": [f"author:{AUTHOR}"]}
    expected = Config().followed_author - Config().mute_weight
    moved = {paper: one for paper, one in added(catalogue, **wish).items() if paper in by_author(papers)}
    assert moved == pytest.approx({} if not expected else dict.fromkeys(by_author(papers), expected))
    assert np.isfinite(list(scores(catalogue, **wish).values())).all()
