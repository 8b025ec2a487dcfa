"""Settings as steps with words."""

from __future__ import annotations

import pytest

from server.errors import Invalid
from server.pages import sliders


def test_every_step_has_its_word_and_every_slider_its_step() -> None:
    found = sliders.sliders({"freshness": 0.0, "variety": 0.76, "exploration": 9.0})
    assert tuple(one.name for one in found) == sliders.NAMES
    assert [one.chosen for one in found] == ["none", "built", "lot"]
    for one in found:
        assert list(one.words) == list(sliders.STEPS)
        assert len(set(one.words.values())) == len(sliders.STEPS)


def test_a_form_may_choose_some() -> None:
    assert sliders.read({"variety": "little", "else": "x"}) == {"variety": 0.5}
    for step in ("", "1", "lots", "None"):
        with pytest.raises(Invalid) as error:
            sliders.read({"variety": "more", "freshness": step})
        assert error.value.field == "freshness"
