"""Bars: their widths, and the words beside them."""

from __future__ import annotations

import pytest

from server.pages import pictures
from server.services.composition import Activity, Month, Part


def test_the_longest_part_has_the_whole_width() -> None:
    bars = pictures.parts([Part("paper", "", 0.5), Part("author", "Ada", 0.25), Part("interest", "", 0.001)])
    assert [(bar.label, bar.total, bar.pieces[0].width) for bar in bars] == [
        ("Close to what you saved or opened", "50 %", 100.0),
        ("Author: Ada", "25 %", 50.0),
        ("A topic that you named", "0 %", 0.2),
    ]
    assert pictures.parts([]) == []


def test_a_name_may_hold_what_a_format_means_something_by() -> None:
    assert pictures.parts([Part("interest", "100 %(name)s %s", 1.0)])[0].label == "Topic: 100 %(name)s %s"


@pytest.mark.parametrize("categories", [("cs.LG", None), ("cs.LG", "cs.AI")])
def test_pieces_of_a_month_stand_side_by_side(categories: tuple[str | None, ...]) -> None:
    months = (Month("2026-09", (0, 0)), Month("2026-10", (1, 3)), Month("2026-11", (0, 2)))
    chart = pictures.activity(Activity(categories, months))
    assert chart
    assert [(bar.label, bar.total, bar.numbers) for bar in chart.bars] == [
        ("Nov 2026", "2", (0, 2)),
        ("Oct 2026", "4", (1, 3)),
    ]
    last = pictures.UNKNOWN if categories[1] is None else 1
    assert [(one.start, one.width, one.colour) for one in chart.bars[1].pieces] == [(0.0, 25.0, 0), (25.0, 75.0, last)]
    assert [one.start for one in chart.bars[0].pieces] == [0.0]


def test_without_anything_there_is_no_picture() -> None:
    assert pictures.activity(Activity((), (Month("2026-11", ()),))) is None
