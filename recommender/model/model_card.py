"""The model card (Mitchell et al. 2019): a model's data, figures, parameters, blend and limits, for its operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

MODEL_CARD = "MODEL_CARD.md"

_ABOUT = """\
Ranks papers for one reader at a time. Papers, words, authors, categories and organisations have vectors in one space,
learned by one ALS factorisation of who took up what, stacked on the TF-IDF words of the papers. Beside it stand scores
by text; the blend below weighs them. Readers have theirs made of their own events when they ask: none is in here."""
_LIMITS = """\
- It knows what people opened, saved and hid, not what is true or good: what is read much is recommended much.
- A paper that nobody has taken up is placed by its words alone; one without words is not placed at all.
- A reader with one or two papers gets what those resemble. With few readers about, it has learned from words alone.
- Words mean what they mean in this catalogue: a field or a language it hardly holds is served poorly.
- The figures are of the readers and days it was judged on. They say nothing of other readers.
- It holds the ids and titles of papers, the words of their abstracts, how many readers each has, and what it was judged
  on as hashes: no reader's name, and no event that could be read without knowing readers' ids. Where there are few
  readers, their number can still tell who read a paper."""
_COUNT_LABELS = {
    "papers": "papers",
    "events": "events",
    "readers": "readers",
    "pairs": "papers taken up, each reader's counted",
    "words": "words",
    "names": "authors, categories and organisations",
    "factors": "factors",
}


def render_model_card(manifest: Mapping[str, Any]) -> str:
    """Return the model card of a manifest, in Markdown."""
    return "\n".join([*_lines(manifest), ""])


def _lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    counts = manifest.get("counts", {})
    yield from (f"# Model {manifest['version']}", "", _ABOUT, "")
    yield from ("## Data", "", f"Trained {_format_day(manifest.get('trained_at'))}.")
    yield f"Newest event or paper: {_format_day(manifest.get('watermark'))}."
    yield from (*_origin(manifest.get("start")), "")
    yield from _table("what", "how many", {_COUNT_LABELS.get(name, name): count for name, count in counts.items()})
    yield from ("", "## Figures", "", *_judgement(manifest.get("gate")))
    yield from _section("figures", manifest.get("figures"))
    yield from ("", "## Parameters", "", *_table("setting", "value", manifest.get("config", {})))
    yield from ("", "## Blend", "", *_table("weight", "value", manifest.get("blend", {})))
    yield from ("", "## Limits", "", _LIMITS)


def _origin(start: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield where a model's vectors began; nothing for one that no other came before or that does not say."""
    if start and start["from"]:
        yield f"Its vectors began as those of {start['from']}; models in a row that began so: {start['warm_starts']}."
    elif start:
        yield f"Its vectors began from scratch: {start['why']}."


def _judgement(gate: Mapping[str, Any] | None) -> Iterator[str]:
    if not gate:
        yield "Not judged."
        return
    yield gate["reason"]
    if gate["comparisons"]:
        yield ""
        yield "| against | this model | the other | difference, all but chance |"
        yield "| --- | --- | --- | --- |"
    for name, one in gate["comparisons"].items():
        span = f"{one['low']:+.4f} to {one['high']:+.4f}"
        yield f"| {name} | {one['ours']:.4f} | {one['theirs']:.4f} | {span} |"
    if gate["comparisons"]:
        yield ""
        yield "Each figure is the mean over the judged papers of 1/log2(1 + place), nothing past place 1000."


def _section(name: str, values: Mapping[str, Any] | None) -> Iterator[str]:
    if values:
        yield from ("", *_table(name, "value", values))


def _table(left: str, right: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {left} | {right} |"
    yield "| --- | --- |"
    for name, value in _flatten(values):
        yield f"| {name} | {_format_cell(value)} |"


def _flatten(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value


def _format_cell(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_format_cell(one) for one in value)
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _format_day(moment: float | None) -> str:
    if moment is None:
        return "unknown"
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
