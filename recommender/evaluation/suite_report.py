"""One table over all kinds and tasks of a suite: ours beside the best baseline, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recommender.evaluation.baselines import content_baselines
from recommender.evaluation.metrics import compare_paired
from recommender.evaluation.report import OURS, Report
from recommender.evaluation.suite import Measured

METRICS = {
    "warm": ("ndcg@20",),
    "cold": ("recall@20", "ndcg@20"),
    "mixed": ("ndcg@20", "warm ndcg@20", "cold ndcg@20"),
    "new": ("recall@20",),
    "alone": ("recall@20",),
    "time": ("ndcg@20",),
}
MIN_READERS = 20  # for an interval to say anything: the bootstrap of one reader has no width at all
TEXT = tuple(method.name for method in content_baselines())
HEAD = (
    *("kind", "task", "figure", "readers", "Inkling", "best baseline", "its figure", "ratio", "95% of the difference"),
    *("/ ALS", "/ EASE", "/ best text"),
)


@dataclass(frozen=True)
class Comparison:
    """Ours against one baseline on the readers both ranked for; `low` to `high` is the 95% of the paired difference."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float
    readers: int

    @property
    def is_ahead(self) -> bool:
        """Whether the baseline is ahead of ours beyond noise."""
        return self.high < 0 and self.readers >= MIN_READERS


@dataclass(frozen=True)
class Row:
    """One metric of one split of a kind, against every baseline by name."""

    kind: str
    split: str
    metric: str
    ours: float
    readers: int
    against: dict[str, Comparison]

    @property
    def best(self) -> str:
        """The baseline that is nearest to ours or furthest ahead."""
        return min(self.against, key=lambda method: self.against[method].ratio)

    def ratio_to(self, *methods: str) -> float | None:
        """Return the least ratio of ours to some baselines, None where none of them ranked."""
        return min((self.against[one].ratio for one in methods if one in self.against), default=None)


def compare_all(measured: Measured) -> list[Row]:
    """Return a row for each split and metric of a task that was measured."""
    report = measured.report
    if report is None:
        return []
    return [
        _compare(measured.kind, report, split, metric)
        for split in report.splits
        for metric in METRICS[report.task]
        if np.isfinite(report.splits[split][OURS].pool(metric)).any()
    ]


def _compare(kind: str, report: Report, split: str, metric: str) -> Row:
    methods = report.splits[split]
    ours = methods[OURS].by_reader[metric]
    against = {name: _pair(ours, one.by_reader[metric]) for name, one in methods.items() if name != OURS}
    readers = sum(int(np.isfinite(values).sum()) for values in ours)
    kept = {name: one for name, one in against.items() if one is not None}
    return Row(kind, split, metric, methods[OURS].mean(metric), readers, kept)


def _pair(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Comparison | None:
    """Compare on the readers that both have a figure for, None without any; a slow method ranks for the first alone."""
    mine = np.concatenate([one[: len(other)] for one, other in zip(ours, theirs, strict=True)])
    yours = np.concatenate(theirs)
    both = np.isfinite(mine) & np.isfinite(yours)
    if not both.any():
        return None
    found = compare_paired(mine[both], yours[both])
    means = float(mine[both].mean()), float(yours[both].mean())
    return Comparison(*means, found["ratio"], found["low"], found["high"], int(both.sum()))


@dataclass
class SuiteReport:
    """The rows so far, what could not be measured, and what else each task's run found."""

    seeds: list[int]
    rows: list[Row] = field(default_factory=list)
    missing: list[Measured] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, measured: Measured) -> list[Row]:
        """Add a task of a kind; returns its rows."""
        rows = compare_all(measured)
        self.rows += rows
        if measured.report is None:
            self.missing.append(measured)
        else:
            found = {"facts": measured.report.facts, "grids": measured.report.grids}
            self.runs[f"{measured.kind} {measured.task}"] = found
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        rows = [_as_json(row) for row in self.rows]
        missing = [{"kind": one.kind, "task": one.task, "reason": one.reason} for one in self.missing]
        ahead = [
            {"kind": row.kind, "split": row.split, "metric": row.metric, "method": name} for row, name in self._ahead()
        ]
        return {"seeds": self.seeds, "rows": rows, "ahead": ahead, "missing": missing, "runs": self.runs}

    def as_markdown(self) -> str:
        """Return the table, and in words where a baseline is ahead and what could not be measured."""
        return "\n".join([*self._format_table(), "", *self._format_ahead(), "", *self._format_missing()]).rstrip()

    def _format_table(self) -> Iterator[str]:
        yield f"Seeds {', '.join(map(str, self.seeds))}; everything ranked; `*`: on the first readers alone."
        yield ""
        yield f"| {' | '.join(HEAD)} |"
        yield f"|{' --- |' * len(HEAD)}"
        for row in self.rows:
            yield f"| {' | '.join(_format_cells(row))} |"

    def _ahead(self) -> Iterable[tuple[Row, str]]:
        return [(row, name) for row in self.rows for name, one in row.against.items() if one.is_ahead]

    def _format_ahead(self) -> Iterator[str]:
        ahead = self._ahead()
        if not ahead:
            yield "No baseline is ahead beyond noise."
            return
        yield f"Ahead of Inkling beyond noise (95% of the paired difference below zero, {MIN_READERS} readers or more):"
        yield ""
        for row, name in ahead:
            one = row.against[name]
            yield (
                f"- {row.kind}, {row.split}, {row.metric}: **{name}** {one.theirs:.4f}, Inkling {one.ours:.4f}"
                f" (ratio {one.ratio:.3f}, difference {one.low:+.4f} to {one.high:+.4f})"
            )

    def _format_missing(self) -> Iterator[str]:
        kinds: dict[tuple[str, str], list[str]] = {}
        for one in self.missing:
            kinds.setdefault((one.task, one.reason), []).append(one.kind)
        for (task, reason), names in kinds.items():
            yield f"Not measured: {task} on {', '.join(names)}: {reason}."


def _as_json(row: Row) -> dict[str, Any]:
    """Return a row as JSON values: the ratio to a baseline that found nothing is null, since JSON has no infinity."""
    found = asdict(row) | {"best": row.best if row.against else None}
    for one in found["against"].values():
        one["ratio"] = one["ratio"] if np.isfinite(one["ratio"]) else None
    return found


def _format_cells(row: Row) -> Iterator[str]:
    yield from (row.kind, row.split, row.metric, str(row.readers), f"{row.ours:.4f}")
    if not row.against:
        yield from [""] * (len(HEAD) - 5)
        return
    best = row.against[row.best]
    yield row.best + ("*" if best.readers < row.readers else "")
    yield from (f"{best.theirs:.4f}", _format_ratio(best.ratio), f"{best.low:+.4f} to {best.high:+.4f}")
    yield from (_format_ratio(row.ratio_to(*methods)) for methods in (("ALS",), ("EASE",), TEXT))


def _format_ratio(ratio: float | None) -> str:
    return "" if ratio is None or not np.isfinite(ratio) else f"{ratio:.2f}"
