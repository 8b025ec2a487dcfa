"""The rooms and who may import whom. A failure names the file and the line of the map it breaks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN = {
    "recommender": {"server", "flask", "sqlalchemy", "httpx", "requests", "redis"},
    "server/services": {
        *("flask", "werkzeug", "flask_smorest", "sqlalchemy", "redis", "httpx"),
        *("server.api", "server.app", "server.commands"),
    },
    "server/store": {"flask", "server.api", "server.services", "server.sources", "recommender", "redis"},
    "server/sources": {"flask", "sqlalchemy", "server.api", "server.services", "server.store", "recommender"},
    "server/mail": {
        *("flask", "sqlalchemy", "httpx", "recommender", "server.api", "server.services", "server.store"),
        *("server.pages", "server.sources", "server.app", "server.commands"),
    },
    "server/api": {"sqlalchemy", "server.sources", "server.app", "server.commands", "server.pages", "recommender"},
    "server/pages": {"sqlalchemy", "server.store", "server.sources", "server.app", "server.commands", "recommender"},
    "server/supervise": {"flask", "sqlalchemy", "server.api", "recommender"},
}
# The one file that may import a library, or read a thing, that all others leave to it.
ALONE = {
    "redis": {"server/hot.py"},
    "httpx": {"server/sources/http.py"},
    "smtplib": {"server/mail/smtp.py"},
    "implicit": {"recommender"},
}
# The recommender is a chain of packages: each may import those before it, and these single modules.
CHAIN = ("data", "features", "model", "ranking", "training", "evaluation")
LEAVES = ("config", "errors", "bootstrap")
LONGEST_FILE, LONGEST_FUNCTION = 400, 40


def python_files(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def imports(path: Path) -> list[tuple[int, str]]:
    """Every import of a file, those inside functions included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [
                (node.lineno, node.module),
                *((node.lineno, f"{node.module}.{alias.name}") for alias in node.names),
            ]
    return found


def is_of(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("room", FORBIDDEN)
def test_the_arrows_between_rooms(room: str) -> None:
    files = python_files(room)
    assert files, f"{room} is empty"
    for path in files:
        for line, name in imports(path):
            broken = [package for package in FORBIDDEN[room] if is_of(name, package)]
            assert not broken, f"{path.relative_to(ROOT)}:{line} imports {name}; {room} may not"


@pytest.mark.parametrize("package", [*CHAIN, *LEAVES])
def test_nothing_in_the_recommender_points_back(package: str) -> None:
    place = CHAIN.index(package) if package in CHAIN else -1
    allowed = {*LEAVES, *CHAIN[: place + 1]} - ({package} if package in LEAVES else set())
    files = python_files(f"recommender/{package}") if package in CHAIN else [ROOT / f"recommender/{package}.py"]
    assert files
    for path in files:
        for line, name in imports(path):
            if is_of(name, "recommender") and name != "recommender":
                assert name.split(".")[1] in allowed, (
                    f"{path.relative_to(ROOT)}:{line} imports {name}; {package} may not"
                )


def test_the_recommender_is_nothing_but_its_chain() -> None:
    inside = {path.stem for path in (ROOT / "recommender").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert inside - {"__init__", "__pycache__"} == {*CHAIN, *LEAVES}


def test_no_module_imports_itself_by_a_detour() -> None:
    names = {
        path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in python_files("server", "recommender")
    }
    known = {name.removesuffix(".__init__") for name in names.values()}
    wanted = {
        name.removesuffix(".__init__"): {one for _, one in imports(path) if one in known}
        for path, name in names.items()
    }
    settled: set[str] = set()
    while free := {name for name, needs in wanted.items() if name not in settled and needs - {name} <= settled}:
        settled |= free
    assert settled == set(wanted), f"a cycle among {sorted(set(wanted) - settled)}"


@pytest.mark.parametrize("library", ALONE)
def test_a_library_has_one_door(library: str) -> None:
    for path in python_files("server", "recommender"):
        where = path.relative_to(ROOT).as_posix()
        if any(where == door or where.startswith(door + "/") for door in ALONE[library]):
            continue
        for line, name in imports(path):
            assert not is_of(name, library), f"{where}:{line} imports {name}; only {ALONE[library]} may"


def test_only_the_settings_read_the_environment() -> None:
    # Processes that we start get an environment made from ours: that is handing on, not reading.
    handing_on = {"server/supervise", "server/services/backups.py"}
    for path in python_files("server", "recommender"):
        where = path.relative_to(ROOT).as_posix()
        if where == "server/config.py" or any(where.startswith(one) for one in handing_on):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not re.search(r"os\.getenv|(?<!request\.)environ\.get\(|os\.environ\[[^]]+\](?!\s*=)", line), (
                f"{where}:{number}: {line.strip()}"
            )


def test_nothing_is_too_long_to_read() -> None:
    long = []
    for path in python_files("server", "recommender"):
        if "migrations/versions" in path.as_posix():
            continue  # A migration is a list, written once and never again.
        text = path.read_text()
        if text.count("\n") > LONGEST_FILE:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert not long


CONTENT_CODE = ("content.js", "loader.js", "hydration.js", "page", "sites", "features", "ui")


def test_content_code_has_neither_storage_nor_network() -> None:
    """Firefox has no boundary between a content script and `storage.local`: this test is that boundary."""
    files = [
        file
        for name in CONTENT_CODE
        for file in (
            [ROOT / "extension/src" / name]
            if name.endswith(".js")
            else sorted((ROOT / "extension/src" / name).glob("*.js"))
        )
    ]
    assert len(files) > 15
    for path in files:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        for word in (
            r"\bfetch\s*\(",
            r"\bstorage\b",
            r"XMLHttpRequest",
            r"localStorage",
            r"sessionStorage",
            r"indexedDB",
            r"innerHTML",
            r"insertAdjacentHTML",
        ):
            assert not re.search(word, code), f"{path.relative_to(ROOT)} uses {word}"


def test_each_room_says_its_law_and_each_setting_is_told() -> None:
    told = "".join(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("*/*.md")])
    for room in ("server", "recommender", "extension"):
        assert (ROOT / room / "README.md").exists(), f"{room}/README.md is missing"
    settings = set(re.findall(r"INKLING_[A-Z_]+", (ROOT / "server/config.py").read_text()))
    untold = sorted(name for name in settings if name not in told and name != "INKLING_")
    assert not untold, f"no README tells of {untold}"
