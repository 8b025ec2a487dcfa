"""The trained model: the arrays that training learned, saved and loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.strings import HashIndex, Strings
from recommender.data.tables import Papers
from recommender.errors import BrokenModel
from recommender.features.encoders import Embeddings
from recommender.features.keyphrases import Keyphrases
from recommender.features.metadata import Names
from recommender.features.name_index import NameIndex
from recommender.features.tfidf import Vocabulary, paper_texts
from recommender.model import artifact
from recommender.model.blend import Blend
from recommender.model.derived_columns import DerivedColumns
from recommender.model.factorization import ColdItemAdjustment, Factors
from recommender.model.foldin import fold
from recommender.model.holdout_record import HoldoutRecord
from recommender.model.item_regression import ItemRegression
from recommender.model.manifest import Manifest
from recommender.model.nearest import NearestIndex
from recommender.model.neighbours import Graph, Propagation

_COLUMNS = ("published", "upvotes", "readers")
_INDEXED = ("terms", "names")


@dataclass(frozen=True)
class Model:
    """A trained model of P papers, W words and F names in D factors; it never changes.

    Attributes:
        manifest: Where it comes from and how good it was found.
        config: The settings it was trained with.
        blend: How its components are weighed.
        ids: The papers' ids (P,), which give every axis P its order.
        titles: The papers' titles (P,), empty where unknown.
        published: Float64 (P,) in epoch seconds, nan where unknown.
        upvotes: Float32 (P,), nan where unknown.
        readers: Float32 (P,), how many readers opened or saved each paper.
        words: TF-IDF rows, float32 CSR (P, W).
        vocabulary: The words (W,), their idf and their labels.
        names: The authors, categories and organisations (F,).
        factors: The factorisation; readers are folded in on its papers' vectors.
        scoring_vectors: Float32 (P, D), what papers are scored by: `factors.papers`, for papers without readers as
            `cold_adjustment` makes them.
        cold_adjustment: How the vectors of papers without readers are adjusted.
        graph: The neighbours of papers.
        embeddings: The vectors of an encoder; of no dimension without one.
        name_index: The papers of every name; empty in a model from before there was one.
        holdout_record: How its holdout fit did, for the gate to compare the next model with.
        item_regression: The linear item-item part; None without readers, and in a model from before there was one.
    """

    manifest: Manifest
    config: Config
    blend: Blend
    ids: Sequence[str]
    titles: Sequence[str]
    published: np.ndarray
    upvotes: np.ndarray
    readers: np.ndarray
    words: sp.csr_matrix
    vocabulary: Vocabulary
    names: Names
    factors: Factors
    scoring_vectors: np.ndarray
    cold_adjustment: ColdItemAdjustment
    graph: Graph
    embeddings: Embeddings
    name_index: NameIndex = field(default_factory=NameIndex.empty)
    holdout_record: HoldoutRecord = field(default_factory=HoldoutRecord.empty)
    item_regression: ItemRegression | None = None
    # The arrays of `derived`, of a loaded model; not of a copy of it with other columns.
    _stored: Mapping[str, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def version(self) -> str:
        """The model's name, and that of its folder once published."""
        return self.manifest.version

    @cached_property
    def derived(self) -> DerivedColumns:
        """The columns that follow from the others: of a loaded model memory-mapped, else computed when asked for."""
        columns = (self.ids, self.words, self.scoring_vectors, self.upvotes, self.readers)
        return DerivedColumns(*columns, stored=self._stored)

    @cached_property
    def nearest(self) -> NearestIndex:
        """What finds the papers nearest to new texts by their words."""
        return NearestIndex(self.words, self.derived.by_word, self.derived.postings, self.graph.text.two_step)

    def fold_in_texts(self, papers: Papers) -> tuple[sp.csr_matrix, np.ndarray]:
        """Return the TF-IDF rows (M, W) and vectors (M, D) of papers by their words and names alone."""
        words, names = self.vocabulary.rows(paper_texts(papers)), self.names.rows(papers)
        return words, self.fold_in(words, names)

    def fold_in(self, words: sp.csr_matrix, names: sp.csr_matrix | None = None) -> np.ndarray:
        """Fold papers in by their words (M, W) and names (M, F), float32 (M, D)."""
        if not words.shape[0]:
            return np.zeros((0, self.factors.papers.shape[1]), np.float32)
        names = sp.csr_matrix((words.shape[0], len(self.names)), dtype=np.float32) if names is None else names
        weighted = [words * np.float32(self.config.word_weight), names * np.float32(self.config.feature_weight)]
        rows = sp.hstack(weighted, format="csr")
        vectors = np.zeros((words.shape[0], self.factors.papers.shape[1]), np.float32)
        for row in np.flatnonzero(np.diff(rows.indptr)):
            cells = slice(rows.indptr[row], rows.indptr[row + 1])
            features, weights = self.factors.features[rows.indices[cells]], rows.data[cells]
            confidence, liked = self.config.alpha * weights, np.ones_like(weights)
            vectors[row] = fold(self.factors.row_gram, features, confidence, liked, self.config.regularization).vector
        return vectors

    def save(self, folder: Path) -> None:
        """Write to a new folder and sync it to the disk. Raises FileExistsError if the folder exists."""
        texts = {"ids": self.ids, "titles": self.titles, "terms": self.vocabulary.words, "names": self.names.names}
        texts["name_keys"] = self.name_index.keys
        arrays: dict[str, np.ndarray] = {name: getattr(self, name) for name in _COLUMNS}
        indexes: dict[str, np.ndarray] = {}
        for name, strings in texts.items():
            packed = strings if isinstance(strings, Strings) else Strings.pack(strings)
            arrays |= {f"{name}_text": packed.text, f"{name}_ends": packed.ends}
            if name in _INDEXED:
                index = HashIndex.build(packed)
                indexes |= {f"{name}_hashes": index.hashes, f"{name}_hash_rows": index.rows}
        arrays |= {"name_keys_row_ends": self.name_index.ends, "name_keys_rows": self.name_index.rows}
        arrays |= _keyphrase_arrays(self.vocabulary.keyphrases)
        arrays |= {"idf": self.vocabulary.idf, "vectors": self.factors.papers, "features": self.factors.features}
        matrices = [("words", self.words), *_graph_matrices(self.graph)]
        if self.item_regression is not None:
            matrices.append(("linear", self.item_regression.weights))
        for name, matrix in matrices:
            arrays |= {f"{name}_{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
        arrays["drawing"] = np.array(
            [self.cold_adjustment.vector_scale, self.cold_adjustment.direction_scale], np.float64
        )
        arrays |= {
            "shown": self.scoring_vectors,
            "paper_gram": self.factors.paper_gram,
            "row_gram": self.factors.row_gram,
        }
        if self.embeddings:
            arrays |= {"meaning": self.embeddings.vectors, "meaning_prints": self.embeddings.fingerprints}
        arrays |= {"answers_keys": self.holdout_record.keys, "answers_gains": self.holdout_record.gains}
        arrays |= self.derived.arrays() | indexes
        holdout_record = {"kind": self.holdout_record.kind, "now": self.holdout_record.now}
        artifact.write(Path(folder), {**self.manifest.as_dict(), "answers": holdout_record}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Load a saved model; its arrays are memory-mapped read-only and so shared between processes.

        Raises BrokenModel if a file is missing, has another size or type, or a format this version does not read.
        """
        manifest, arrays = artifact.read(Path(folder))
        manifest.pop("arrays")
        try:
            return cls._of(manifest, arrays)
        except (KeyError, ValueError, TypeError) as error:
            raise BrokenModel(f"{folder}: {type(error).__name__}: {error}") from error

    @classmethod
    def _of(cls, manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> Model:
        texts = ("ids", "titles", "terms", "names")
        strings = {name: Strings(arrays[f"{name}_text"], arrays[f"{name}_ends"]) for name in texts}
        shape = (len(strings["ids"]), len(strings["terms"]))
        factors = Factors(arrays["vectors"], arrays["features"], arrays["paper_gram"], arrays["row_gram"])
        if len(factors.papers) != shape[0] or len(factors.features) != shape[1] + len(strings["names"]):
            raise ValueError("the vectors do not match the papers, words and names")
        model = cls(
            manifest=Manifest.from_dict(manifest),
            config=Config.from_dict(manifest["config"]),
            blend=Blend.from_dict(manifest["blend"]),
            ids=strings["ids"],
            titles=strings["titles"],
            words=_sparse(arrays, "words", shape),
            vocabulary=Vocabulary(
                strings["terms"],
                arrays["idf"],
                _read_keyphrases(arrays),
                _read_index(arrays, "terms", strings["terms"]),
            ),
            names=Names(strings["names"], _read_index(arrays, "names", strings["names"])),
            factors=factors,
            scoring_vectors=arrays["shown"],
            cold_adjustment=ColdItemAdjustment(*map(float, arrays["drawing"])),
            graph=Graph(
                _read_propagation(arrays, "text", shape[0]),
                _read_propagation(arrays, "joint", shape[0]) if "joint_once_data" in arrays else None,
            ),
            embeddings=_read_embeddings(manifest, arrays, shape[0]),
            name_index=_read_name_index(arrays),
            holdout_record=HoldoutRecord(
                **manifest["answers"], keys=arrays["answers_keys"], gains=arrays["answers_gains"]
            ),
            item_regression=_read_item_regression(arrays, shape[0]),
            **{name: arrays[name] for name in _COLUMNS},
        )
        object.__setattr__(model, "_stored", arrays)
        model.derived.check()
        return model


def _keyphrase_arrays(keyphrases: Keyphrases | None) -> dict[str, np.ndarray]:
    if keyphrases is None:
        return {}
    labels, phrases = Strings.pack(keyphrases.labels), Strings.pack(keyphrases.phrase_labels)
    packed = {"written_text": labels.text, "written_ends": labels.ends}
    packed |= {"written_terms_text": phrases.text, "written_terms_ends": phrases.ends}
    return packed | {
        "telling": keyphrases.informativeness,
        "two_words": keyphrases.phrases,
        "two_words_tell": keyphrases.phrase_informativeness,
    }


def _read_keyphrases(arrays: dict[str, np.ndarray]) -> Keyphrases | None:
    """Return the keyphrases; None for a model older than them."""
    if "telling" not in arrays:
        return None
    labels, phrases = (Strings(arrays[f"{name}_text"], arrays[f"{name}_ends"]) for name in ("written", "written_terms"))
    return Keyphrases(labels, arrays["telling"], arrays["two_words"], phrases, arrays["two_words_tell"])


def _read_index(arrays: dict[str, np.ndarray], name: str, strings: Strings) -> HashIndex:
    """Return the hash index of strings; a model older than it has none."""
    if f"{name}_hashes" not in arrays:
        return HashIndex.build(strings)
    return HashIndex(strings, arrays[f"{name}_hashes"], arrays[f"{name}_hash_rows"])


def _read_name_index(arrays: dict[str, np.ndarray]) -> NameIndex:
    if "name_keys_text" not in arrays:
        return NameIndex.empty()
    keys = Strings(arrays["name_keys_text"], arrays["name_keys_ends"])
    return NameIndex(keys, arrays["name_keys_row_ends"], arrays["name_keys_rows"])


def _read_embeddings(manifest: dict[str, Any], arrays: dict[str, np.ndarray], papers: int) -> Embeddings:
    if "meaning" not in arrays:
        return Embeddings.empty(papers)
    return Embeddings(manifest["encoder"], arrays["meaning"], arrays["meaning_prints"])


def _read_item_regression(arrays: dict[str, np.ndarray], papers: int) -> ItemRegression | None:
    return ItemRegression(_sparse(arrays, "linear", (papers, papers))) if "linear_data" in arrays else None


def _sparse(arrays: dict[str, np.ndarray], name: str, shape: tuple[int, int]) -> sp.csr_matrix:
    cells = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_matrix(cells, shape=shape, copy=False)


def _graph_matrices(graph: Graph) -> Iterator[tuple[str, sp.csr_matrix]]:
    for name, steps in (("text", graph.text), ("joint", graph.joint)):
        if steps is not None:
            yield f"{name}_once", steps.one_step
            yield f"{name}_twice", steps.two_step


def _read_propagation(arrays: dict[str, np.ndarray], name: str, papers: int) -> Propagation:
    return Propagation(*(_sparse(arrays, f"{name}_{step}", (papers, papers)) for step in ("once", "twice")))
