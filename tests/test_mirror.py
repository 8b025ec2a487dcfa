"""The tests' tree mirrors the rooms: a module's tests are found by its name, and what has none says why."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| `((?:server|recommender|extension)/[^`]+\.(?:py|js))` \| (.+?) \|$", re.MULTILINE)


def modules() -> list[Path]:
    python = [path for room in ("server", "recommender") for path in sorted((ROOT / room).rglob("*.py"))]
    # A migration is written once and run by every test that opens a database.
    python = [path for path in python if path.name != "__init__.py" and "migrations" not in path.parts]
    return [*python, *sorted((ROOT / "extension/src").rglob("*.js"))]


def namesake(module: Path) -> Path:
    inside = module.relative_to(ROOT)
    if module.suffix == ".js":
        return ROOT / "tests/extension" / module.relative_to(ROOT / "extension/src").with_suffix(".test.js")
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


def test_every_module_has_its_tests_or_a_reason() -> None:
    listed = dict(ROW.findall((ROOT / "tests/README.md").read_text()))
    without = {path.relative_to(ROOT).as_posix() for path in modules() if not namesake(path).exists()}
    assert without - listed.keys() == set(), "neither a test file of its name nor a reason in tests/README.md"
    assert listed.keys() - without == set(), "listed in tests/README.md as without tests, but it has some or is gone"
    unreasoned = sorted(module for module, reason in listed.items() if reason == "open")
    assert not unreasoned, "tests/README.md has to say why these have no tests of their name"
