"""A model of any size, written without training: its arrays have the sizes, types and sparsity of a trained one's.

Words are drawn as the abstracts of a generated catalogue draw them; a vector is its topic's and the paper's own; the
graphs have as many cells a row as trained ones. What it ranks first means little: it is for memory, time and load.
"""

from __future__ import annotations

import argparse
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.lib.format import open_memmap

from recommender import Config, Model
from recommender.data.strings import Strings
from recommender.features.encoders import Embeddings
from recommender.features.metadata import Names
from recommender.features.name_index import NameIndex
from recommender.features.tfidf import Vocabulary
from recommender.features.tokenizer import tokenize
from recommender.model.blend import WITH_READERS
from recommender.model.factorization import ColdItemAdjustment, Factors
from recommender.model.manifest import Manifest
from recommender.model.neighbours import Graph, Propagation
from tests.bench.words import CONTENT_WORDS, function_words, vocabulary
from tests.bench.world import CATEGORIES, FIELDS, NOW, SEED, World

FACTORS = 256
TEXT_DEGREES, JOINT_DEGREES = (
    (74, 32),
    (150, 32),
)  # cells a row of the one-step and two-step graphs, as in a trained one
TOPIC = 500  # papers of one neighbourhood
WORDS_A_PAPER = 125  # draws, of which some 85 differ
CHUNK = 20_000


def generated_model(
    folder: Path, world: World, *, factors: int = FACTORS, joint: bool = True, words: int | None = None
) -> Model:
    """Write the model of a generated catalogue into `folder`, which must not exist, and load it.

    It has `words` words; unless told, as many as such a catalogue has.

    Takes 0.1 ms of processor time a paper and, while it is written twice over, 14 KB of disk; 2 KB of memory.
    """
    parts = Path(f"{folder}.parts")
    parts.mkdir(parents=True)
    try:
        _assemble(parts, world, factors, joint, words, folder.name).save(folder)
    finally:
        shutil.rmtree(parts)
    return Model.load(folder)


def _assemble(parts: Path, world: World, factors: int, joint: bool, width: int | None, version: str) -> Model:
    dice, size = np.random.default_rng([world.seed, 11]), len(world)
    words, idf = _words(parts, world, width or min(CONTENT_WORDS, 20_000 + len(world)))
    names = Names(sorted(f"category:{name.casefold()}" for name in CATEGORIES))
    vectors = _vectors(parts / "vectors.npy", world, factors)
    features = dice.normal(0, 0.3, (len(idf) + len(names), factors)).astype(np.float32)
    config = Config(factors=factors)
    manifest = Manifest(version, NOW, NOW, NOW, {"papers": size}, config.as_dict(), {}, None, WITH_READERS.as_dict())
    gram = vectors[:: max(1, size // 100_000)].T @ vectors[:: max(1, size // 100_000)]
    return Model(
        manifest=manifest,
        config=config,
        blend=WITH_READERS,
        ids=Strings.pack(world.ids),
        titles=Strings.pack(f"{vocabulary()[row % 50_000 + 60].capitalize()} number {row}" for row in range(size)),
        published=world.published,
        upvotes=np.where(dice.random(size) < 0.3, dice.integers(0, 200, size), np.nan).astype(np.float32),
        readers=np.floor(dice.pareto(1.2, size)).astype(np.float32),
        words=words,
        vocabulary=Vocabulary(_terms(len(idf)), idf),
        names=names,
        factors=Factors(vectors, features, gram, features.T @ features),
        scoring_vectors=vectors,
        cold_adjustment=ColdItemAdjustment(1.0, 1.0),
        graph=Graph(
            _propagation(parts / "text", size, TEXT_DEGREES, 1),
            _propagation(parts / "joint", size, JOINT_DEGREES, 2) if joint else None,
        ),
        embeddings=Embeddings.empty(size),
        name_index=_name_index(world),
    )


def _terms(count: int) -> list[str]:
    """Return what the tokenizer makes of the most frequent content words, each once."""
    written = vocabulary()[len(function_words()[0]) :][:count].tolist()
    terms = [(tokenize(word) or [word])[0] for word in written]
    first = {term: row for row, term in reversed(list(enumerate(terms)))}
    return [term if first[term] == row else f"{term}{row}" for row, term in enumerate(terms)]


def _words(parts: Path, world: World, width: int) -> tuple[sp.csr_matrix, np.ndarray]:
    """Return the TF-IDF rows (P, W) and the idf (W,) of papers that draw words as the abstracts do."""
    sample = _draw_chunk(world, 0, width)
    idf = (np.log(sample.shape[0] / (1 + np.bincount(sample.indices, minlength=width))) + 1).astype(np.float32)
    cells = (_unit(_draw_chunk(world, start, width), idf) for start in range(0, len(world), CHUNK))
    return _write_rows(parts / "words", cells, (len(world), width), WORDS_A_PAPER), idf


def _draw_chunk(world: World, start: int, width: int) -> sp.csr_matrix:
    """Return how often each paper of a chunk has each word, float32 (papers, W)."""
    topics = world.topic[start : start + CHUNK]
    dice = np.random.default_rng([world.seed, 12, start])
    drawn = world._word_numbers(dice, np.repeat(topics, WORDS_A_PAPER)) - len(function_words()[0])
    paper = np.repeat(np.arange(len(topics)), WORDS_A_PAPER)
    kept = (drawn >= 0) & (drawn < width)
    ones = np.ones(int(kept.sum()), np.float32)
    return sp.coo_matrix((ones, (paper[kept], drawn[kept])), shape=(len(topics), width)).tocsr()


def _unit(counts: sp.csr_matrix, idf: np.ndarray) -> sp.csr_matrix:
    counts.data = ((1 + np.log(counts.data)) * idf[counts.indices]).astype(np.float32)
    lengths = np.sqrt(np.add.reduceat(counts.data**2, counts.indptr[:-1]))
    counts.data /= np.repeat(lengths, np.diff(counts.indptr)).astype(np.float32)
    return counts


def _write_rows(path: Path, chunks: Iterator[sp.csr_matrix], shape: tuple[int, int], most: int) -> sp.csr_matrix:
    """Write rows to mapped files of at most `most` cells a row, so that they are never all in memory."""
    data = open_memmap(f"{path}-data.npy", "w+", np.float32, (shape[0] * most,))
    indices = open_memmap(f"{path}-indices.npy", "w+", np.int32, (shape[0] * most,))
    ends, cells = [np.zeros(1, np.int64)], 0
    for rows in chunks:
        data[cells : cells + rows.nnz], indices[cells : cells + rows.nnz] = rows.data, rows.indices
        ends.append(cells + rows.indptr[1:].astype(np.int64))
        cells += rows.nnz
    indptr = np.concatenate(ends).astype(np.int32)
    return sp.csr_matrix((np.asarray(data)[:cells], np.asarray(indices)[:cells], indptr), shape=shape, copy=False)


def _vectors(path: Path, world: World, factors: int) -> np.ndarray:
    """Return vectors of a topic's direction and the paper's own, of lengths that differ, float32 (P, D)."""
    dice = np.random.default_rng([world.seed, 13])
    centres = dice.normal(0, 1, (int(world.topic.max()) + 1, factors)).astype(np.float32)
    vectors = open_memmap(path, "w+", np.float32, (len(world), factors))
    for start in range(0, len(world), CHUNK):
        topics = world.topic[start : start + CHUNK]
        own = dice.standard_normal((len(topics), factors), np.float32)
        lengths = dice.lognormal(-1.0, 0.4, (len(topics), 1)).astype(np.float32)
        vectors[start : start + len(topics)] = (centres[topics] + own) * lengths / math.sqrt(2 * factors)
    return np.asarray(vectors)


def _propagation(path: Path, size: int, degrees: tuple[int, int], stream: int) -> Propagation:
    one, two = (_graph(Path(f"{path}{degree}"), size, degree, stream) for degree in degrees)
    return Propagation(one, two)


def _graph(path: Path, size: int, degree: int, stream: int) -> sp.csr_matrix:
    """Return a symmetric graph whose papers have neighbours at the same distances, there and back, in their topic."""
    topics = max(1, size // TOPIC)
    around = topics * (-(-size // topics))
    dice = np.random.default_rng([SEED, 14, stream])
    steps = around // topics
    apart = np.sort(dice.permutation(np.arange(1, max(2, (steps + 1) // 2)))[: degree // 2]) * topics
    offsets = np.unique(np.concatenate([apart, around - apart]))
    chunks = (
        _neighbours(np.arange(start, min(start + CHUNK, size)), offsets, around, size)
        for start in range(0, size, CHUNK)
    )
    return _write_rows(path, chunks, (size, size), len(offsets))


def _neighbours(rows: np.ndarray, offsets: np.ndarray, around: int, size: int) -> sp.csr_matrix:
    columns = np.sort((rows[:, None] + offsets) % around, axis=1)
    low, high = np.minimum(rows[:, None], columns), np.maximum(rows[:, None], columns)
    weights = ((low * 2_654_435_761 + high * 40_503) % 1_000 + 1) / (1_000.0 * len(offsets))
    kept = columns < size
    indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return sp.csr_matrix((weights[kept].astype(np.float32), columns[kept], indptr), shape=(len(rows), size))


def _name_index(world: World) -> NameIndex:
    """Return the papers of each category; a paper has its field's."""
    field = world.topic % FIELDS
    named = sorted((f"category:{CATEGORIES[one].casefold()}", one) for one in range(FIELDS))
    rows = [np.flatnonzero(field == one).astype(np.int32) for _, one in named]
    return NameIndex(
        [name for name, _ in named], np.cumsum([len(one) for one in rows], dtype=np.int64), np.concatenate(rows)
    )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("papers", type=int)
    asked.add_argument("--factors", type=int, default=FACTORS)
    asked.add_argument("--kind", default="small")
    given = asked.parse_args()
    generated_model(given.folder, World(given.papers, given.kind), factors=given.factors)
