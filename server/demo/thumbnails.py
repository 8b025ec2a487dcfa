"""Draws a thumbnail for each invented paper, as a listing has. Pure: the same id gives the same picture."""

from __future__ import annotations

import itertools
import math
import random
import zlib

WIDTH, HEIGHT = 480, 270
_HUES = (212, 262, 168, 24, 338, 196, 48, 286, 142, 8, 230, 92)


def draw_thumbnail(paper_id: str) -> str:
    """Return an SVG: a page with lines of text and a figure, on a tinted background."""
    chance = random.Random(zlib.crc32(paper_id.encode()))
    hue = chance.choice(_HUES)
    figure = chance.choice((_bars, _scatter, _network, _wave))(chance, hue)
    ground = (
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="hsl({hue} 45% 88%)"/>'
        f'<stop offset="1" stop-color="hsl({(hue + 40) % 360} 40% 76%)"/></linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>'
    )
    sheet = '<rect x="60" y="28" width="360" height="260" rx="6" fill="#fff"/>'
    head = f'<rect x="84" y="50" width="{chance.randint(190, 300)}" height="11" rx="3" fill="hsl({hue} 35% 28%)"/>'
    byline = f'<rect x="84" y="69" width="{chance.randint(90, 170)}" height="6" rx="3" fill="#c3c9d4"/>'
    body = (
        f'<svg x="0" y="0" viewBox="0 0 {WIDTH} {HEIGHT}">{ground}{sheet}{head}{byline}{_lines(chance)}{figure}</svg>'
    )
    return body.replace("<svg x", f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" x', 1)


def _lines(chance: random.Random) -> str:
    rows = [
        (y, 130 - (chance.randint(20, 90) if number % 5 == 4 else 0)) for number, y in enumerate(range(92, 260, 13))
    ]
    return "".join(f'<rect x="84" y="{y}" width="{width}" height="5" rx="2" fill="#e3e7ee"/>' for y, width in rows)


def _bars(chance: random.Random, hue: int) -> str:
    heights = sorted(chance.randint(25, 120) for _ in range(6))
    return "".join(
        f'<rect x="{236 + 27 * number}" y="{225 - height}" width="17" height="{height}" rx="2" '
        f'fill="hsl({hue} 55% {72 - 6 * number}%)"/>'
        for number, height in enumerate(heights)
    )


def _scatter(chance: random.Random, hue: int) -> str:
    dots = []
    for number in range(34):
        middle = (290, 190) if number % 2 else (355, 135)
        x, y = chance.gauss(middle[0], 24), chance.gauss(middle[1], 18)
        tint = hue if number % 2 else (hue + 140) % 360
        dots.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="hsl({tint} 55% 58%)" fill-opacity=".75"/>')
    return "".join(dots)


def _network(chance: random.Random, hue: int) -> str:
    columns = [[(245 + 48 * column, 100 + 34 * row) for row in range(rows)] for column, rows in enumerate((3, 4, 4, 2))]
    parts = []
    for left, right in itertools.pairwise(columns):
        for x1, y1 in left:
            for x2, y2 in right:
                shade = chance.randint(55, 88)
                parts.append(f'<path d="M{x1} {y1}L{x2} {y2}" stroke="hsl({hue} 30% {shade}%)"/>')
    nodes = [f'<circle cx="{x}" cy="{y}" r="8" fill="hsl({hue} 55% 55%)"/>' for column in columns for x, y in column]
    return "".join([*parts, *nodes])


def _wave(chance: random.Random, hue: int) -> str:
    parts = []
    for number in range(3):
        phase, size = chance.random() * 6, chance.randint(14, 32)
        heights = (165 + size * math.sin(step / 5 + phase) * math.exp(-step / 70) for step in range(42))
        points = " ".join(f"{232 + 4 * step},{height:.1f}" for step, height in enumerate(heights))
        tint = (hue + 50 * number) % 360
        parts.append(f'<polyline points="{points}" fill="none" stroke="hsl({tint} 55% 55%)" stroke-width="3"/>')
    return "".join(parts)
