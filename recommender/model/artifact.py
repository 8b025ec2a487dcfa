"""A model on disk: `manifest.json`, a model card and one `.npy` file per array; never pickle.

Arrays are memory-mapped read-only, after their size, shape and type are compared with the manifest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recommender.errors import BrokenModel
from recommender.model.model_card import MODEL_CARD, render_model_card

FORMAT = 1
MANIFEST = "manifest.json"
MAPPED_AT_ONCE = 1 << 16  # bytes that Linux maps at one fault, unless set otherwise


def _open_private(name: str, flags: int) -> int:
    """Open a file for its owner alone: a model can tell what readers read."""
    return os.open(name, flags, 0o600)


def write(folder: Path, manifest: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a new folder, the manifest last, and sync it to the disk. Raises FileExistsError."""
    folder.mkdir(mode=0o700, parents=True)
    entries = {}
    for name, array in arrays.items():
        with open(folder / f"{name}.npy", "xb", opener=_open_private) as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            _sync(file)
            entries[name] = {"shape": list(array.shape), "dtype": array.dtype.str, "bytes": file.tell()}
    with open(folder / MODEL_CARD, "x", encoding="utf-8", opener=_open_private) as file:
        file.write(render_model_card(manifest))
        _sync(file)
    with open(folder / MANIFEST, "x", encoding="utf-8", opener=_open_private) as file:
        json.dump({**manifest, "format": FORMAT, "arrays": entries}, file, indent=1, allow_nan=False)
        _sync(file)
    for place in (folder, folder.parent):
        descriptor = os.open(place, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the manifest and its arrays, memory-mapped read-only.

    Raises BrokenModel if a file is missing, differs from the manifest, or has another format.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise BrokenModel(f"{folder}: format {manifest['format']}, this version reads {FORMAT}; train again")
        arrays = {name: _map_array(folder / f"{name}.npy", entry) for name, entry in manifest["arrays"].items()}
    except BrokenModel:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenModel(f"{folder}: {type(error).__name__}: {error}") from error
    return manifest, arrays


def map_pages(array: np.ndarray) -> None:
    """Let the system map the pages of a contiguous array into this process, that whoever reads it need not wait.

    One byte of each run of pages that Linux maps at once: 40 ms for a gigabyte in memory, half of reading all of it.
    Python's lock is free meanwhile, also while pages come from a disk.
    """
    array.reshape(-1).view(np.uint8)[::MAPPED_AT_ONCE].max(initial=0)


def _map_array(path: Path, entry: Mapping[str, Any]) -> np.ndarray:
    if path.stat().st_size != entry["bytes"]:
        raise BrokenModel(f"{path}: {path.stat().st_size} bytes, the manifest says {entry['bytes']}")
    empty = 0 in entry["shape"]  # an empty file cannot be mapped
    array = np.asarray(
        np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    )  # a plain array is quicker than np.memmap
    if list(array.shape) != entry["shape"] or array.dtype.str != entry["dtype"]:
        raise BrokenModel(
            f"{path}: {array.dtype.str} {array.shape}, the manifest says {entry['dtype']} {entry['shape']}"
        )
    return array


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
