"""The demo's thumbnails."""

from __future__ import annotations

from xml.etree import ElementTree

from server.demo.thumbnails import draw_thumbnail


def test_each_paper_has_a_picture_of_its_own():
    ids = [f"9911.{number:05d}" for number in range(1, 41)]
    drawn = [draw_thumbnail(paper_id) for paper_id in ids]
    assert len(set(drawn)) == 40
    assert all(ElementTree.fromstring(one).tag.endswith("svg") for one in drawn)
    assert draw_thumbnail(ids[0]) == drawn[0]
