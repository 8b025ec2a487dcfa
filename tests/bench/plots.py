"""Draws how what was measured grows: rows of one series over their sizes, on logarithmic axes."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.bench.rows import Row

FOLDER = "plots"
mpl.rcParams.update({"svg.hashsalt": "inkling", "svg.fonttype": "none", "font.size": 9})


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write a picture for each series of rows of two sizes or more: `picture: line` names a line of a picture."""
    pictures: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.series and row.ours:
            picture, _, line = row.series.partition(": ")
            pictures[picture][line or "ours"].append(row)
    grown = {
        name: lines for name, lines in pictures.items() if len({r.size for some in lines.values() for r in some}) > 1
    }
    return [draw_picture(name, lines, folder / FOLDER) for name, lines in sorted(grown.items())]


def draw_picture(name: str, lines: dict[str, list[Row]], folder: Path) -> Path:
    """Write one picture: a line of medians for each series, dashed for what it is beside."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for label, some in lines.items():
        by_size = sorted(some, key=lambda row: row.size)
        sizes = [row.size for row in by_size]
        medians = [statistics.median(row.ours) for row in by_size]
        ends = [[m - min(row.ours) for m, row in zip(medians, by_size, strict=True)]]
        ends.append([max(row.ours) - m for m, row in zip(medians, by_size, strict=True)])
        drawn = axes.errorbar(sizes, medians, yerr=ends, marker="o", markersize=4, capsize=2, label=label)
        beside = [(row.size, statistics.median(row.theirs)) for row in by_size if row.theirs]
        if beside:
            name_of_theirs = f"{label}: {by_size[0].beside}"
            axes.plot(*zip(*beside, strict=True), "--", marker=".", color=drawn[0].get_color(), label=name_of_theirs)
    axes.set(xscale="log", yscale="log", title=name, ylabel=next(iter(lines.values()))[0].unit)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=7)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name.lower().replace(' ', '-').replace(',', '')}.svg"
    figure.savefig(file, metadata={"Date": None})
    return file
