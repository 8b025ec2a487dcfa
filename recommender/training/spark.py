"""The heavy stages of a training on an Apache Spark cluster: counting words, factorising, finding the nearest papers.

What goes to the cluster and comes back lies as Parquet in a folder that all its hosts see, and each host has this
package installed. MLlib's ALS takes the place of `implicit`'s: the same model (Hu, Koren and Volinsky 2008), solved
exactly, with a penalty that grows with the cells of a row (Zhou et al. 2008).

Axes: P papers, W words, U + W + F rows of the stacked matrix, D factors.
"""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.tables import Papers
from recommender.errors import EngineUnavailable
from recommender.features.tfidf import Vocabulary, least_papers, paper_texts, weigh_words
from recommender.features.tokenized_texts import TokenizedTexts
from recommender.features.tokenizer import tokenize
from recommender.model.factorization import Factors, WarmStart, choose_factors
from recommender.model.nearest import choose_postings, expand_rows, link_nearest, search_rows

if TYPE_CHECKING:
    import pyarrow as pa

# MLlib multiplies its penalty by a row's cells. With this one for a `Config.regularization` of 1 it ranks as `implicit`
# does (citeulike-t, 64 factors).
PENALTY = 0.01
SWEEPS = 10  # each row is solved exactly, so fewer are needed than of conjugate gradients
PARTITION_ROWS = 2_000  # rows of a table that one task works on
OPTIONS = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
WORDS, CELLS = "words array<string>, counts array<int>", "columns array<int>, weights array<float>"


class SparkEngine:
    """A session on a Spark master, such as spark://HOST:7077, and a folder that all hosts of the cluster see.

    A context manager, which ends the session and removes what lay in the folder. Raises EngineUnavailable without
    pyspark, Java or a master that answers.
    """

    starts_warm = False

    def __init__(self, master: str, folder: Path, options: Mapping[str, str] | None = None) -> None:
        try:
            _reach(master)
            self._session = _connect(master, {**OPTIONS, **(options or {})})
        except Exception as error:  # pyspark raises whatever Java did
            raise EngineUnavailable(f"Spark at {master} cannot be used: {type(error).__name__}: {error}") from error
        self._folder = Path(mkdtemp(prefix="inkling-spark-", dir=folder))
        self._folder.chmod(0o755)
        self._places = 0
        self._tasks = max(2, self._session.sparkContext.defaultParallelism)
        self._session.conf.set("spark.sql.shuffle.partitions", str(self._tasks))

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def learn_vocabulary(self, papers: Papers, texts: TokenizedTexts, min_df: int) -> tuple[Vocabulary, sp.csr_matrix]:
        """Learn the words of papers, whose texts are read again by the cluster, as `tfidf.learn_vocabulary` says."""
        return weigh_words(*self._count_words(paper_texts(papers), least_papers(min_df, len(papers))))

    def _count_words(self, texts: Sequence[str], min_df: int) -> tuple[list[str], sp.csr_matrix]:
        """Return the sorted words that are in `min_df` of the texts (P,) or more, and how often: float32 CSR (P, W)."""
        from pyspark.sql.functions import col, explode

        texts_of = self._write("texts", {"row": np.arange(len(texts), dtype=np.int32), "text": texts})
        counted = texts_of.mapInArrow(_count_words, f"row int, {WORDS}").localCheckpoint()
        kept = counted.select(explode("words").alias("word")).groupBy("word").count().where(col("count") >= min_df)
        words = sorted(row.word for row in kept.select("word").collect())
        column = self._session.sparkContext.broadcast({word: at for at, word in enumerate(words)})
        cells = counted.mapInArrow(lambda batches: _number_words(batches, column.value), f"row int, {CELLS}")
        return words, self._read_rows("counts", cells, (len(texts), len(words)))

    def factorize(
        self,
        matrix: sp.csr_matrix,
        readers: int,
        config: Config,
        seed: int,
        *,
        step: Callable[[float], None] | None = None,
        start: WarmStart | None = None,
    ) -> Factors:
        """Factorise the stacked matrix (U + W + F, P), as `factorization.factorize` says, but always from scratch."""
        from pyspark.ml.recommendation import ALS

        cells = matrix.tocoo()
        columns = {"row": cells.row.astype(np.int32), "paper": cells.col.astype(np.int32), "weight": cells.data}
        als = ALS(
            rank=choose_factors(matrix.shape[1], config),
            maxIter=min(SWEEPS, config.iterations),
            regParam=PENALTY * config.regularization,
            alpha=1.0,  # it is in the matrix
            implicitPrefs=True,
            seed=seed,
            numUserBlocks=self._tasks,
            numItemBlocks=self._tasks,
            userCol="row",
            itemCol="paper",
            ratingCol="weight",
        )
        model = als.fit(self._write("matrix", columns))
        rows = self._read_vectors("rows", model.userFactors, matrix.shape[0], als.getRank())
        papers = self._read_vectors("papers", model.itemFactors, matrix.shape[1], als.getRank())
        if step:
            step(1.0)
        return Factors(papers, rows[readers:].copy(), papers.T @ papers, rows.T @ rows)

    def find_nearest(self, rows: sp.csr_matrix, limit: int) -> sp.csr_matrix:
        """Return most of each row's `limit` largest products with the other rows, CSR (P, P)."""
        context = self._session.sparkContext
        capped, candidates = choose_postings(rows)
        all_rows, postings = context.broadcast(rows), context.broadcast(capped)
        found = self._in_blocks(
            "found", rows.shape[0], lambda block: search_rows(block, all_rows.value, postings.value, candidates, limit)
        )
        first, links = context.broadcast(found), context.broadcast(link_nearest(found))
        return self._in_blocks(
            "nearest", rows.shape[0], lambda block: expand_rows(block, all_rows.value, first.value, links.value, limit)
        )

    def _in_blocks(self, name: str, count: int, search: Callable[[slice], sp.csr_matrix]) -> sp.csr_matrix:
        """Search for all rows, one block of them a task, and return the found ones (count, count)."""
        starts = self._write(name, {"row": np.arange(0, count, PARTITION_ROWS, dtype=np.int32)})
        blocks = starts.repartition(max(1, -(-count // PARTITION_ROWS)), "row")
        found = blocks.mapInArrow(lambda batches: _search_blocks(batches, search, count), f"row int, {CELLS}")
        return self._read_rows(f"{name}-of-all", found, (count, count))

    def _place(self, name: str) -> Path:
        self._places += 1
        return self._folder / f"{self._places}-{name}"

    def _write(self, name: str, columns: Mapping[str, Any]) -> Any:
        """Write a table as Parquet and return it as the cluster reads it, in partitions of `PARTITION_ROWS`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({key: pa.array(values) for key, values in columns.items()})
        place = self._place(name)
        place.mkdir()
        pq.write_table(table, place / "all.parquet", row_group_size=PARTITION_ROWS * 50)
        return self._session.read.parquet(str(place)).repartition(max(1, min(1_000, len(table) // PARTITION_ROWS)))

    def _read(self, name: str, frame: Any) -> pa.Table:
        """Compute a table on the cluster, by way of Parquet, and return it."""
        import pyarrow.parquet as pq

        place = self._place(name)
        frame.write.parquet(str(place))
        return pq.read_table(place)

    def _read_rows(self, name: str, frame: Any, shape: tuple[int, int]) -> sp.csr_matrix:
        """Compute sparse rows, of which empty ones may be missing, as float32 CSR."""
        table = self._read(name, frame).combine_chunks().sort_by("row")
        columns, weights = (table.column(part).combine_chunks() for part in ("columns", "weights"))
        lengths = np.zeros(shape[0], np.int64)
        lengths[table.column("row").to_numpy()] = columns.value_lengths().to_numpy()
        # Copies, because Arrow's arrays are read-only.
        cells = (np.array(weights.flatten(), np.float32), np.array(columns.flatten(), np.int32))
        matrix = sp.csr_matrix((*cells, np.concatenate([[0], np.cumsum(lengths)])), shape=shape)
        matrix.sort_indices()
        return matrix

    def _read_vectors(self, name: str, frame: Any, count: int, dimensions: int) -> np.ndarray:
        """Compute vectors by id, of which those of empty rows are missing, as float32 (count, D)."""
        table = self._read(name, frame)
        vectors = np.zeros((count, dimensions), np.float32)
        flat = table.column("features").combine_chunks().flatten().to_numpy()
        vectors[table.column("id").to_numpy()] = flat.reshape(-1, dimensions)
        return vectors


def _reach(master: str) -> None:
    """Raise OSError or ValueError if nobody listens at a master's address, for which Spark itself waits minutes."""
    if master.startswith("local"):
        return None
    if not master.startswith("spark://"):
        raise ValueError("a master is spark://HOST:PORT, or local[2] for two threads of this process")
    *others, last = master.removeprefix("spark://").split(",")
    for address in others:  # of several masters one leads, and any may be away
        with suppress(OSError):
            return _knock(address)
    return _knock(last)


def _knock(address: str) -> None:
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=10).close()


def _connect(master: str, options: Mapping[str, str]) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("inkling")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.pythonExec = sys.executable  # else the hosts' own python3, which knows nothing of this package
    return session


def _count_words(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Count the words of each text."""
    import pyarrow as pa

    for batch in batches:
        found = [np.unique(np.array(tokenize(text), object), return_counts=True) for text in batch["text"].to_pylist()]
        words = [list(words) for words, _ in found]
        counts = [counts.astype(np.int32) for _, counts in found]
        yield pa.RecordBatch.from_pydict(
            {
                "row": batch["row"],
                "words": pa.array(words, pa.list_(pa.string())),
                "counts": pa.array(counts, pa.list_(pa.int32())),
            }
        )


def _number_words(batches: Iterator[pa.RecordBatch], column: Mapping[str, int]) -> Iterator[pa.RecordBatch]:
    """Put columns in place of the words that have one, and drop the others."""
    for batch in batches:
        each = zip(batch["words"].to_pylist(), batch["counts"].to_pylist(), strict=True)
        cells = [
            [(column[word], count) for word, count in zip(words, counts, strict=True) if word in column]
            for words, counts in each
        ]
        yield _to_batch(batch["row"].to_numpy(), cells)


def _to_batch(rows: np.ndarray, cells: Sequence[Sequence[tuple[int, float]]]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pydict(
        {
            "row": pa.array(rows, pa.int32()),
            "columns": pa.array([[at for at, _ in row] for row in cells], pa.list_(pa.int32())),
            "weights": pa.array([[weight for _, weight in row] for row in cells], pa.list_(pa.float32())),
        }
    )


def _search_blocks(
    batches: Iterator[pa.RecordBatch], search: Callable[[slice], sp.csr_matrix], count: int
) -> Iterator[pa.RecordBatch]:
    """Search for the rows of the blocks that start at each `row`."""
    import pyarrow as pa

    for batch in batches:
        for start in batch["row"].to_pylist():
            stop = min(start + PARTITION_ROWS, count)
            found = search(slice(start, stop)).tocsr()
            ends = pa.array(found.indptr.astype(np.int32))
            yield pa.RecordBatch.from_pydict(
                {
                    "row": pa.array(np.arange(start, stop, dtype=np.int32)),
                    "columns": pa.ListArray.from_arrays(ends, pa.array(found.indices.astype(np.int32))),
                    "weights": pa.ListArray.from_arrays(ends, pa.array(found.data.astype(np.float32))),
                }
            )
