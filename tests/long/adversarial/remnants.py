"""What a deletion leaves in a home: `python -m tests.long.adversarial.remnants [SEED...]`, from the clone.

A whole server (`inkling up`, two workers, its Valkey) holds two readers whose papers, notes and page texts were written
in turns, long and short, over and over; one of them leaves, and every byte of every file is searched for what was
theirs. It writes `tests/long/reports/remnants.md`: half a minute a seed.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.long.machine import described, revision
from tests.server.inkling_process import Up, call, pair, until

REPORT = Path(__file__).parents[1] / "reports" / "remnants.md"
ROUNDS, BATCH = 40, 25
TRACES = {"titles and abstracts": "zyxpage", "notes": "zyxnote", "tags": "zyxtag", "ids": "0401."}


def card(paper: str, mark: str, dice: random.Random) -> dict[str, str]:
    """Return a card whose text is of any length."""
    return {"id": paper, "title": f"{mark}page {paper}", "abstract": f"{mark}page " * dice.choice([2, 20, 200, 900])}


def fill(url: str, token: str, mark: str, month: str, dice: random.Random) -> None:
    """Log a batch of opens with their pages' texts, and write a few notes, some of them twice."""
    papers = [f"{month}.{dice.randrange(10**5):05d}" for _ in range(BATCH)]
    at = datetime.now(UTC).isoformat()
    events = [{"id": str(uuid.uuid4()), "kind": "open", "paper": paper, "at": at} for paper in papers]
    body = {"events": events, "papers": [card(paper, mark, dice) for paper in papers]}
    status, answer = call(url, "/v1/events", body, token)
    assert status == 200, answer
    for paper in dice.sample(papers, 4):
        for length in dice.choices([3, 40, 700], k=2):
            words = {"note": f"{mark}note " * length, "tags": [f"{mark}tag"]}
            status, answer = call(url, f"/v1/library/{paper}", words, token, method="PUT")
            assert status == 200, answer


def found(home: Path, traces: dict[str, str]) -> Counter[tuple[str, str]]:
    """Return how often each (kind of trace, file) can be read."""
    counted: Counter[tuple[str, str]] = Counter()
    for path in home.rglob("*"):
        if path.is_file():
            held = path.read_bytes().lower()
            for kind, trace in traces.items():
                if times := held.count(trace.encode()):
                    counted[kind, path.relative_to(home).as_posix()] += times
    return counted


def run(seed: int) -> tuple[int, Counter[tuple[str, str]], Counter[tuple[str, str]], float]:
    """Return the home's bytes, what could be read before and after the deletion, and how long that took."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with Up(home, INKLING_RATE_LIMIT="off", INKLING_WORKERS="2") as up:
            staying = pair(up.url)
            _, code = call(up.url, "/v1/pairing-codes", {"reader": "new"}, staying)
            _, leaving = call(up.url, "/v1/devices", {"name": "zyxdevice", "code": code["code"]})
            for _ in range(ROUNDS):
                fill(up.url, staying, "mine", "0402", dice)
                fill(up.url, leaving["token"], "zyx", "0401", dice)
            traces = {**TRACES, "the device's name": "zyxdevice", "the reader's id": leaving["reader_id"]}
            before = found(home, traces)
            began = time.monotonic()
            status, answer = call(up.url, "/v1/me", None, leaving["token"], method="DELETE")
            took = time.monotonic() - began
            assert status == 204, answer
            until(lambda: not found(home, traces), 5)
            size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
            return size, before, found(home, traces), took


def report(seeds: list[int], load: float) -> str:
    """Run every seed and return what was seen."""
    lines = [
        "# What a deletion leaves",
        "",
        f"`python -m tests.long.adversarial.remnants {' '.join(map(str, seeds))}`,",
        f"{datetime.now(UTC):%Y-%m-%d}, commit {revision()}.",
        "",
        "| seed | MB of the home | traces before | in files | left within 5 s | in files | seconds of the deletion |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for seed in seeds:
        size, before, after, took = run(seed)
        files = [", ".join(sorted({name for _, name in one})) or "–" for one in (before, after)]
        lines.append(
            f"| {seed} | {size / 1e6:.1f} | {before.total()} | {files[0]} | {after.total()} | {files[1]} | {took:.1f} |"
        )
    return "\n".join([*lines, "", described(load).capitalize() + ".", ""])


if __name__ == "__main__":
    load_before = os.getloadavg()[0]
    text = report([int(seed) for seed in sys.argv[1:]] or [1, 2, 3], load_before)
    REPORT.write_text(text, encoding="utf-8")
    print(text)
