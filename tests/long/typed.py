"""What a typed sentence is worth to a reader without history: `python -m tests.long.typed PAPERS INTERACTIONS`.

New readers, as `--task new` takes them out of training, whose first ten papers nobody is told of: they type the most
characteristic words of these, and what they do not want is what another reader types who shares a word. Their other
papers are to be found. [--seed 0] [--readers 400]; with [--alone] the server knows no reader at all.
Axes: R readers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender import Catalogue, Config, Events, Model, Papers, train
from recommender.bootstrap import bootstrap_interval
from recommender.data.files import read_events, read_papers
from recommender.evaluation.interaction_log import InteractionLog
from recommender.evaluation.metrics import ndcg, recall
from recommender.evaluation.splits import Split, papers_of

TOLD, COMPARED = 4, 6  # words of a reader that are typed, and that are compared with another's
DEPTH = 20
WANTS = (
    "papers on {}",
    "I am interested in {}",
    "I like work about {}",
    "anything on {}, please",
    "I would like to read more papers about {}",
    "show me recent articles on {}",
    "{}",
)
REFUSES = ("{} but not {}", "{}, except {}", "{}; no {}", "{}. I don't want papers on {}", "{}, but no papers about {}")
Typed = tuple[list[str], list[str]]  # interests and muted texts


@dataclass(frozen=True)
class Reader:
    """A reader's typed words, those of another who shares some, and the papers: withheld, to find, the other's."""

    words: list[str]
    unwanted: list[str]
    withheld: list[str]
    targets: set[str]
    others: set[str]


def make_readers(split: Split, model: Model, papers: Papers, seed: int) -> Iterator[Reader]:
    """Yield the split's readers; the other one has no paper in common with them and the most words."""
    random = np.random.default_rng(seed)
    words = [_choose_words(papers_of(split.history, row), model) for row in range(len(split.readers))]
    every = [set(papers_of(split.history, row)) | set(papers_of(split.test, row)) for row in range(len(words))]
    for row, own in enumerate(words):
        compared = set(own[:COMPARED])
        apart = [one for one in random.permutation(len(words)) if one != row and not every[one] & every[row]]
        other = max(apart, key=lambda one: len(compared & set(words[one][:COMPARED])), default=None)
        if other is None or not own:
            continue
        shared = [word for word in words[other][:COMPARED] if word in compared]
        rest = [word for word in words[other] if word not in compared]
        yield Reader(
            own[:TOLD],
            shared[:1] + rest[:2],
            [papers.ids[paper] for paper in papers_of(split.history, row)],
            {papers.ids[paper] for paper in papers_of(split.test, row)},
            {papers.ids[paper] for paper in every[other]},
        )


def _choose_words(rows: np.ndarray, model: Model) -> list[str]:
    weight = np.asarray(model.words[rows].sum(axis=0)).ravel()
    best = np.argsort(-weight, kind="stable")[: 2 * TOLD]
    return [model.vocabulary.words[column] for column in best if weight[column] > 0]


def list_words(words: list[str]) -> str:
    """Return "a, b and c"."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _want(reader: Reader, number: int) -> str:
    return WANTS[number % len(WANTS)].format(list_words(reader.words))


def _refuse(reader: Reader, number: int) -> str:
    return REFUSES[number % len(REFUSES)].format(_want(reader, number), list_words(reader.unwanted))


def _as_words(text: str) -> str:
    """Return a sentence in quotation marks, in which nothing is read: all of its words count."""
    return f"“{text}”"


TELLINGS: dict[str, Callable[[Reader, int], Typed]] = {
    "words, one interest": lambda reader, _: ([" ".join(reader.words)], []),
    "words, an interest each": lambda reader, _: (reader.words, []),
    "sentence as plain words": lambda reader, number: ([_as_words(_want(reader, number))], []),
    "sentence": lambda reader, number: ([_want(reader, number)], []),
    "words, and muted words": lambda reader, _: ([" ".join(reader.words)], [" ".join(reader.unwanted)]),
    "sentence with “but not” as plain words": lambda reader, number: ([_as_words(_refuse(reader, number))], []),
    "sentence with “but not”": lambda reader, number: ([_refuse(reader, number)], []),
}


def measure(catalogue: Catalogue, readers: list[Reader], tell: Callable[[Reader, int], Typed]) -> np.ndarray:
    """Return recall, NDCG and the other reader's share of the first 20, float64 (R, 3)."""
    figures = []
    for number, reader in enumerate(readers):
        interests, muted = tell(reader, number)
        ids = catalogue.rank(
            Events.empty(),
            candidates=None,
            k=DEPTH,
            now=0.0,
            interests=interests,
            muted=muted,
            exclude=reader.withheld,
        ).ids
        others = len(reader.others & set(ids)) / DEPTH
        figures.append([recall(ids, reader.targets, DEPTH), ndcg(ids, reader.targets), others])
    return np.array(figures).reshape(-1, 3)


def report(catalogue: Catalogue, readers: list[Reader]) -> Iterator[str]:
    """Yield the lines of a table, each way of telling with its difference to the first."""
    yield f"| told by, {len(readers)} readers | Recall@20 | NDCG@20 | others' | differences to the first |"
    yield "| --- | --- | --- | --- | --- |"
    first = None
    for name, tell in TELLINGS.items():
        figures = measure(catalogue, readers, tell)
        first = figures if first is None else first
        means = " | ".join(f"{mean:.4f}" for mean in figures.mean(axis=0))
        intervals = (bootstrap_interval(column) for column in (figures - first).T)
        yield f"| {name} | {means} | {', '.join(f'{low:+.4f} to {high:+.4f}' for low, high in intervals)} |"


def main() -> None:
    """Read the arguments, train and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", type=Path)
    parser.add_argument("interactions", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", type=int, default=400)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    papers, config = read_papers(asked.papers), Config().relevance_only()
    log = InteractionLog.of(papers, read_events(asked.interactions), config)
    split = dict(log.split("new", asked.seed))["new k=10"]
    known = Events.empty() if asked.alone else log.select_events(split.train)
    model = train(papers, known, config, seed=asked.seed, now=0.0)
    readers = list(make_readers(split, model, papers, asked.seed))[: asked.readers]
    for line in report(Catalogue(model, config=config), readers):
        print(line, flush=True)


if __name__ == "__main__":
    main()
