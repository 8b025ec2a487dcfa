"""Every regular expression of the project takes time in proportion to what it reads, whatever that is.

From each pattern are made the strings that cost it most: what leads up to one of its repetitions, then that many times
over, then something that does not fit. JavaScript's patterns are tried by Python's engine, which backtracks alike.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 4_000, 16_000)  # characters; the growth is measured from the one before the first that takes time
MEASURABLE = 0.004  # seconds: many times what a linear pattern takes
GROWTH = 9.0  # linear is 4, quadratic 16
CALLS = {"compile", "sub", "subn", "match", "search", "fullmatch", "findall", "finditer", "split"}
REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}
CLASSES = {
    sre.CATEGORY_DIGIT: "1",
    sre.CATEGORY_NOT_DIGIT: "a",
    sre.CATEGORY_SPACE: " \n",
    sre.CATEGORY_NOT_SPACE: "a",
    sre.CATEGORY_WORD: "aA1é",
    sre.CATEGORY_NOT_WORD: "- ",
}
PIECE = r"\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n]"  # of a pattern between slashes
JAVASCRIPT = re.compile(rf"(?<=[=(,:!&|?]) ?/((?!\*)(?:{PIECE})(?:{PIECE})*)/[gimsuy]*(?=[.,;) ])")


def python_patterns() -> Iterator[tuple[str, str, str]]:
    for path in sorted([*ROOT.glob("server/**/*.py"), *ROOT.glob("recommender/**/*.py")]):
        where, source = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if "import re\n" in source:
            module = importlib.import_module(where.removesuffix(".py").replace("/", "."))
            kept = {str(one.pattern): name for name, one in vars(module).items() if isinstance(one, re.Pattern)}
            yield from ((where, method(name, source), pattern) for pattern, name in kept.items())
            yield from ((where, *one) for one in written_out(ast.parse(source)) if one[1] not in kept)


def method(name: str, source: str) -> str:
    """How a module calls a pattern of its own: where only whole texts are matched, starts within them do not count.

    A pattern that others may call is tried as one that is searched for.
    """
    called = set(re.findall(rf"\b{name}\.(\w+)", source))
    return called.pop() if name.startswith("_") and len(called) == 1 else "compile"


def written_out(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Patterns that stand where they are used, each after the function of `re` that is called."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in CALLS and ast.unparse(called.value) == "re":
            yield from ((called.attr, one.value) for one in node.args[:1] if is_text(one))
        yield from (
            ("fullmatch", one.value.value) for one in node.keywords if one.arg == "pattern" and is_text(one.value)
        )


def is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def javascript_patterns() -> Iterator[tuple[str, str, str]]:
    for path in sorted(ROOT.glob("extension/**/*.js")):
        code = re.sub(r"(?m)^\s*(?://|/?\*).*$", "", path.read_text(encoding="utf-8"))
        for found in JAVASCRIPT.finditer(code):
            yield path.relative_to(ROOT).as_posix(), "exec", in_python(found[1])


def in_python(pattern: str) -> str:
    """A pattern of JavaScript's as Python writes it, its Unicode properties as the nearest class that Python has."""
    pattern = re.sub(r"\\([pP])\{[^}]*\}", lambda found: r"\w" if found[1] == "p" else r"\W", pattern)
    pattern = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), pattern)
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace("[^]", r"[\s\S]")


def fitting(items: list, generous: bool) -> str:
    """Something that the parsed items match; `generous` also takes what may be left out."""
    return "".join(piece for item in items for piece in pieces(item, generous))


def pieces(item: tuple, generous: bool) -> Iterator[str]:
    kind, value = item
    if kind in REPEATS:
        low, high, body = value
        yield fitting(list(body), generous) * max(low, int(generous and high > 0))
    elif kind is sre.SUBPATTERN:
        yield fitting(list(value[3]), generous)
    elif kind is sre.ATOMIC_GROUP:
        yield fitting(list(value), generous)
    elif kind is sre.BRANCH:
        yield fitting(list(value[1][-1 if generous else 0]), generous)
    elif kind is sre.ASSERT and value[0] < 0:
        yield fitting(list(value[1]), generous)
    else:
        yield next(iter(characters(item)), "")


def characters(item: tuple) -> list[str]:
    """Characters that one parsed item matches, one of each kind it knows."""
    kind, value = item
    if kind is sre.LITERAL:
        return [chr(value)]
    if kind is sre.RANGE:
        return [chr(value[0])]
    if kind is sre.CATEGORY:
        return list(CLASSES[value])
    if kind in (sre.ANY, sre.NOT_LITERAL):
        return ["a", " "]
    if kind is sre.IN and value[0][0] is sre.NEGATE:
        some = "aA1é -_./\\<{[(:;,&#\n漢\u0301"
        return [one for one in some if not any(one in characters(other) for other in value[1:])]
    return [one for other in value for one in characters(other)] if kind is sre.IN else []


def costly(items: list, before: str = "") -> Iterator[tuple[str, str]]:
    """What leads up to each repetition, and what it repeats."""
    for item in items:
        kind, value = item
        inner = [value[2]] if kind in REPEATS else [value[3]] if kind is sre.SUBPATTERN else []
        inner = list(value[1]) if kind is sre.BRANCH else [value[1]] if kind in (sre.ASSERT, sre.ASSERT_NOT) else inner
        if kind in REPEATS and value[1] > 50:
            body = list(value[2])
            yield from (
                (before, one) for one in {fitting(body, True), fitting(body, False), *characters(body[0])} if one
            )
        for body in inner:
            yield from costly(list(body), before)
        before += fitting([item], True)


def adversarial(pattern: str) -> set[tuple[str, str, str]]:
    """(start, repeated, end) of strings made to cost this pattern most."""
    pumps = set(costly(list(_parser.parse(pattern))))
    ends = ("", "!", "\n", "a", "\x00")
    strings = {(start, pump, end) for (start, pump), end in itertools.product(pumps, ends)}
    return strings | {("", start + pump, end) for (start, pump), end in itertools.product(pumps, ends)}


def growth(run: Callable[[str], object], start: str, pump: str, end: str) -> float:
    """How many times longer four times the text takes; 0 where it takes no time worth telling."""

    def seconds(size: int) -> float:
        text = start + pump * max(1, size // len(pump)) + end
        began = time.thread_time()
        run(text)
        return time.thread_time() - began

    slow = next((size for size in SIZES if seconds(size) > MEASURABLE), None)
    if slow is None:
        return 0.0
    return min(seconds(slow) for _ in range(3)) / max(min(seconds(slow // 4) for _ in range(3)), 1e-9)


def is_slow(run: Callable[[str], object], *text: str) -> bool:
    """Whether the text costs more than in proportion, three times in a row: a machine can be busy once."""
    return all(growth(run, *text) > GROWTH for _ in range(3))


def slow_text(call: str, pattern: str) -> tuple[str, str, str] | None:
    """The first text found that costs the pattern more than in proportion, called by this function of `re`."""
    compiled = re.compile(pattern)
    run = {"match": compiled.match, "fullmatch": compiled.fullmatch}.get(call, lambda text: compiled.sub("", text))
    return next((one for one in sorted(adversarial(pattern)) if is_slow(run, *one)), None)


ALL = sorted({*python_patterns(), *javascript_patterns()})


def test_the_patterns_are_found() -> None:
    files = {where for where, *_ in ALL}
    assert {
        "recommender/features/tokenizer.py",
        "server/paper_ids.py",
        "server/api/schemas/fields.py",
        "extension/src/paper-ids.js",
    } <= files
    assert len(ALL) > 80


@pytest.mark.slow
@pytest.mark.parametrize(("where", "call", "pattern"), ALL, ids=[f"{one[0]}:{at}" for at, one in enumerate(ALL)])
def test_no_text_makes_a_pattern_slow(where: str, call: str, pattern: str) -> None:
    assert slow_text(call, pattern) is None, f"{where}: {pattern}"


@pytest.mark.parametrize(
    "pattern", [r"\b([A-Z0-9]*[A-Z][A-Z0-9]*[A-Z])s\b", r"\\u\s*\{?\s*\\?([A-Za-z])", r"\/+$", r"\s+$"]
)
def test_a_slow_pattern_is_noticed(pattern: str) -> None:
    assert slow_text("sub", pattern)
