"""What a number of readers and papers asks for, reckoned from the figures in `deploy/SCALING.md`.

`python -m tests.bench.scaling` prints the document's table again from its figures, once one of them has changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "deploy/SCALING.md"
FIGURE = re.compile(r"^\| `(\w+)` \| ([\d.,]+) \|", re.MULTILINE)
STEPS = {
    "a laptop": (1, 20_000),
    "a group": (50, 100_000),
    "an institute": (1_000, 1_000_000),
    "a university": (50_000, 1_000_000),
    "all of arXiv": (50_000, 2_500_000),
    "a million readers": (1_000_000, 2_500_000),
    "ten million readers": (10_000_000, 2_500_000),
}
DAY, MONTH_HOURS, MILLION = 86_400, 730, 1e6
GIB = 2**20  # in KB
HEAD = (
    "| | readers | papers | requests a second | API, processors | memory of a host, GiB | database, GiB "
    "| events a year, GiB | a training, processor hours | its memory, GiB | USD a month |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


@dataclass(frozen=True)
class Needs:
    """What is asked for at the busiest hour, stored, and trained."""

    requests: float
    processors: float
    host_gib: float
    papers_gib: float
    events_gib: float
    training_hours: float
    training_gib: float
    dollars: float


def figures(text: str) -> dict[str, float]:
    """Return the figures that a document names in ticks at the beginning of a table's line."""
    return {name: float(value.replace(",", "")) for name, value in FIGURE.findall(text)}


def reckon(readers: int, papers: int, f: dict[str, float]) -> Needs:
    """Return what so many readers of so many papers ask for."""
    active, million = readers * f["active_share"], papers / MILLION
    parts = (
        (f["pages"], f["rank_ms"] + f["scan_ms"] * million),
        (f["lists"], f["list_ms"] + f["scan_ms"] * million),
        (f["searches"], f["list_ms"] + f["search_ms"] * million),
        (f["batches"], f["batch_ms"] + f["batch_database_ms"]),
    )
    requests = active * sum(often for often, _ in parts) * f["peak"] / DAY
    busy = active * sum(often * ms for often, ms in parts) / 1e3 * f["peak"] / DAY
    processors = max(f["least_processors"], busy / f["use"])
    host = f["workers"] * f["worker_mb"] / 1024 + papers * f["model_kb"] / GIB
    year = active * f["events"] * 365  # events
    stored, events = papers * f["paper_kb"] / GIB, year * f["event_kb"] / GIB
    a_paper, an_event = f["train_ms"] + f["sweeps"] * f["sweep_ms"], f["event_us"] + f["sweeps"] * f["event_sweep_us"]
    hours = (papers * a_paper / 1e3 + year * an_event / 1e6) / 3_600
    memory = (papers * f["train_kb"] + readers * f["reader_train_kb"] + year * f["event_train_kb"]) / GIB
    dollars = processors * MONTH_HOURS * f["processor_hour"] + host * f["memory_month"]
    dollars += hours * f["trainings"] * f["processor_hour"] + (stored + events) * f["disk_month"]
    return Needs(requests, processors, host, stored, events, hours, memory, dollars)


def table(f: dict[str, float]) -> str:
    """Return the table of the steps."""
    lines = [HEAD]
    for name, (readers, papers) in STEPS.items():
        needs = reckon(readers, papers, f)
        cells = " | ".join(short(value) for value in vars(needs).values())
        lines.append(f"| {name} | {readers:,} | {papers:,} | {cells} |")
    return "\n".join(lines)


def short(value: float) -> str:
    """Return a number with two significant digits, as they are read."""
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


if __name__ == "__main__":
    print(table(figures(DOCUMENT.read_text())))
