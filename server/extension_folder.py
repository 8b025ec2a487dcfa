"""Where the extension's files are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def extension_folder() -> Path:
    """Return the folder that a browser loads the extension from."""
    beside = _HERE.parent / "extension"
    return beside if (beside / "manifest.json").is_file() else _HERE / "bundled" / "extension"
