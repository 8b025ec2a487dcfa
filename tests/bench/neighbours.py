"""Nearest papers by words and readers: time, growth and recall beside all products, on generated and real catalogues.

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
from recommender.model.nearest import (
    NearestIndex,
    cap_postings,
    find_nearest_exactly,
    is_small,
    keep_strongest,
    search_nearest,
)
from recommender.model.neighbours import weigh_readers
from tests.bench.rows import Row, Scale
from tests.bench.world import KINDS, SEED, World, make_log

NEAREST, TOP, SAMPLE, NEW = 50, 20, 1_000, 1_000
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
                yield from new_rows(words, f"into {count:,}, topics {kind}", f"New papers: topics {kind}")
            yield growth_row(took, kind)
        yield from readers_rows(World(scale.choose(tiny=400, quick=20_000, full=100_000)))
        if scale.real and not scale.tiny:
            for name in ("citeulike-t", "citeulike-t-tags"):
                words = words_of(paper_texts(read_papers(scale.real / name / "papers.jsonl.gz")))
                yield from size_rows(words, f"{words.shape[0]:,} real papers ({name})", "")


def words_of(texts: list[str]) -> sp.csr_matrix:
    """Return the texts' TF-IDF rows."""
    return learn_vocabulary(texts, Config.min_df)[1]


def size_rows(words: sp.csr_matrix, what: str, series: str) -> Iterator[Row]:
    """Yield the time for all papers and the recall of a sample, beside all products where there are few enough.

    The search is timed at every size, also where few papers are all compared, so that its growth is its own.
    """
    found: list[sp.csr_matrix] = []
    size = words.shape[0]
    ours = [processor_seconds(lambda: found.append(search_nearest(words, NEAREST)))]
    exact = size <= EXACT_UP_TO
    theirs = [processor_seconds(lambda: find_nearest_exactly(words, NEAREST))] if exact else []
    beside = "all products, by `implicit`" if exact else ""
    note = "few enough products that training computes all" if is_small(words) else ""
    yield Row(
        f"search of the nearest {NEAREST}, {what}", ours, "s", beside, theirs, note=note, series=series, size=size
    )
    yield Row(f"… recall@{TOP}", [recall(found[0], words)], "", at_least=RECALL)


def new_rows(words: sp.csr_matrix, what: str, series: str) -> Iterator[Row]:
    """Yield the time and recall for the last papers, as if new to the others, beside their products with all."""
    many = min(NEW, words.shape[0] // 4)
    old, new = words[:-many], words[-many:]
    graph, by_word = search_nearest(old, TOP), old.T.tocsr()
    index = NearestIndex(old, by_word, cap_postings(by_word), graph.maximum(graph.T).tocsr())
    found: list[sp.csr_matrix] = []
    ours = [processor_seconds(lambda: found.append(index.find(new, NEAREST)))]
    theirs = [processor_seconds(lambda: found.append(NearestIndex(old, by_word).find(new, NEAREST)))]
    what = f"nearest {NEAREST} of {many:,} new papers {what}"
    yield Row(what, ours, "s", "all products", theirs, series=series, size=words.shape[0])
    yield Row(f"… recall@{TOP}", [recall_beside(*found)], "", at_least=RECALL)


def readers_rows(world: World) -> Iterator[Row]:
    """Yield the time and recall for the nearest by shared readers, with ten events a paper."""
    log = make_log(world, 10 * len(world))
    seen = sp.csr_matrix((np.ones(len(log), np.float32), (log.readers, log.papers)), shape=(log.count, len(world)))
    readers = weigh_readers(seen)
    yield from size_rows(readers, f"{len(world):,} papers by readers, {len(log):,} events", "")


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


def recall_beside(found: sp.csr_matrix, exact: sp.csr_matrix) -> float:
    """Return the share of the products of `exact`, the TOP largest of each row, that `found` reaches."""
    best, hits = keep_strongest(exact, TOP), 0
    for row in range(exact.shape[0]):
        one = best.data[best.indptr[row] : best.indptr[row + 1]]
        mine = found.data[found.indptr[row] : found.indptr[row + 1]]
        hits += min(len(one), int((mine >= one.min() - 1e-6).sum())) if len(one) else 0
    return hits / best.nnz


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor's seconds that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began
