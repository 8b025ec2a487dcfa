"""Settings between none and a lot, as steps with words: a slider that works without a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.errors import Invalid
from server.pages.languages import gettext as _

# What a form sends -> the setting's value; 1 is as built.
STEPS = {"none": 0.0, "little": 0.5, "built": 1.0, "more": 1.5, "lot": 2.0}
NAMES = ("freshness", "variety", "exploration")


@dataclass(frozen=True)
class Slider:
    """A setting with its title, what it is about, the words of its steps, and the step nearest to its value."""

    name: str
    title: str
    about: str
    words: Mapping[str, str]
    chosen: str


def sliders(settings: Mapping[str, Any]) -> list[Slider]:
    """Return the sliders with what the reader has chosen."""
    words = _words()
    return [Slider(name, *said, words, _nearest(settings[name])) for name, said in _titles().items()]


def read(form: Mapping[str, str]) -> dict[str, float]:
    """Return the settings that a form chose. Raises Invalid for a step that is none."""
    chosen = {name: form[name] for name in NAMES if name in form}
    for name, step in chosen.items():
        if step not in STEPS:
            raise Invalid(f"Must be one of {', '.join(STEPS)}.", field=name)
    return {name: STEPS[step] for name, step in chosen.items()}


def _nearest(value: float) -> str:
    return min(STEPS, key=lambda step: abs(STEPS[step] - value))


def _titles() -> dict[str, tuple[str, str]]:
    return {
        "freshness": (_("Freshness"), _("How much it counts that a paper is new.")),
        "variety": (_("Variety"), _("How different the papers of one list are from each other.")),
        "exploration": (_("Exploration"), _("How much is tried that you have not read about yet.")),
    }


def _words() -> dict[str, str]:
    return {
        "none": _("none"),
        "little": _("a little"),
        "built": _("as built"),
        "more": _("more"),
        "lot": _("a lot"),
    }
