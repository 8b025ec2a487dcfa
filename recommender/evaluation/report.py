"""What an evaluation found: figures by reader, their intervals and paired differences, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from recommender.bootstrap import bootstrap_interval
from recommender.evaluation.metrics import compare_paired

OURS = "Inkling"
PER_SEED = ("coverage",)  # metrics with one figure for each seed, not for each reader


@dataclass
class Figures:
    """One method's figures on one split.

    `by_reader` maps a metric to one array for each seed, float64 (R,), of readers in the split's order; nan where a
    reader has no such target.
    """

    by_reader: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, figures: dict[str, np.ndarray]) -> None:
        """Add the figures of one more seed."""
        for metric, values in figures.items():
            self.by_reader.setdefault(metric, []).append(values)

    def mean(self, metric: str) -> float:
        """Return the mean of the seeds' means."""
        return float(np.mean([np.nanmean(values) for values in self.by_reader[metric]]))

    def pool(self, metric: str) -> np.ndarray:
        """Return the figures of all seeds' readers, float64 (readers,)."""
        return np.concatenate(self.by_reader[metric])

    def as_dict(self) -> dict[str, Any]:
        """Return means, 95% bootstrap intervals and each seed's mean, by metric."""
        by_metric = {}
        for metric, seeds in self.by_reader.items():
            values = self.pool(metric)
            low, high = bootstrap_interval(values[~np.isnan(values)])
            by_seed = [float(np.nanmean(one)) for one in seeds]
            by_metric[metric] = {"mean": self.mean(metric), "low": low, "high": high, "by_seed": by_seed}
        return by_metric


@dataclass
class Report:
    """Figures of all methods: `splits` maps a split's name ("new k=3") to figures by method.

    `grids` maps a method to the settings it was chosen from, `facts` holds what else the run measured.
    """

    task: str
    seeds: list[int]
    splits: dict[str, dict[str, Figures]] = field(default_factory=dict)
    grids: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, split: str, method: str, figures: dict[str, np.ndarray]) -> None:
        """Add one method's figures on one seed of a split."""
        self.splits.setdefault(split, {}).setdefault(method, Figures()).add(figures)

    def compare(self, split: str, method: str) -> dict[str, Any]:
        """Compare ours with a method on the readers both ranked for, by metric."""
        ours, theirs = self.splits[split][OURS], self.splits[split][method]
        return {
            metric: _compare_readers(ours.by_reader[metric], seeds)
            for metric, seeds in theirs.by_reader.items()
            if metric not in PER_SEED
        }

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        splits = {
            split: {
                "methods": {method: figures.as_dict() for method, figures in methods.items()},
                "ours_against": {method: self.compare(split, method) for method in methods if method != OURS},
            }
            for split, methods in self.splits.items()
        }
        return {
            "task": self.task,
            "seeds": self.seeds,
            "splits": splits,
            "grids": self.grids,
            "facts": self.facts,
        }

    def as_markdown(self) -> str:
        """Return Markdown: a table for each split, with the ratio of ours to each method, and what was chosen."""
        lines = [f"Task {self.task}, seeds {', '.join(map(str, self.seeds))}; [95% bootstrap interval over readers]"]
        for split, methods in self.splits.items():
            lines += ["", f"### {split}", "", *self._format_split(split, methods)]
        if self.grids:
            lines += ["", "Chosen by NDCG@20 on a validation split inside the first seed's training readers:", ""]
            lines += _format_grids(self.grids)
        lines += ["", *(f"{name}: {value}" for name, value in self.facts.items())]
        return "\n".join(lines)

    def _format_split(self, split: str, methods: dict[str, Figures]) -> Iterable[str]:
        metrics = list(methods[OURS].by_reader)
        yield f"| method | {' | '.join(metrics)} | ours / it: recall@20 | ours / it: ndcg@20 |"
        yield f"|{' --- |' * (len(metrics) + 3)}"
        for method, figures in methods.items():
            cells = [_format_cell(figures, metric) for metric in metrics]
            ratios = (
                ["", ""]
                if method == OURS
                else [_format_ratio(self.compare(split, method)[m]) for m in ("recall@20", "ndcg@20")]
            )
            yield f"| {method} | {' | '.join(cells)} | {' | '.join(ratios)} |"


def _compare_readers(ours: list[np.ndarray], theirs: list[np.ndarray]) -> dict[str, Any]:
    """Compare readers of all seeds; a method that ranked for the first readers only is compared on those."""
    mine = np.concatenate([one[: len(other)] for one, other in zip(ours, theirs, strict=True)])
    yours = np.concatenate(theirs)
    both = ~np.isnan(mine) & ~np.isnan(yours)
    return compare_paired(mine[both], yours[both])


def _format_cell(figures: Figures, metric: str) -> str:
    values = figures.pool(metric)
    if metric in PER_SEED:
        return f"{figures.mean(metric):.3f}"
    low, high = bootstrap_interval(values[~np.isnan(values)], draws=500)
    return f"{figures.mean(metric):.4f} [{low:.4f}, {high:.4f}]"


def _format_ratio(difference: dict[str, Any]) -> str:
    return f"{difference['ratio']:.3f} ({difference['low']:+.4f} to {difference['high']:+.4f})"


def _format_grids(grids: dict[str, list[dict[str, Any]]]) -> Iterable[str]:
    yield "| setting | figure | chosen |"
    yield "| --- | --- | --- |"
    for row in chain.from_iterable(grids.values()):
        yield f"| {row['name']} | {row['figure']:.4f} | {'yes' if row['chosen'] else ''} |"
