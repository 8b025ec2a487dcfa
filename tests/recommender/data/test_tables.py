import numpy as np

from recommender import Events, Papers
from recommender.data import tables


def test_of_two_rows_with_one_id_the_later_stands():
    papers = Papers.from_rows([{"id": "a", "title": "old"}, {"id": "b"}, {"id": "a", "title": "new"}])
    assert papers.ids == ["a", "b"]
    assert papers.titles == ["new", ""]


def test_taking_rows_takes_every_column(papers):
    two = papers.take([5, 3])
    assert two.ids == [papers.ids[5], papers.ids[3]]
    assert two.authors == [papers.authors[5], papers.authors[3]]
    assert np.array_equal(two.published, papers.published[[5, 3]])


def test_updating_replaces_rows_with_the_same_id():
    one = Papers.from_rows([{"id": "a", "title": "old"}, {"id": "b"}])
    both = one.merge(Papers.from_rows([{"id": "a", "title": "new"}, {"id": "c"}]))
    assert both.ids == ["b", "a", "c"]
    assert both.titles == ["", "new", ""]
    assert len(both.published) == len(both.upvotes) == 3


def test_no_events_are_an_empty_table():
    assert len(Events.empty()) == 0
    assert Events.empty().times.dtype == np.float64


def test_events_keep_their_order_over_every_chunk(monkeypatch):
    monkeypatch.setattr(tables, "_CHUNK", 3)
    rows = [(f"r{n % 4}", f"p{n % 3}", tables.KINDS[n % 8], None if n % 5 == 0 else float(n)) for n in range(11)]
    events = Events.from_rows(iter(rows))
    times = [None if np.isnan(time) else time for time in events.times.tolist()]
    assert list(zip(events.readers, events.papers, events.kinds, times, strict=True)) == rows
    chosen = events.take([7, 0, 7])
    assert (chosen.readers, chosen.papers) == (["r3", "r0", "r3"], ["p1", "p0", "p1"])


def test_tables_of_events_one_after_the_other_keep_every_event():
    one = Events.from_rows([("a", "p0", "save", 1.0)])
    other = Events.from_rows([("b", "p1", "save", 2.0), ("a", "p1", "open", None)])
    both = Events.concatenate([one, other])
    assert (both.readers, both.papers, both.kinds) == (["a", "b", "a"], ["p0", "p1", "p1"], ["save", "save", "open"])
    assert both.times[:2].tolist() == [1.0, 2.0]
