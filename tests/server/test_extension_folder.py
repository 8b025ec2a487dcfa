"""The extension's files are found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import extension_folder


def test_it_is_beside_the_package_in_a_checkout() -> None:
    assert (extension_folder.extension_folder() / "manifest.json").is_file()


def test_it_is_inside_the_package_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extension_folder, "_HERE", tmp_path / "server")
    assert extension_folder.extension_folder() == tmp_path / "server/bundled/extension"
