"""`deploy/package-extension`: what is in the two files, and that they come out the same every time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pack(folder: Path) -> list[Path]:
    command = [sys.executable, ROOT / "deploy" / "package-extension", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Path(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return pack(tmp_path_factory.mktemp("dist"))


def test_each_browser_has_its_file_named_by_the_version(packed):
    version = json.loads((ROOT / "extension" / "manifest.json").read_text())["version"]
    browsers = ("chromium", "firefox")
    assert [file.name for file in packed] == [f"inkling-extension-{version}-{browser}.zip" for browser in browsers]


def test_packing_again_gives_the_same_bytes(packed, tmp_path):
    assert [file.read_bytes() for file in pack(tmp_path)] == [file.read_bytes() for file in packed]


def test_everything_the_manifest_names_is_there_and_the_demo_is_not(packed):
    for file in packed:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            manifest = json.loads(archive.read("manifest.json"))
        background = manifest["background"].get("service_worker") or manifest["background"]["scripts"][0]
        scripts = [script for one in manifest["content_scripts"] for script in one["js"]]
        pages = [manifest["action"]["default_popup"], manifest["options_ui"]["page"], "src/welcome/welcome.html"]
        rest = [*manifest["icons"].values(), manifest["storage"]["managed_schema"]]
        assert {background, *scripts, *pages, *rest} <= set(names)
        assert {"_locales/en/messages.json", "_locales/de/messages.json"} <= set(names)
        assert not [name for name in names if name.startswith("src/demo/")]


def test_each_manifest_says_only_what_its_browser_reads(packed):
    manifests = []
    for file in packed:
        with zipfile.ZipFile(file) as archive:
            manifests.append(json.loads(archive.read("manifest.json")))
    chromium, firefox = manifests
    assert "browser_specific_settings" not in chromium
    assert chromium["background"] == {"service_worker": "src/background.js", "type": "module"}
    assert firefox["background"] == {"scripts": ["src/background.js"], "type": "module"}
    assert "minimum_chrome_version" not in firefox
    # Firefox knows no such optional permission.
    chromium["optional_permissions"].remove("contextMenus")
    for key in [key for key in chromium if "permissions" in key] + ["content_scripts", "web_accessible_resources"]:
        assert chromium[key] == firefox[key]
