"""What an error memory recovers between trainings: `python -m tests.long.adaptation PAPERS OTHER_PAPERS [--seeds 0-2]`.

PAPERS are citeulike-t's, OTHER_PAPERS hf-papers, on which the setting kept aside is simulated. It writes
`tests/long/reports/adaptation.md`, in about 20 s of the processor for each setting and seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from recommender import Config, Papers
from recommender.config import DAY
from recommender.data.files import read_papers
from recommender.evaluation.replay import METHODS, POOLS, Outcome, replay
from recommender.evaluation.simulate import START, World, simulate
from tests.long.machine import revision
from tests.long.simulate import KEPT_ASIDE, NOT_QUALITY, SETTINGS, take_some

REPORT = Path(__file__).parent / "reports" / "adaptation.md"
TRAINED_AFTER = 40  # days; the others are replayed
PAPERS = 1200
NOTHING_TO_RECOVER = "–"
HEAD = """# Between trainings: what an error memory recovers

{note}

Written by `python -m tests.long.adaptation` on {day}, revision {revision}, seeds {seeds}. Each world is simulated by
`recommender/evaluation/simulate.py` ({papers} papers of citeulike-t, the last one all of hf-papers), trained on its
first {days} days and replayed for the others by `recommender/evaluation/replay.py`. NDCG of what readers took: of the
papers of the list they took it from, and NDCG@20 of all papers of the last four days; what readers looked at depends on
the list's order, which no method made. In brackets 95% bootstrap intervals over readers. What a memory recovers is its
gain as a share of the other; where that one is not beyond noise, there is nothing to recover.
"""


def main() -> None:
    """Replay every setting and seed, and write the report."""
    parser = argparse.ArgumentParser(description=NOT_QUALITY)
    parser.add_argument("papers", type=Path)
    parser.add_argument("other_papers", type=Path)
    parser.add_argument("--seeds", default="0-2", help="such as 0-2")
    given = parser.parse_args()
    first, last = given.seeds.split("-")
    seeds = list(range(int(first), int(last) + 1))
    worlds = [(name, world, given.papers) for name, world in SETTINGS.items()]
    worlds.append(("kept aside", KEPT_ASIDE, given.other_papers))
    found = {}
    for name, world, file in tqdm(worlds, "worlds", mininterval=5):
        found[name] = replay_world(read_papers(file), world, seeds)
        write_report(found, seeds)


def replay_world(papers: Papers, world: World, seeds: list[int]) -> Outcome:
    """Simulate and replay one world for each seed, and return all together."""
    together = Outcome()
    for seed in seeds:
        simulated, events = simulate(take_some(papers, PAPERS, seed), world, seed)
        together.extend(replay(simulated, events, since=START + TRAINED_AFTER * DAY, config=Config(), seed=seed))
    return together


def write_report(found: dict[str, Outcome], seeds: list[int]) -> None:
    """Write the report of the worlds replayed so far."""
    facts = {"papers": PAPERS, "days": TRAINED_AFTER, "seeds": f"{seeds[0]}–{seeds[-1]}", "note": NOT_QUALITY}
    head = HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}", revision=revision(), **facts)
    REPORT.write_text(
        "\n".join([head, *(line for pool in POOLS for line in _table(pool, found))]) + "\n", encoding="utf-8"
    )


def _table(pool: str, found: dict[str, Outcome]) -> Iterator[str]:
    yield f"| papers: {pool} | lists | {' | '.join(METHODS)} | memory gains | daily gains | recovered |"
    yield f"|{' --- |' * (len(METHODS) + 5)}"
    for world, outcome in found.items():
        figures = outcome.summarize(pool)
        means = [f"{figures[method][0]:.4f}" for method in METHODS]
        gains = ["{:+.4f} [{:+.4f}, {:+.4f}]".format(*figures[name]) for name in ("memory gains", "daily gains")]
        gained = figures["daily gains"][1] > 0
        share = "{:.2f} [{:.2f}, {:.2f}]".format(*figures["recovered"]) if gained else NOTHING_TO_RECOVER
        yield f"| {world} | {len(outcome.readers[pool])} | {' | '.join([*means, *gains, share])} |"
    yield ""


if __name__ == "__main__":
    main()
