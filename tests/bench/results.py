"""Writes what was measured: one Markdown table with ratios, the machine and the versions, and the plots beside it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.plots import draw
from tests.bench.rows import Row

LIBRARIES = ("numpy", "scipy", "scikit-learn", "implicit", "flask", "granian", "sqlalchemy", "psycopg")
COMMANDS = (("psql", "--version"), ("chromium", "--version"))
HEAD = "| what | median (least to most) | beside | median (least to most) | ratio | to reach | |\n|" + " --- |" * 7


@dataclass
class Measured:
    """A part's rows, how long it took, and the machine's load when it began."""

    name: str
    title: str
    load: float
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0


def write(folder: Path, parts: Sequence[Measured], scale: str) -> Path:
    """Write RESULTS.md and the plots into a folder; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = draw([row for part in parts for row in part.rows], folder)
    file = folder / "RESULTS.md"
    file.write_text("\n".join([*head(scale, parts), *body(parts), *gallery(pictures), ""]))
    return file


def head(scale: str, parts: Sequence[Measured]) -> Iterator[str]:
    rows = [row for part in parts for row in part.rows]
    met = [row.met for row in rows if row.met is not None]
    yield "# What was measured\n"
    yield f"Written by `tests/bench/run{'' if scale == 'full' else f' --{scale}'}` on {datetime.now(UTC).date()}"
    yield f"at {revision()}, in {sum(part.seconds for part in parts) / 60:.0f} minutes. {machine()}\n"
    yield "Medians of at least five with the least and the most, the largest sizes once. Each row is beside its peer or"
    yield "its limit, timed in turn in the same run; the ratio is of the medians. A benchmark fails no build: a row"
    yield f"that could not be measured says why. **{sum(met)} of {len(met)} rows reach what they have to.**\n"


def body(parts: Sequence[Measured]) -> Iterator[str]:
    for part in parts:
        yield f"## {part.title}\n"
        yield HEAD
        yield from map(line, part.rows)
        yield f"\n{part.seconds:.0f} s; load of the machine at the start {part.load:.1f}.\n"


def line(row: Row) -> str:
    """Return a row in Markdown."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    verdict = {True: "met", False: "**not met**", None: ""}[row.met]
    cells = (with_note(row), spread(row.ours, row.unit), row.beside, spread(row.theirs, row.unit), ratio)
    return "| " + " | ".join((*cells, reach_of(row), verdict)) + " |"


def with_note(row: Row) -> str:
    return f"{row.what} *({row.note})*" if row.note else row.what


def reach_of(row: Row) -> str:
    if row.reach:
        return row.reach
    bounds = (("at most", row.at_most), ("at least", row.at_least))
    unit = f"{'' if row.theirs else ' ' + row.unit}"
    return ", ".join(f"{word} {bound:g}{'×' if row.theirs else unit}" for word, bound in bounds if bound is not None)


def spread(values: Sequence[float], unit: str) -> str:
    """Return a median with its unit, and with the least and the most where there are several values."""
    if not values:
        return ""
    middle = f"{number(statistics.median(values))} {unit}".strip()
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """Return a number to three digits, whole from a hundred on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def gallery(pictures: Sequence[Path]) -> Iterator[str]:
    if pictures:
        yield "## Growth\n"
        yield from (
            f"![{picture.stem.replace('-', ' ')}]({picture.parent.name}/{picture.name})" for picture in pictures
        )


def machine() -> str:
    """Return the processor, the memory and the versions of what counts."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    versions += [found for command in COMMANDS if (found := version_of(command))]
    cores = f"{os.cpu_count()} × {processor()}, {memory:.0f} GiB, {platform.system()} {platform.release()}"
    return f"Machine: {cores}. {', '.join(versions)}."


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version_of(command: Sequence[str]) -> str:
    """Return the first line of what a program says of its version, "" where there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""


def revision() -> str:
    """Return the commit that was measured; what a run writes itself is no change."""
    found = version_of(("git", "rev-parse", "--short", "HEAD")) or "an unknown commit"
    written = (":!tests/bench/RESULTS.md", ":!tests/bench/plots")
    changed = version_of(("git", "status", "--porcelain", "-uno", "--", ":/", *written))
    return f"{found} with changes" if changed else found
