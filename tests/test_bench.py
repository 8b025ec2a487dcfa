"""The benchmarks' own parts, on sizes that take seconds: a suite that is run once in a while must not rot meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.rows import Row, Scale, in_turn, measured


def test_a_ratio_is_of_medians_and_is_held_to_its_bounds() -> None:
    row = Row("a", [1.0, 2.0, 90.0], beside="b", theirs=[1.0, 1.0, 1.0], at_most=2.0)
    assert row.ratio == 2.0
    assert row.met is True
    assert Row("a", [3.0], theirs=[1.0], at_most=2.0).met is False
    assert Row("a", [0.4], theirs=[1.0], at_least=0.5).met is False
    assert Row("a", [0.99], at_least=0.95).met is True, "without anything beside it, the value itself counts"
    assert Row("a", [3.0], theirs=[1.0]).met is None
    assert Row("a", note="not measured", at_most=1.0).met is False


def test_a_part_that_fails_ends_with_a_row_that_says_why() -> None:
    def part(_scale: Scale) -> Iterator[Row]:
        yield Row("first", [1.0])
        raise RuntimeError("no server here")

    first, last = measured("a part", part, Scale("tiny"))
    assert first.ours == [1.0]
    assert (last.what, last.met) == ("a part", None)
    assert "no server here" in last.note


def test_two_works_are_timed_in_turn() -> None:
    calls: list[str] = []
    ours, theirs = in_turn(lambda: calls.append("a"), lambda: calls.append("b"), 3)
    assert (len(ours), len(theirs)) == (3, 3)
    assert calls == ["a", "b"] * 4
