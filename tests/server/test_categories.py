"""arXiv's categories, in the spellings of people, of its API and of OAI-PMH."""

from __future__ import annotations

import pytest

from server.categories import covers, oai_set, parse_category


@pytest.mark.parametrize(
    ("written", "code", "named_set"),
    [
        ("cs.LG", "cs.LG", "cs:cs:LG"),
        (" CS.lg ", "cs.LG", "cs:cs:LG"),
        ("stat.ML", "stat.ML", "stat:stat:ML"),
        ("hep-th", "hep-th", "physics:hep-th"),
        ("Quant-PH", "quant-ph", "physics:quant-ph"),
        ("cond-mat.MTRL-sci", "cond-mat.mtrl-sci", "physics:cond-mat:mtrl-sci"),
        ("physics.comp-ph", "physics.comp-ph", "physics:physics:comp-ph"),
        ("physics.optics", "physics.optics", "physics:physics:optics"),
        ("astro-ph.GA", "astro-ph.GA", "physics:astro-ph:GA"),
        ("math.AG", "math.AG", "math:math:AG"),
        ("q-bio.QM", "q-bio.QM", "q-bio:q-bio:QM"),
        ("cs", "cs", "cs:cs"),
    ],
)
def test_a_category_has_one_spelling_and_one_set(written, code, named_set):
    assert parse_category(written) == code
    assert oai_set(code) == named_set


@pytest.mark.parametrize(
    "written", ["", "cs.", "cs.LG.x", "hep-th.XX", "cs LG", "biology", "cs.LG;", "ｃs.LG", "x" * 999]
)
def test_what_is_no_category_is_refused_with_an_example(written):
    with pytest.raises(ValueError, match=r"such as cs\.LG"):
        parse_category(written)


def test_an_archive_covers_its_categories_and_no_other():
    assert covers("cs", "cs.LG")
    assert covers("hep-th", "hep-th")
    assert not covers("cs", "cond-mat.soft")
    assert not covers("cs.LG", "cs.LO")
    assert not covers("math", "math-ph")
