"""Texts made to cost a regular expression more than their length, tried on each pattern and through the API."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.long.adversarial.target import Reader, Tried, cpu_seconds, target
from tests.server.inkling_process import Up
from tests.test_patterns import ALL, slow_text

KIND = "regular expressions"
FIGURE = "times the cost of plain prose of the same length, through the API"
LENGTH = 50_000  # characters, what the API takes of an abstract
CARDS = 16  # under the 4 MB of a request, whatever the letters
DEAREST = 3.0  # times plain prose; nothing tried so far costs twice as much
PROSE = "We study how readers find the papers that they want and what it costs them to look for others. "
PUMPS = {
    "capitals": "A",
    "capitals and digits": "A1",
    "open braces": "{",
    "braces closed the wrong way": "}{",
    "LaTeX accents": r"\'{",
    "LaTeX commands": r"\u\ ",
    "dollars": "$x",
    "entities": "&#",
    "entities with digits": "&#1",
    "tags without an end": "<a ",
    "addresses": "http://",
    "hyphens": "a-",
    "dots": "a.",
    "white space": " \t",
    "no-break spaces": "\u00a0",
    "combining marks": "\u0301\u0323",
    "full-width letters": "Ａ",
    "Chinese": "注意力",
    "joiners": "👩\u200d",
    "ids": "2401.12345v",
    "quotes": "\"'",
}
ALPHABET = [*"aA1 -_./\\{}$&#;<>()[]'\"^~%@:,!?\t\n", "é", "\u0301", "漢", "ß", "İ", "\u200d", "\u00ad", "𝔸"]


def made_up(dice: random.Random) -> str:
    return "".join(dice.choices(ALPHABET, k=dice.randint(1, 7)))


def members(quick: bool, dice: random.Random, folder: Path) -> Iterator[Tried]:
    """Yield what each text cost through the API, then how each pattern grows."""
    named = dice.sample(sorted(PUMPS.items()), 4) if quick else sorted(PUMPS.items())
    drawn = [made_up(dice) for _ in range(1 if quick else 20)]
    with target(folder / "patterns") as (up, reader):
        spend = meter(up, reader)
        spend(PROSE)  # what is loaded at the first request is nobody's cost
        plain = max(spend(PROSE), 0.05)
        for name, pump in [*named, *((f"drawn: {one!r}", one) for one in drawn)]:
            cost = spend(pump)
            if cost > plain:  # the server may have had something else to do just then
                cost = min(cost, *(spend(pump) for _ in range(3)))
            broke = f"{cost:.1f} s of processor beside {plain:.1f} s" if cost / plain > DEAREST else ""
            yield Tried(f"abstracts of {name}", cost / plain, broke=broke)
    # `tests/test_patterns.py` tries them with every run of the tests.
    yield from () if quick else (pattern_member(*one) for one in ALL)


def meter(up: Up, reader: Reader) -> Callable[[str], float]:
    """Return what measures the processor seconds that some cards full of a text cost, ranked and stored."""
    number = 0

    def spend(pump: str) -> float:
        nonlocal number
        number += 1
        # Each time another text: what was folded before costs nothing again.
        text = f"{number} {pump * (LENGTH // len(pump) + 1)}"[:LENGTH]
        cards = [{"id": f"{2000 + number}.{at:05d}", "title": text[:2000], "abstract": text} for at in range(CARDS)]
        before = cpu_seconds(up)
        body = json.dumps({"papers": cards}, ensure_ascii=False).encode()
        status, told = reader.send("POST", "/v1/rank", body)
        assert status == 200, told
        status, answer = reader.ask("/v1/papers?q=" + "x" * 10)
        assert status == 200, answer
        return cpu_seconds(up) - before

    return spend


def pattern_member(where: str, call: str, pattern: str) -> Tried:
    """Try one pattern of the source with the texts made from it."""
    dear = slow_text(call, pattern)
    broke = f"more than in proportion for {dear!r}" if dear else ""
    # No figure: it is another one than that of the texts.
    return Tried(f"{where} {pattern[:60]!r}", broke=broke)
