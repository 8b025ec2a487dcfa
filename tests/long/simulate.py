"""Write a simulated log: `python -m tests.long.simulate PAPERS OUT [--setting base] [--seed 0] [--most 1200]`.

OUT becomes a folder with `papers.jsonl.gz` and `interactions.tsv.gz`, as `inkling evaluate --task time` reads them.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from recommender import Events, Papers
from recommender.data.files import read_papers, write_lines
from recommender.evaluation.simulate import World, simulate

NOT_QUALITY = "Simulated readers of real papers: for testing how ranking adapts, never a figure of quality."
BASE = World(readers=250)
SETTINGS = {
    "base": BASE,
    "listing by chance": replace(BASE, ordered=0.0),
    "text tells most": replace(BASE, hidden=0.1, quality=0.3),
    "nothing changes": replace(BASE, trend=0.0, drift=0.0),
    "much changes": replace(BASE, trend=1.2, drift=0.1),
    "first places alone": replace(BASE, position_bias=1.2),
    "few readers": replace(BASE, readers=60, visits=1.0),
    # A control: no paper draws more readers than another but by chance, so that errors of places tell nothing.
    "nothing draws everybody": replace(BASE, communities=60, quality=0.0, trend=0.0, ordered=0.0),
}
# Looked at once, when everything was decided: other papers too (hf-papers).
KEPT_ASIDE = World(
    readers=180, communities=8, hidden=0.5, quality=0.6, trend=1.0, drift=0.08, places=20, position_bias=0.4
)


def take_some(papers: Papers, most: int, seed: int) -> Papers:
    """Return at most so many of the papers with text, drawn by chance and in their order."""
    known = [
        row for row, (title, text) in enumerate(zip(papers.titles, papers.abstracts, strict=True)) if title or text
    ]
    drawn = np.random.default_rng([seed, 7]).permutation(known)[:most]
    return papers.take(np.sort(drawn).tolist())


def write_log(papers: Papers, events: Events, folder: Path) -> None:
    """Write papers and events, in order of time; the places of a list are the order of its impressions."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = zip(papers.ids, papers.titles, papers.abstracts, papers.published.tolist(), strict=True)
    names = ("id", "title", "abstract", "published_at")
    lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in texts)
    write_lines(folder / "papers.jsonl.gz", lines)
    rows = zip(events.readers, events.papers, events.kinds, events.times.tolist(), strict=True)
    write_lines(folder / "interactions.tsv.gz", (f"{who}\t{paper}\t{kind}\t{at:.3f}" for who, paper, kind, at in rows))


def main() -> None:
    """Read the arguments, simulate and write."""
    parser = argparse.ArgumentParser(description=NOT_QUALITY)
    parser.add_argument("papers", type=Path, help="JSON lines with id, title and abstract")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--setting", choices=SETTINGS, default="base")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=1200, help="papers, drawn by chance")
    given = parser.parse_args()
    papers, events = simulate(
        take_some(read_papers(given.papers), given.most, given.seed), SETTINGS[given.setting], given.seed
    )
    write_log(papers, events, given.out)
    print(f"{len(papers)} papers and {len(events)} events in {given.out}. {NOT_QUALITY}")


if __name__ == "__main__":
    main()
