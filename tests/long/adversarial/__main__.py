"""What the red team tried, kept as a script: `python -m tests.long.adversarial [--quick] [--seed N] [KIND...]`.

Each kind has members that differ and some drawn by the seed, tried from outside on a real server in a home of its own.
It writes `tests/long/reports/adversarial.md` from what it saw; about six minutes, `--quick` under a minute.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType

from tests.long.adversarial import deletions, imports, patterns, slow, sources, texts
from tests.long.adversarial.target import Tried
from tests.long.machine import described, revision

REPORT = Path(__file__).parents[1] / "reports" / "adversarial.md"
KINDS: dict[str, ModuleType] = {
    "patterns": patterns,
    "slow": slow,
    "sources": sources,
    "imports": imports,
    "texts": texts,
    "deletions": deletions,
}


def attack(name: str, quick: bool, seed: int, folder: Path) -> list[Tried]:
    """Try all members of a kind; print each as it is done."""
    found = []
    try:
        for one in KINDS[name].members(quick, random.Random(f"{name} {seed}"), folder):
            found.append(one)
            print(f"{name}: {one.name}: {one.broke or 'held'} {one.seen} {one.figure:.1f}", flush=True)
    except Exception as error:  # a kind may end the server in any way, and the others are still to be tried
        found.append(Tried("the rest of the kind", broke=f"{type(error).__name__}: {error}"[:600]))
        traceback.print_exc()
    return found


HEAD = """# Attacks

Written by `{command}` on {date:%Y-%m-%d} at {revision}, in {minutes:.0f} minutes; {machine}.

A real `inkling up` with one worker, its own Valkey and SQLite, in a home of its own for each kind, limits of rate off
(what is tried is what gets past them). Each member differs; those *drawn* or *damaged* come from the seed.

| kind | members | worst figure | | verdict |
| --- | ---: | ---: | --- | --- |
"""


def report(done: dict[str, list[Tried]], command: str, began: float, load: float) -> str:
    """The outcome of all kinds, as Markdown."""
    head = HEAD.format(
        command=command,
        date=datetime.now(UTC),
        revision=revision(),
        minutes=(time.time() - began) / 60,
        machine=described(load),
    )
    return head + "\n".join([*(row(name, found) for name, found in done.items()), "", *details(done)])


def row(name: str, found: list[Tried]) -> str:
    worst = max(found, key=lambda one: one.figure)
    broke = sum(bool(one.broke) for one in found)
    verdict = f"**{broke} broke**" if broke else "held"
    what = f"{KINDS[name].FIGURE}: {worst.name}".replace("|", r"\|")
    return f"| {KINDS[name].KIND} | {len(found)} | {worst.figure:.1f} | {what} | {verdict} |"


def details(done: dict[str, list[Tried]]) -> Iterator[str]:
    for name, found in done.items():
        if seen := [one for one in found if one.seen]:
            yield from [f"## Seen: {KINDS[name].KIND}", "", *(f"- {one.name}: {one.seen}" for one in seen), ""]
    if wrong := [(name, one) for name, found in done.items() for one in found if one.broke]:
        yield from ["## What broke", "", *(f"- {KINDS[name].KIND}, {one.name}: {one.broke}" for name, one in wrong), ""]


def main() -> int:
    """Try the kinds; return how many members broke something."""
    parser = argparse.ArgumentParser(prog="python -m tests.long.adversarial", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--quick", action="store_true", help="a sample of each kind; writes no report")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began, load = time.time(), os.getloadavg()[0]
    kinds = given.kinds or list(KINDS)
    with (
        tempfile.TemporaryDirectory(prefix="inkling-adversarial-", ignore_cleanup_errors=True) as folder,
        ThreadPoolExecutor() as pool,
    ):
        run = partial(attack, quick=given.quick, seed=given.seed, folder=Path(folder))
        # Commands that ask a source wait politely for most of their time: the other kinds go on beside them.
        waiting = {name: pool.submit(run, name) for name in kinds if name == "sources"}
        done = {name: run(name) for name in kinds if name not in waiting}
        done |= {name: one.result() for name, one in waiting.items()}
    command = " ".join(["python -m tests.long.adversarial", *sys.argv[1:]])
    told = report(done, command, began, load)
    if not given.quick and not given.kinds:
        REPORT.write_text(told)
    print(told)
    return min(1, sum(bool(one.broke) for found in done.values() for one in found))


if __name__ == "__main__":
    sys.exit(main())
