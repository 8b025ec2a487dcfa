"""Encoders: texts to vectors, optionally, beside TF-IDF (`tfidf.py`), which needs no encoder.

Their vectors make the component `embedding` of a score. Only training encodes: a paper newer than the model gets the
vectors of its nearest by words, so that no request waits for a neural network and no worker holds one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from recommender.errors import EncoderUnavailable
from recommender.features.tokenizer import MAX_CHARACTERS

BATCH_SIZE = 32
MAX_TOKENS = 256  # if the tokenizer's own file sets no limit
_FILES = ("model.onnx", "tokenizer.json")


class Encoder(Protocol):
    """Turns texts into vectors; its `name` keeps vectors of two encoders apart."""

    @property
    def name(self) -> str:
        """The encoder and its version."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector per text, float32 (M, E), of unit length; all zero for an empty text."""
        ...


class OnnxEncoder:
    """A sentence-embedding model in a folder: `model.onnx` and `tokenizer.json`, run by onnxruntime on the processor.

    The graph takes `input_ids`, `attention_mask` and optionally `token_type_ids`, int64 (M, S), and returns one vector
    per text (M, E) or per token (M, S, E). Token vectors are averaged, or the first is taken if
    `1_Pooling/config.json` says so (mean and CLS pooling, Reimers and Gurevych 2019).

    Raises EncoderUnavailable if a file or a package is missing, or the files are not an encoder's.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise EncoderUnavailable(f"{folder} has no {' and no '.join(missing)}; an encoder needs both files")
        self._tokenizer, self._session = _load(folder, threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        if unknown := self._inputs - {"input_ids", "attention_mask", "token_type_ids"}:
            raise EncoderUnavailable(f"{folder}/model.onnx wants {', '.join(sorted(unknown))}, which texts do not give")
        outputs = [one.name for one in self._session.get_outputs()]
        self._output = "sentence_embedding" if "sentence_embedding" in outputs else outputs[0]
        self._first_token = _uses_first_token(folder / "1_Pooling" / "config.json")
        self.name = "onnx-" + _folder_fingerprint(folder, self._first_token)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one vector per text, float32 (M, E), of unit length; all zero for an empty text."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # of similar length, so little padding
        batches = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)]
        found = [self._batch([texts[row] for row in rows]) for rows in batches] or [self._batch([""])[:0]]
        vectors = np.empty((len(texts), found[0].shape[1]), np.float32)
        vectors[order] = np.concatenate(found)
        return vectors

    def _batch(self, texts: list[str]) -> np.ndarray:
        encoded = self._tokenizer.encode_batch([text[:MAX_CHARACTERS] or " " for text in texts])
        has_text = np.array([bool(text.strip()) for text in texts], np.float32)[:, None]
        ids = np.array([one.ids for one in encoded], np.int64)
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        if not ids.shape[1]:  # no token in the whole batch
            ids, mask = np.zeros((len(texts), 1), np.int64), np.zeros((len(texts), 1), np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (output,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
        return _unit_rows(has_text * self._pool(np.asarray(output, np.float32), mask))

    def _pool(self, output: np.ndarray, mask: np.ndarray) -> np.ndarray:
        if output.ndim == 2:
            return output
        if self._first_token:
            return output[:, 0]
        weights = mask[:, :, None].astype(np.float32)
        return (output * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)


@dataclass(frozen=True)
class Embeddings:
    """Papers' `vectors` float32 (P, E), `fingerprints` uint64 (P,) of their texts, and the name of their encoder."""

    encoder: str
    vectors: np.ndarray
    fingerprints: np.ndarray

    @classmethod
    def empty(cls, papers: int) -> Embeddings:
        """Return embeddings without an encoder: vectors of no dimension."""
        return cls("", np.zeros((papers, 0), np.float32), np.broadcast_to(np.uint64(0), papers))

    def __bool__(self) -> bool:
        return self.vectors.shape[1] > 0

    @cached_property
    def mean(self) -> np.ndarray:
        """Float32 (E,): what all texts have in common; it tells none from another and is subtracted."""
        return np.asarray(self.vectors.mean(axis=0), np.float32)


def encode_papers(
    encoder: Encoder, texts: Sequence[str], known: Embeddings | None = None, step: Callable[[float], None] | None = None
) -> Embeddings:
    """Encode texts (P,), reusing the vectors of `known` by the same encoder; `step` is called with the share done.

    A text without a vector gets the mean of the others, so that it is similar to none.
    """
    fingerprints = np.array([_text_fingerprint(text) for text in texts], np.uint64)
    old = _by_fingerprint(known) if known is not None and known.encoder == encoder.name else {}
    fresh = [row for row, key in enumerate(fingerprints.tolist()) if key not in old]
    made = list(_encode_batches(encoder, [texts[row] for row in fresh], step or (lambda share: None)))
    width = made[0].shape[1] if made else known.vectors.shape[1] if known is not None else 0
    vectors = np.zeros((len(texts), width), np.float32)
    for row, key in enumerate(fingerprints.tolist()):
        if key in old:
            vectors[row] = old[key]
    if fresh:
        vectors[fresh] = np.concatenate(made)
    empty = ~vectors.any(axis=1)
    vectors[empty] = vectors[~empty].mean(axis=0) if not empty.all() else 0
    return Embeddings(encoder.name, vectors, fingerprints)


def _encode_batches(encoder: Encoder, texts: list[str], step: Callable[[float], None]) -> Iterator[np.ndarray]:
    stride = 16 * BATCH_SIZE
    for start in range(0, len(texts), stride):
        yield encoder.encode(texts[start : start + stride])
        step(min(1.0, (start + stride) / len(texts)))


def _by_fingerprint(known: Embeddings) -> Mapping[int, np.ndarray]:
    return dict(zip(known.fingerprints.tolist(), known.vectors, strict=True))


def _text_fingerprint(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _load(folder: Path, threads: int) -> tuple[Any, Any]:
    """Return the tokenizer and the session of a folder's two files."""
    try:
        import onnxruntime
        import tokenizers
    except ImportError as error:
        raise EncoderUnavailable(f"{error.name} is not installed: `pip install inkling[onnx]`") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # both libraries raise their own classes, some derived from Exception alone
        raise EncoderUnavailable(f"{folder} cannot be opened as an encoder: {error}") from error
    if tokenizer.truncation is None:
        tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding(pad_id=(tokenizer.padding or {}).get("pad_id", 0))
    return tokenizer, session


def _uses_first_token(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("pooling_mode_cls_token"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError) as error:
        raise EncoderUnavailable(f"{path} cannot be read: {error}") from error


def _folder_fingerprint(folder: Path, first_token: bool) -> str:
    whole = hashlib.sha256(str(first_token).encode())
    for name in _FILES:
        with open(folder / name, "rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]


def _unit_rows(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
