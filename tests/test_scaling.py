"""What `deploy/SCALING.md` says follows from the figures it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bench.bench import PARTS
from tests.bench.scaling import DOCUMENT, STEPS, figures, reckon, table

TEXT = DOCUMENT.read_text()
REPORTS = Path(__file__).parent / "long/reports"


def test_the_table_is_the_one_that_its_figures_give() -> None:
    assert table(figures(TEXT)) in TEXT


def test_each_figure_is_from_a_part_or_a_report_that_exists() -> None:
    rows = re.findall(r"^\| `\w+` \|.*\|.*\|.*\| (.+) \| (?:yes|no) \|$", TEXT, re.MULTILINE)
    assert len(rows) > 10
    for row in rows:
        parts, reports = re.findall(r"part `(\w+)`", row), re.findall(r"`(\w+\.md)`", row)
        assert parts or reports or row.startswith("reckoned")
        assert set(parts) <= PARTS.keys()
        assert all((REPORTS / report).exists() for report in reports)


def test_every_figure_and_assumption_is_used_and_told() -> None:
    class Noted(dict[str, float]):
        def __getitem__(self, name: str) -> float:
            used.add(name)
            return super().__getitem__(name)

    used: set[str] = set()
    known = figures(TEXT)
    reckon(*STEPS["a group"], Noted(known))
    assert used == known.keys()


@pytest.mark.parametrize("name", ["scan_ms", "event_kb", "sweep_ms", "worker_mb", "peak"])
def test_a_figure_that_changes_changes_the_table(name: str) -> None:
    known = figures(TEXT)
    assert table({**known, name: 2 * known[name]}) != table(known)
