"""Cards seen again cost no write, unless they say more or the reader started over."""

from __future__ import annotations

from server.services.known_cards import KnownCards

ID = "2401.00001"


def test_cards_seen_before_need_no_writing_until_the_reader_starts_over() -> None:
    known, card = KnownCards(size=2), {"id": ID, "title": "A title"}
    known.add("reader", 0, [card])
    assert known.new("reader", 0, [card]) == []
    assert known.new("another", 0, [card]) == [card]
    assert known.new("reader", 1, [card]) == [card]
    assert known.new("reader", 0, [{**card, "abstract": "New."}]) == [{**card, "abstract": "New."}]
    known.add("reader", 0, [{"id": "a"}, {"id": "b"}])
    assert known.new("reader", 0, [card]) == [card]
