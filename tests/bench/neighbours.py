"""Nearest papers by words: time, growth and recall beside all products, on both kinds of catalogue and on real ones.

Seconds of the processor, one thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from recommender import Config
from recommender.data.files import read_papers
from recommender.features.tfidf import learn_vocabulary, paper_texts
from recommender.model.nearest import find_nearest, find_nearest_exactly, is_small
from tests.bench.rows import Row, Scale
from tests.bench.world import KINDS, SEED, World

NEAREST, TOP, SAMPLE = 50, 20, 1_000
EXACT_UP_TO = 25_000  # papers; comparing all of more takes too long to be timed
RECALL = 0.95


def rows(scale: Scale) -> Iterator[Row]:
    """Yield each size of each kind, how the time grows, and real papers of two kinds of text."""
    sizes = scale.choose(tiny=[400, 800], quick=[5_000, 20_000], full=[25_000, 50_000, 100_000, 200_000])
    with threadpool_limits(1):
        for kind in KINDS:
            took: dict[int, float] = {}
            for count in sizes:
                words = words_of(paper_texts(World(count, kind).table()))
                for row in size_rows(words, f"{count:,} papers, topics {kind}", f"Neighbours: topics {kind}"):
                    took.setdefault(count, row.ours[0])
                    yield row
            yield growth_row(took, kind)
        if scale.real and not scale.tiny:
            for name in ("citeulike-t", "citeulike-t-tags"):
                words = words_of(paper_texts(read_papers(scale.real / name / "papers.jsonl.gz")))
                yield from size_rows(words, f"{words.shape[0]:,} real papers ({name})", "")


def words_of(texts: list[str]) -> sp.csr_matrix:
    """Return the texts' TF-IDF rows."""
    return learn_vocabulary(texts, Config.min_df)[1]


def size_rows(words: sp.csr_matrix, what: str, series: str) -> Iterator[Row]:
    """Yield the time for all papers and the recall of a sample, beside all products where there are few enough."""
    found: list[sp.csr_matrix] = []
    size = words.shape[0]
    ours = [processor_seconds(lambda: found.append(find_nearest(words, NEAREST)))]
    exact = size <= EXACT_UP_TO
    theirs = [processor_seconds(lambda: find_nearest_exactly(words, NEAREST))] if exact else []
    beside = "all products, by `implicit`" if exact else ""
    note = "few enough products that all are computed" if is_small(words) else ""
    yield Row(f"nearest {NEAREST}, {what}", ours, "s", beside, theirs, note=note, series=series, size=size)
    yield Row(f"… recall@{TOP}", [recall(found[0], words)], "", at_least=RECALL)


def growth_row(took: dict[int, float], kind: str) -> Row:
    """Return how the time grew from the least size to the greatest, beside P log P."""
    (less, before), (more, after) = min(took.items()), max(took.items())
    limit = more * math.log(more) / (less * math.log(less))
    what = f"nearest of {more:,} papers beside those of {less:,}, topics {kind}"
    return Row(what, [after / before], "times", "P log P", [limit], at_most=1.1)


def recall(found: sp.csr_matrix, words: sp.csr_matrix) -> float:
    """Return the share of a sample's exact nearest that were found; of equally near ones, any counts."""
    sample = np.random.default_rng(SEED).permutation(words.shape[0])[:SAMPLE]
    shares = []
    for start in range(0, len(sample), 100):
        some = sample[start : start + 100]
        products = (words[some] @ words.T).toarray()
        products[np.arange(len(some)), some] = 0.0
        for row, exact in zip(some, products, strict=True):
            least = np.partition(exact, -TOP)[-TOP]
            mine = found.indices[found.indptr[row] : found.indptr[row + 1]]
            wanted = min(TOP, int((exact > 0).sum()))
            near = int((exact[mine] >= max(least, 1e-9) - 1e-6).sum())
            shares.append(min(near, wanted) / wanted if wanted else 1.0)
    return float(np.mean(shares))


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began
