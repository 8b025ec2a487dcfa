"""Kinds of data made from one data set, each a folder that `inkling evaluate --suite` reads.

    python -m tests.long.kinds DATA OUT [--seed 0] [--only dense,few-readers-50]

DATA holds `papers.jsonl[.gz]` and `interactions.tsv[.gz]`; if a folder DATA-tags beside it holds other texts of the
same papers, they make a kind too. A kind says what is different about it and leaves the rest as it was: a line that is
kept is kept byte for byte. The same seed gives the same files, whichever kinds are asked for.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from recommender.data.files import read_papers, write_lines
from recommender.features.tfidf import learn_vocabulary, tokenize_papers

DENSE_READERS, DENSE_PAPERS = 8, 15  # at least so many readers a paper, papers a reader
SPARSE_SHARE = 1 / 3  # of all pairs, drawn at random
FEW_PAPERS = 2000
TITLE_WORDS, FEW_WORDS = 6, 10
TOPICS, TOPIC_SHARE, TOPIC_DIMENSIONS = 10, 0.8, 50

Row = dict[str, Any]


class NotMade(ValueError):
    """This data set does not allow a kind; the message says why."""


@dataclass(frozen=True)
class Data:
    """A data set: `reader` and `paper` int64 (pairs,) are its different pairs, as rows of `readers` and `ids`.

    `lines` are those of the interactions, and `pair_of` int64 (lines,) the pair of each.
    """

    papers: Path
    tags: Path
    ids: list[str]
    readers: list[str]
    lines: list[str]
    pair_of: np.ndarray
    reader: np.ndarray
    paper: np.ndarray

    def all_pairs(self) -> np.ndarray:
        return np.ones(len(self.reader), bool)

    def all_papers(self) -> np.ndarray:
        return np.ones(len(self.ids), bool)

    def papers_of(self, pairs: np.ndarray) -> np.ndarray:
        """Which papers are in some of these pairs, bool (P,)."""
        found = np.zeros(len(self.ids), bool)
        found[self.paper[pairs]] = True
        return found


@dataclass(frozen=True)
class Kind:
    """What stays: bool `pairs` (pairs,) and `papers` (P,); and what becomes of a paper's row, where it does."""

    pairs: np.ndarray
    papers: np.ndarray
    source: Path
    rewrite: Callable[[int, Row], Row] | None = field(default=None)


def read_lines(path: Path) -> Iterator[str]:
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        for line in file:
            yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")


def find_file(folder: Path, name: str) -> Path:
    """The file of this name, gzipped or not; SystemExit says what is missing."""
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise SystemExit(f"{folder} has no {name}.gz or {name}: name a folder that holds papers.jsonl and interactions.tsv")


def read_data(folder: Path) -> Data:
    papers = find_file(folder, "papers.jsonl")
    ids = list(dict.fromkeys(json.loads(line)["id"] for line in read_lines(papers)))
    column = {paper: at for at, paper in enumerate(ids)}
    lines = [line for line in read_lines(find_file(folder, "interactions.tsv")) if line.split("\t")[1] in column]
    fields = [line.split("\t", 2) for line in lines]
    readers = list(dict.fromkeys(row[0] for row in fields))
    number = {reader: at for at, reader in enumerate(readers)}
    keys = np.array([number[row[0]] * len(ids) + column[row[1]] for row in fields], np.int64)
    pairs, pair_of = np.unique(keys, return_inverse=True)
    tags = folder.with_name(f"{folder.name}-tags")
    return Data(papers, tags, ids, readers, lines, pair_of, pairs // len(ids), pairs % len(ids))


def keep_all(data: Data, random: np.random.Generator) -> Kind:
    return Kind(data.all_pairs(), data.all_papers(), data.papers)


def take_tags(data: Data, random: np.random.Generator) -> Kind:
    """Another kind of text over the same pairs."""
    if not data.tags.is_dir():
        raise NotMade(f"there is no folder {data.tags} with tags of these papers")
    return Kind(data.all_pairs(), data.all_papers(), find_file(data.tags, "papers.jsonl"))


def keep_dense(data: Data, random: np.random.Generator) -> Kind:
    """Papers with 8 readers or more and readers with 15 papers or more, until nothing else leaves."""
    pairs = data.all_pairs()
    while True:
        readers = np.bincount(data.paper[pairs], minlength=len(data.ids))
        papers = np.bincount(data.reader[pairs], minlength=len(data.readers))
        kept = pairs & (readers[data.paper] >= DENSE_READERS) & (papers[data.reader] >= DENSE_PAPERS)
        if not kept.any():
            raise NotMade(f"no reader with {DENSE_PAPERS} papers of {DENSE_READERS} readers each")
        if kept.sum() == pairs.sum():
            return Kind(pairs, data.papers_of(pairs), data.papers)
        pairs = kept


def thin_pairs(data: Data, random: np.random.Generator) -> Kind:
    """A third of all pairs over all papers.

    Histories and papers both lose two of three, and what papers have in common eight of nine; a reader of many papers
    still has enough for every task, which a cap on histories or on a paper's readers would take.
    """
    pairs = random.random(len(data.reader)) < SPARSE_SHARE
    return Kind(pairs, data.all_papers(), data.papers)


def draw_readers(data: Data, random: np.random.Generator, readers: int) -> Kind:
    """Some readers at random, and the papers that they read."""
    if len(data.readers) <= readers:
        raise NotMade(f"there are {len(data.readers)} readers only")
    chosen = random.permutation(len(data.readers))[:readers]
    pairs = np.isin(data.reader, chosen)
    return Kind(pairs, data.papers_of(pairs), data.papers)


def draw_papers(data: Data, random: np.random.Generator) -> Kind:
    """Two thousand papers, drawn in proportion to their readers: drawn evenly, hardly any two share a reader."""
    readers = np.bincount(data.paper, minlength=len(data.ids))
    if (readers > 0).sum() <= FEW_PAPERS:
        raise NotMade(f"there are {(readers > 0).sum()} papers with readers only")
    papers = np.zeros(len(data.ids), bool)
    papers[random.choice(len(data.ids), FEW_PAPERS, replace=False, p=readers / readers.sum())] = True
    return Kind(papers[data.paper], papers, data.papers)


def keep_titles(data: Data, random: np.random.Generator) -> Kind:
    """Titles alone; a paper without one has the words that its abstract repeats most, as titles do."""

    def rewrite(at: int, row: Row) -> Row:
        repeated = Counter((row.get("abstract") or "").split()).most_common(TITLE_WORDS)
        return row | {"title": row.get("title") or " ".join(word for word, _ in repeated), "abstract": ""}

    return Kind(data.all_pairs(), data.all_papers(), data.papers, rewrite)


def keep_ten_words(data: Data, random: np.random.Generator) -> Kind:
    """Ten of a paper's words, drawn at random from title and abstract, in their order."""
    seeds = random.integers(0, 2**32, len(data.ids))

    def rewrite(at: int, row: Row) -> Row:
        words = f"{row.get('title') or ''} {row.get('abstract') or ''}".split()
        drawn = np.sort(np.random.default_rng(seeds[at]).permutation(len(words))[:FEW_WORDS])
        return row | {"title": "", "abstract": " ".join(words[one] for one in drawn)}

    return Kind(data.all_pairs(), data.all_papers(), data.papers, rewrite)


def empty_half(data: Data, random: np.random.Generator) -> Kind:
    """No text at all for half of the papers."""
    empty = random.permutation(len(data.ids)) < len(data.ids) // 2

    def rewrite(at: int, row: Row) -> Row:
        return row | {"title": "", "abstract": ""} if empty[at] else row

    return Kind(data.all_pairs(), data.all_papers(), data.papers, rewrite)


def keep_one_topic(data: Data, random: np.random.Generator) -> Kind:
    """One topic, the most read of ten clusters of the texts, and so few other papers that it is four fifths of all."""
    _, words = learn_vocabulary(tokenize_papers(read_papers(data.papers)), 3)
    if min(words.shape) <= TOPIC_DIMENSIONS:
        raise NotMade(f"there are {words.shape[0]} papers with {words.shape[1]} words only")
    seed = int(random.integers(2**31))
    space = normalize(TruncatedSVD(TOPIC_DIMENSIONS, random_state=seed).fit_transform(words))
    topic = KMeans(TOPICS, n_init=3, random_state=seed).fit_predict(space)
    topic[np.diff(words.indptr) == 0] = -1
    of_topic = topic == np.bincount(topic[data.paper][topic[data.paper] >= 0]).argmax()
    others = random.permutation(np.flatnonzero(~of_topic))[: round(of_topic.sum() * (1 / TOPIC_SHARE - 1))]
    papers = of_topic.copy()
    papers[others] = True
    return Kind(papers[data.paper], papers, data.papers)


KINDS: dict[str, Callable[[Data, np.random.Generator], Kind]] = {
    "whole": keep_all,
    "tags": take_tags,
    "dense": keep_dense,
    "sparse": thin_pairs,
    "few-readers-50": partial(draw_readers, readers=50),
    "few-readers-500": partial(draw_readers, readers=500),
    "few-papers-2000": draw_papers,
    "titles": keep_titles,
    "ten-words": keep_ten_words,
    "half-without-text": empty_half,
    "one-topic": keep_one_topic,
}


def make_kind(data: Data, name: str, seed: int) -> Kind:
    """Draw a kind with a generator of its own, so that no kind depends on which others are made."""
    return KINDS[name](data, np.random.default_rng([seed, zlib.crc32(name.encode())]))


def write_kind(data: Data, kind: Kind, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(folder / "papers.jsonl.gz", _paper_lines(data, kind))
    kept = kind.pairs[data.pair_of]
    write_lines(folder / "interactions.tsv.gz", (line for line, keep in zip(data.lines, kept, strict=True) if keep))


def _paper_lines(data: Data, kind: Kind) -> Iterator[str]:
    column = {paper: at for at, paper in enumerate(data.ids)}
    for line in read_lines(kind.source):
        row = json.loads(line)
        at = column.get(row["id"])
        if at is not None and kind.papers[at]:
            yield json.dumps(kind.rewrite(at, row), ensure_ascii=False) if kind.rewrite else line


def describe(data: Data, kind: Kind) -> str:
    pairs, papers = int(kind.pairs.sum()), int(kind.papers.sum())
    readers = len(np.unique(data.reader[kind.pairs]))
    return f"{readers:,} readers, {papers:,} papers, {pairs:,} pairs, {pairs / max(papers, 1):.1f} a paper"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.long.kinds", description="Make kinds of data from one set.")
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of papers.jsonl[.gz] and interactions.tsv[.gz]")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the kinds, a folder each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(KINDS), help="such as dense,sparse")
    asked = parser.parse_args(arguments)
    names = asked.only.split(",")
    if unknown := set(names) - set(KINDS):
        parser.error(f"no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    data = read_data(asked.data.resolve())
    for name in names:
        try:
            kind = make_kind(data, name, asked.seed)
        except NotMade as why:
            print(f"{name}: not made, {why}", file=sys.stderr)
            continue
        write_kind(data, kind, asked.out / name)
        print(f"{name}: {describe(data, kind)}")


if __name__ == "__main__":
    main()
