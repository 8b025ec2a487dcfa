"""How generated catalogues and readers resemble real ones: `python -m tests.bench.resemblance DATA` prints the tables.

DATA is the folder with `hf-papers/papers.jsonl.gz` (753 real abstracts) and `citeulike-t/interactions.tsv.gz`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.data.files import read_events, read_papers
from recommender.features.tokenizer import tokenize
from tests.bench.world import KINDS, World, make_log

Column = dict[str, str]


def main() -> None:
    data = Path(sys.argv[1])
    real = read_papers(data / "hf-papers/papers.jsonl.gz")
    texts = {f"{len(real):,} real papers": texts_of(real.titles, real.abstracts)}
    for kind in KINDS:
        table = World(len(real), kind).table()
        texts[f"generated, {kind}"] = texts_of(table.titles, table.abstracts)
    print(markdown({name: describe_texts(some) for name, some in texts.items()}), end="\n\n")
    events = read_events(data / "citeulike-t/interactions.tsv.gz")
    world, logs = World(25_975), {}
    logs[f"{len(events):,} real saves"] = (Counter(events.readers), Counter(events.papers))
    log = make_log(world, len(events), len(set(events.readers)))
    logs["generated"] = (Counter(log.readers.tolist()), Counter(log.papers.tolist()))
    print(markdown({name: describe_log(*counts, len(world)) for name, counts in logs.items()}))


def texts_of(titles: Sequence[str], abstracts: Sequence[str]) -> list[str]:
    return [f"{title} {abstract}" for title, abstract in zip(titles, abstracts, strict=True)]


def describe_texts(texts: Sequence[str]) -> Column:
    lengths = np.percentile([len(text.split()) for text in texts], [5, 50, 95])
    words = [tokenize(text) for text in texts]
    documents = Counter(word for one in words for word in set(one))
    shares = np.array(list(documents.values())) / len(words)
    matrix = TfidfVectorizer(analyzer=list, min_df=3, sublinear_tf=True).fit_transform(words)
    cosines = (matrix @ matrix.T).toarray()
    np.fill_diagonal(cosines, 0.0)
    nearest = np.sort(cosines, axis=1)[:, ::-1]
    return {
        "words of title and abstract (5 %, median, 95 %)": ", ".join(f"{length:.0f}" for length in lengths),
        "different words in 100, 200, 400, all papers": ", ".join(
            f"{len({word for one in words[:count] for word in one}):,}" for count in (100, 200, 400, len(words))
        ),
        "words in 3 papers or more": f"{(shares * len(words) > 2.5).sum():,}",
        "words in more than 1 %, 5 %, 10 % of papers": ", ".join(f"{(shares > s).sum():,}" for s in (0.01, 0.05, 0.1)),
        "words of a paper's TF-IDF row": f"{matrix.nnz / len(words):.0f}",
        "cosine to the nearest (10 %, median, 90 %)": spread(nearest[:, 0], (10, 50, 90), 2),
        "cosine to the 20th": spread(nearest[:, 19], (10, 50, 90), 2),
    }


def describe_log(readers: Counter[object], papers: Counter[object], count: int) -> Column:
    met = [*papers.values(), *[0] * (count - len(papers))]
    busiest = sorted(readers.values(), reverse=True)
    return {
        "events of a reader (10 %, median, 90 %, 99 %)": spread(busiest, (10, 50, 90, 99), 0),
        "of the busiest": f"{busiest[0]:,}",
        "share of the busiest tenth": f"{sum(busiest[: len(busiest) // 10]) / sum(busiest):.2f}",
        "readers of a paper (10 %, median, 90 %, 99 %)": spread(met, (10, 50, 90, 99), 0),
    }


def spread(values: Sequence[float] | np.ndarray, shares: Sequence[int], digits: int) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in np.percentile(values, shares))


def markdown(columns: dict[str, Column]) -> str:
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
    for what in next(iter(columns.values())):
        lines.append(f"| {what} | {' | '.join(column[what] for column in columns.values())} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
