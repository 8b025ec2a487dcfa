"""Reasons in words."""

from __future__ import annotations

from typing import Any

import pytest

from server import reasons as in_words
from server.translations import translations

ENGLISH = translations("en").gettext
STATES: dict[str, Any] = {"a": {"saved": True, "opened_at": 1.0}, "b": {"saved": False, "opened_at": 1.0}}


def reason(kind: str, share: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "share": share, **more}


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ([reason("paper", paper="a", title="X", words=["kv", "cache"])], "Close to “X”, which you saved: kv, cache"),
        ([reason("paper", paper="b", title="X")], "Close to “X”, which you opened"),
        ([reason("paper", paper="c", title="X")], "Close to “X”"),
        ([reason("paper", paper="b", title="Y"), reason("paper", 2.0, paper="c", title="X")], "Close to “X”"),
        ([reason("interest", words=["robots"]), reason("fresh", 9.0)], "On a topic you named: robots"),
        ([reason("words", words=["a", "b", "c", "d"])], "Shares your words: a, b, c"),
        ([reason("fresh", 1.0), reason("popular", 2.0), reason("explore", -3.0)], "Popular now"),
        ([reason("readers")], "Read by others who read what you read"),
        ([reason("author", words=["A. B."]), reason("fresh", 5.0)], "By an author you follow: A. B."),
        ([reason("paper", -1.0, paper="a", title="X")], ""),
        ([reason("something-new")], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_the_reason_in_one_line(reasons: list[dict[str, Any]], told: str) -> None:
    assert in_words.summary(reasons, STATES, ENGLISH) == told


def test_a_long_title_is_cut() -> None:
    assert len(in_words.summary([reason("paper", paper="c", title="word " * 100)], STATES, ENGLISH)) < 80


def test_all_reasons_are_told_with_their_shares() -> None:
    shares = [reason("fresh", 1.0), reason("popular", -3.0), reason("readers", 0.0), reason("new-kind", 0.1)]
    told = in_words.whole(shares, {}, ENGLISH)
    assert told == [("Popular now", -73), ("New", 24)]
    assert in_words.whole([], {}, ENGLISH) == []


def test_a_reason_is_told_in_the_language_that_is_handed_in() -> None:
    assert in_words.summary([reason("fresh")], {}, translations("de").gettext) == "Neu"
