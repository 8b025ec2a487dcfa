import numpy as np

from recommender import Config, Events, Papers
from recommender.evaluation.offline import Histories, latest_time, rank_readers, train_catalogue

NOW = 1_760_000_000.0
FEW = [("a", "p0", "save", 1.0), ("b", "p1", "save", 2.0), ("a", "p1", "open", None)]


def rank_all(catalogue, interactions, histories, **more):
    ask = {"candidates": None, "k": 1000, "now": NOW} | more
    return dict(rank_readers(catalogue, interactions, histories, ["me", "r0"], **ask))


def test_histories_keep_each_readers_events_in_order():
    histories = Histories.of(Events.from_rows(FEW))
    assert histories.events_of("a").papers == ["p0", "p1"]
    assert histories.papers_of("a") == {"p0", "p1"}
    assert "c" not in histories
    assert len(histories.events_of("c")) == 0


def test_the_latest_time_leaves_out_unknown_ones():
    assert latest_time(Events.from_rows(FEW[:1]), Events.from_rows(FEW[1:])) == 2.0
    assert latest_time(Events.from_rows(FEW[2:])) == 0.0


def test_nobody_is_given_a_paper_they_have_any_event_on(catalogue, events, saved):
    lists = rank_all(catalogue, events, saved("t2p00", "t2p01"))
    assert not {"t2p00", "t2p01"} & set(lists["me"].ids)
    read = {paper for reader, paper in zip(events.readers, events.papers, strict=True) if reader == "r0"}
    assert read
    assert not read & set(lists["r0"].ids)
    assert np.mean([paper.startswith("t2") for paper in lists["me"].ids[:10]]) >= 0.7


def test_only_candidates_that_exist_are_ranked(catalogue, events, saved):
    lists = rank_all(catalogue, events, saved("t2p00"), candidates=["t2p01", "nowhere"])
    assert lists["me"].ids == ["t2p01"]


def test_papers_nothing_is_known_of_come_last_with_a_score_below_all():
    rows = [{"id": f"p{at}", "title": f"parsing trees{at % 2}"} for at in range(5)]
    catalogue = train_catalogue(
        Papers.from_rows([*rows, {"id": "stub"}]), Events.from_rows(()), Config(), seed=0, now=NOW, progress=None
    )
    assert catalogue.model is None  # too few papers to train on
    ranked_list = rank_all(catalogue, Events.from_rows(()), Events.from_rows([("me", "p0", "save", NOW)]))["me"]
    assert ranked_list.ids[-1] == "stub"
    assert ranked_list.scores[-1] == ranked_list.scores[:-1].min() - 1
