"""Docstrings, comments and READMEs name only what exists."""

from __future__ import annotations

import ast
import functools
import io
import os
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READMES = [
    "README.md",
    *(f"{room}/README.md" for room in ("server", "recommender", "extension", "tests")),
    "deploy/RUNBOOK.md",
    "deploy/SCALING.md",
]
TICKED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
NAME = re.compile(r"\w+(?:\.\w+)*(?:\(\))?")
WORD = re.compile(r"\w+")
FILE = re.compile(r"[\w-]+(?:\.[\w-]+)+")
SUFFIXES = (".py", ".js", ".mjs", ".md", ".json", ".toml", ".css", ".html", ".sh", ".yaml")
# What other programs call something: scikit-learn, implicit, nginx, the browsers' policies and packers.
ELSEWHERE = {"sublinear_tf", "recalculate_item", "send_timeout", "limit_conn", "1_Pooling/config.json", "policies.json"}
ELSEWHERE |= {"install_url", "update_url", "override_update_url", "inkling.crx"}


def sources() -> list[Path]:
    return [path for room in ("server", "recommender") for path in sorted((ROOT / room).rglob("*.py"))]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The comments and docstrings of a module, each with its line."""
    text = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                yield first.lineno, first.value.value


@functools.cache
def words() -> frozenset[str]:
    """Every word of the code: names, attributes, keywords and what is inside strings, but no docstring or comment."""
    found: set[str] = set()
    for path in sources():
        told = {text for _, text in prose(path)}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for field in ("id", "attr", "arg", "name", "asname", "module"):
                value = getattr(node, field, None)
                if isinstance(value, str):
                    found.update(WORD.findall(value))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in told:
                found.update(WORD.findall(node.value), FILE.findall(node.value))
        found.update(path.relative_to(ROOT).with_suffix("").parts)
    others = (
        "extension/src/**/*.js",
        "extension/*.json",
        "deploy/*",
        "*.toml",
        "tests/*.js*",
        "tests/**/*.py",
        "tests/run",
    )
    for path in (path for pattern in others for path in ROOT.glob(pattern)):
        if {"node_modules", ".venv", "test_docs.py"} & set(path.parts):
            continue
        if path.is_file() and path.suffix not in {".md", ".png"}:
            code = re.sub(r"(?m)^\s*(?://|/?\*|#).*$", "", path.read_text(encoding="utf-8"))
            found.update(WORD.findall(code), FILE.findall(code))
            found.update(path.stem.split("-"))
    return frozenset(found)


@functools.cache
def files() -> tuple[str, ...]:
    """Return the paths of everything in the rooms, folders with a slash at their end."""
    skipped = {"node_modules", ".venv", ".cache", "__pycache__"}
    found = ["README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"]
    for room in ("server", "recommender", "extension", "tests", "deploy"):
        for folder, folders, names in os.walk(ROOT / room):
            folders[:] = [name for name in folders if name not in skipped]
            inside = Path(folder).relative_to(ROOT).as_posix()
            found += [f"/{inside}/", *(f"/{inside}/{name}" for name in names)]
    return tuple(found)


def is_false(ticked: str) -> bool:
    """Tell whether nothing bears the name between two backticks; formulas and commands are not judged."""
    if (
        ticked in ELSEWHERE
        or ticked.startswith("HOME/")
        or (ticked.startswith("INKLING_") and ticked.endswith("_FILE"))
    ):
        return False
    if PATH.fullmatch(ticked) and ticked.endswith(SUFFIXES):
        # A file that only exists at run time is named in the code.
        here = any(f"/{path}".endswith(f"/{ticked}") for path in files())
        return not here and ("/" in ticked or ticked not in words())
    if NAME.fullmatch(ticked) and re.search(r"_|\.[a-z]|\(\)$", ticked) and not re.search(r"^\d", ticked):
        return not set(WORD.findall(ticked)) <= words()
    return False


@pytest.mark.parametrize("room", ["server", "recommender"])
def test_comments_and_docstrings_name_only_what_exists(room: str) -> None:
    false = [
        f"{path.relative_to(ROOT)}:{line}: {ticked}"
        for path in sources()
        if path.is_relative_to(ROOT / room)
        for line, text in prose(path)
        for ticked in TICKED.findall(text)
        if is_false(ticked)
    ]
    assert not false, "\n".join(false)


@pytest.mark.parametrize("readme", READMES)
def test_readmes_name_only_what_exists(readme: str) -> None:
    path = ROOT / readme
    text = re.sub(r"(?ms)^```.*?^```", "", path.read_text(encoding="utf-8"))
    false = [ticked for ticked in TICKED.findall(text) if is_false(ticked)]
    assert not false, "\n".join(false)


@pytest.mark.parametrize(
    "ticked", ["no_such_name", "Model.no_such_name", "server/no_such.py", "server/papers.py", "no_such_call()"]
)
def test_a_false_name_is_noticed(ticked: str) -> None:
    assert is_false(ticked)
