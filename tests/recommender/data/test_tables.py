import numpy as np

from recommender import Events, Papers


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
