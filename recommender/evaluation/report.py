"""What an evaluation found: figures per reader, their intervals and paired differences, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommender.bootstrap import bootstrap_interval
from recommender.evaluation.metrics import paired

OURS = "Inkling"
OF_A_LIST = ("coverage",)  # one figure a seed, not one a reader


@dataclass
class Figures:
    """One method's figures on one split: `by_reader` metric -> one array a seed, of readers in the split's order."""

    by_reader: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, figures: dict[str, np.ndarray]) -> None:
        """Take in one more seed."""
        for metric, values in figures.items():
            self.by_reader.setdefault(metric, []).append(values)

    def mean(self, metric: str) -> float:
        """Return the mean of the seeds' means."""
        return float(np.mean([np.nanmean(values) for values in self.by_reader[metric]]))

    def pooled(self, metric: str) -> np.ndarray:
        """Return all seeds' readers together, (R,)."""
        return np.concatenate(self.by_reader[metric])

    def as_dict(self) -> dict[str, Any]:
        """Return means, 95% intervals and each seed's mean."""
        found = {}
        for metric, seeds in self.by_reader.items():
            values = self.pooled(metric)
            low, high = bootstrap_interval(values[~np.isnan(values)])
            by_seed = [float(np.nanmean(one)) for one in seeds]
            found[metric] = {"mean": self.mean(metric), "low": low, "high": high, "by_seed": by_seed}
        return found


@dataclass
class Report:
    """`splits` maps a split's name (`new k=3`) to methods' figures; `from_text` names those that use text alone."""

    task: str
    seeds: list[int]
    splits: dict[str, dict[str, Figures]] = field(default_factory=dict)
    from_text: set[str] = field(default_factory=set)
    grid: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, split: str, method: str, figures: dict[str, np.ndarray]) -> None:
        """Take in one method's figures on one seed of a split."""
        self.splits.setdefault(split, {}).setdefault(method, Figures()).add(figures)

    def against(self, split: str, method: str) -> dict[str, Any]:
        """Return how ours differs from a method, over the readers both ranked for."""
        ours, theirs = self.splits[split][OURS], self.splits[split][method]
        return {
            metric: _paired(ours.by_reader[metric], seeds)
            for metric, seeds in theirs.by_reader.items()
            if metric not in OF_A_LIST
        }

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        splits = {
            split: {
                "methods": {method: figures.as_dict() for method, figures in methods.items()},
                "ours_against": {method: self.against(split, method) for method in methods if method != OURS},
            }
            for split, methods in self.splits.items()
        }
        return {"task": self.task, "seeds": self.seeds, "splits": splits, "als_grid": self.grid, "facts": self.facts}

    def table(self) -> str:
        """Return Markdown: a table a split, with ours over each method, and the grid ALS was chosen from."""
        lines = [f"Task {self.task}, seeds {', '.join(map(str, self.seeds))}; [95% bootstrap interval over readers]"]
        for split, methods in self.splits.items():
            lines += ["", f"### {split}", "", *self._rows(split, methods)]
        if self.grid:
            lines += [
                "",
                "ALS grid, on a validation split inside the first seed's training readers:",
                "",
                *_grid(self.grid),
            ]
        lines += ["", *(f"{name}: {value}" for name, value in self.facts.items())]
        return "\n".join(lines)

    def _rows(self, split: str, methods: dict[str, Figures]) -> Iterable[str]:
        metrics = list(methods[OURS].by_reader)
        yield f"| method | {' | '.join(metrics)} | ours / it: recall@20 | ours / it: ndcg@20 |"
        yield f"|{' --- |' * (len(metrics) + 3)}"
        for method, figures in methods.items():
            cells = [_cell(figures, metric) for metric in metrics]
            ratios = (
                ["", ""]
                if method == OURS
                else [_ratio(self.against(split, method)[m]) for m in ("recall@20", "ndcg@20")]
            )
            yield f"| {method} | {' | '.join(cells)} | {' | '.join(ratios)} |"


def _paired(ours: list[np.ndarray], theirs: list[np.ndarray]) -> dict[str, Any]:
    """Pair the seeds' readers; a method that ranked for the first readers only is compared on those."""
    mine = np.concatenate([one[: len(other)] for one, other in zip(ours, theirs, strict=True)])
    yours = np.concatenate(theirs)
    both = ~np.isnan(mine) & ~np.isnan(yours)
    return paired(mine[both], yours[both])


def _cell(figures: Figures, metric: str) -> str:
    values = figures.pooled(metric)
    if metric in OF_A_LIST:
        return f"{figures.mean(metric):.3f}"
    low, high = bootstrap_interval(values[~np.isnan(values)], draws=500)
    return f"{figures.mean(metric):.4f} [{low:.4f}, {high:.4f}]"


def _ratio(difference: dict[str, Any]) -> str:
    return f"{difference['ratio']:.3f} ({difference['low']:+.4f} to {difference['high']:+.4f})"


def _grid(grid: list[dict[str, Any]]) -> Iterable[str]:
    yield "| setting | figure | chosen |"
    yield "| --- | --- | --- |"
    for row in grid:
        yield f"| {row['name']} | {row['figure']:.4f} | {'yes' if row['chosen'] else ''} |"
