"""Writes what a run with a million papers measured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.results import machine
from tests.long.machine import revision

REPORT = Path(__file__).parent / "reports" / "million.md"
COSTS = {"minutes": 1, "cpu_minutes": 1, "peak_gib": 2, "disk_gib": 2}
WHENS = ("first", "again", "after_an_event")
NAMES = {
    "ingest": "taken in: papers with their full text",
    "log": "readers and events stored",
    "first": "a first training, blend known",
    "train": "`inkling train`, the blend learned",
    "retrain": "a training again, the blend known",
    "serve": "served with two workers",
    "search": "searched",
}


def write(measured: dict[str, Any], papers: int, kind: str, *, official: bool) -> None:
    """Print the report, and write it where it is one of a million papers."""
    lines = [
        *head(measured, papers, kind),
        *costs(measured),
        *served(measured),
        *by_history(measured),
        *search_costs(measured),
        *searched(measured),
    ]
    text = "\n".join([*lines, ""])
    print(text)
    if official:
        REPORT.write_text(text)


def head(measured: dict[str, Any], papers: int, kind: str) -> Iterator[str]:
    log = measured.get("log", {})
    yield f"# {papers:,} papers\n"
    yield f"Written by `python -m tests.long.million` on {datetime.now(UTC).date()} at {revision()}."
    yield f"{machine()} Load at the end {os.getloadavg()[0]:.1f}.\n"
    yield f"A generated catalogue (`{kind}` topics, `tests/bench/world.py`), {log.get('events', 0):,} events of"
    yield f"{log.get('readers', 0):,} readers, on SQLite. Each step ran in a process of its own.\n"


def costs(measured: dict[str, Any]) -> Iterator[str]:
    yield "| step | minutes | of the processor | peak memory, GiB | disk, GiB | |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for step, name in NAMES.items():
        found = measured.get(step)
        if found is None:
            yield f"| {name} | | | | | not run |"
            continue
        cost = found.get("cost", {})
        numbers = " | ".join(f"{cost[name]:.{digits}f}" if cost else "" for name, digits in COSTS.items())
        yield f"| {name} | {numbers} | {found.get('failed') or remark(step, found)} |"
    yield ""


def remark(step: str, found: dict[str, Any]) -> str:
    if step == "ingest":
        return f"{found['rates'][0]:,} papers a second in the first tenth, {found['rates'][-1]:,} in the last"
    if step not in ("first", "train", "retrain"):
        return str(found.get("note", ""))
    verdict = f"{'serves' if found['serves'] else 'held back'}: {found['note']}"
    return verdict if step == "train" else f"{beside_implicit(found)}; {verdict}"


def beside_implicit(found: dict[str, Any]) -> str:
    """Return how a retrain's time and memory stand beside `implicit`'s, and beside the matrix and the factors."""
    seconds, theirs = found["seconds"], found["implicit_seconds"]
    rows, columns, cells = found["shape"]
    held = (found["matrix_bytes"] + found["factor_bytes"]) / 2**30
    times = (
        f"{seconds:.0f} s from SQL to published, `implicit` {theirs:.0f} s on the same matrix: {seconds / theirs:.2f} ×"
    )
    if "cpu_seconds" in found:
        times += f"; of the processor {found['cpu_seconds']:.0f} and {found['implicit_cpu_seconds']:.0f} s"
    size = f"{rows:,} × {columns:,}, {cells:,} cells, {found['iterations']} iterations of {found['factors']} factors"
    peak = (found["peak_bytes"] - found["start_bytes"]) / 2**30
    return f"{times} ({size}); peak {peak:.1f} GiB beside {held:.1f} of matrix and factors"


def served(measured: dict[str, Any]) -> Iterator[str]:
    found = measured.get("serve", {})
    if "rank_ms" not in found:
        return
    yield "| served | |"
    yield "| --- | --- |"
    yield f"| start until the first list, s | {found['ready_seconds']:.1f} (that list {found['first_ms']:.0f} ms) |"
    for path in ("rank", "recommendations", "similar"):
        took = found[f"{path}_ms"]
        yield f"| `{path}`, ms: median, most | {took['median']:.0f}, {took['most']:.0f} |"
    for at, when in (("memory", "each worker, MB"), ("memory_after", "the same after a swap")):
        cells = [f"{one['pss']:.0f} ({one['anonymous']:.0f} anonymous, {one['rss']:.0f} resident)" for one in found[at]]
        yield f"| proportional memory of {when} | {'; '.join(cells)} |"
    yield f"| processor while nobody asks, share of a core | {found['idle_cpu']:.3f} |"
    topics = found["on_topic"]
    yield f"| of 50 recommended, in the reader's three topics | {topics['recommended']:.2f} |"
    yield f"| of the papers like a paper, in its topic | {topics['similar']:.2f} |"
    for what, values in found["swap"].items():
        beside = f" (before it {values[1]:.0f})" if len(values) > 1 else ""
        yield f"| {what} | {values[0]:.2f}{beside} |"
    yield ""


def by_history(measured: dict[str, Any]) -> Iterator[str]:
    found = measured.get("serve", {}).get("histories")
    if not found:
        return
    yield "Milliseconds of all processes' time an answer, by the papers that the reader has saved:\n"
    yield "| papers | `rank`: first | again | after an event | `recommendations`: first | again | after an event |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for count, one in found.items():
        cells = [one[f"{path}_{when}_ms"] for path in ("rank", "recommendations") for when in WHENS]
        yield f"| {int(count):,} | {' | '.join(f'{cell:.0f}' for cell in cells)} |"
    yield ""


def search_costs(measured: dict[str, Any]) -> Iterator[str]:
    found = measured.get("search", {}).get("costs")
    if not found:
        return
    yield "A page of 20 results in one process, milliseconds of its time, median of some queries:\n"
    yield "| query | a page | of it by meaning | FTS5 alone, any of the words | ratio |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for kind, one in found.items():
        ratio = f"{one['ours'] / one['alone']:.2f}" if one["alone"] else ""
        yield f"| {kind} | {one['ours']:.1f} | {one['meant']:.1f} | {one['alone']:.1f} | {ratio} |"
    yield ""


def searched(measured: dict[str, Any]) -> Iterator[str]:
    kinds = measured.get("search", {}).get("kinds")
    if not kinds:
        return
    yield "| asked for by | ms, median | most | found first | among 20 |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for kind, one in kinds.items():
        yield f"| {kind} | {one['median']:.0f} | {one['most']:.0f} | {one['first']:.2f} | {one['in_20']:.2f} |"
