"""Which papers a list of references names, in every format, and what a hostile one costs."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import rispy

from server.errors import Invalid, TooLarge
from server.services import references
from server.services.references import read_references


def papers(text: str, style: str) -> list[str]:
    return list(read_references(text, style).papers)


def unreadable(text: str, style: str) -> list[int]:
    return [line for line, _ in read_references(text, style).unreadable]


def test_ids_are_found_in_any_text() -> None:
    text = """2401.00001, arXiv:2401.00002v3; https://arxiv.org/abs/2401.00003
    - [A title](https://arxiv.org/pdf/2401.00004v2.pdf) and (https://huggingface.co/papers/2401.00005).

    Smith et al., arXiv: 2401.00006 [cs.LG], see also hep-th/9901001 and math.GT/0309136
    https://doi.org/10.48550/arXiv.2401.00007 doi:10.1145/3292500.3330701
    nothing here
    2401.00001"""
    assert papers(text, "ids") == [
        *(f"2401.{number:05d}" for number in range(1, 7)), "hep-th/9901001", "math/0309136", "2401.00007",
    ]  # fmt: skip
    assert unreadable(text, "ids") == [6]
    assert papers("\ufeff2401.00001\r\n2401.00002", "ids") == ["2401.00001", "2401.00002"]


BIBTEX = r"""
@comment{jabref-meta: x}
@string{corr = "CoRR"}
@misc{vaswani, title = {Attention {Is} All, arXiv:1111.11111}, eprint = {1706.03762}, archiveprefix = {arXiv},
  primaryclass={cs.CL}}
@article{dblp, journal = corr, volume = {abs/2401.00002}, title = "x", year = 2024}
@article{scholar, journal={arXiv preprint arXiv:2401.00003}, year={2024}}
@article{zotero, number = {arXiv:2401.00004}, publisher = {arXiv}, doi = {10.48550/arXiv.2401.00004}, abstract = {As
  arXiv:2222.22222 shows}}
@online{biblatex, eprint = {hep-th/9901001}, eprinttype = {arXiv}}
@misc{old, eprint = {0309136}, archivePrefix = {arXiv}, primaryClass = {math.GT}}
@article{url, url = {https://arxiv.org/abs/2401.00005v2}, pages = {1234.56789}}
@misc{url, howpublished = {\url{https://arxiv.org/pdf/2401.00006}}}
@article{jstor, eprint = {2401.00009}, eprinttype = {jstor}, title = {Elsewhere}}
@article{twice, doi = {10.1/x}, doi = {10.48550/arXiv.2401.00007}}
@article{broken, title = {no end,
"""


def test_bibtex_of_every_maker() -> None:
    assert papers(BIBTEX, "bibtex") == [
        "1706.03762", "2401.00002", "2401.00003", "2401.00004", "hep-th/9901001", "math/0309136", "2401.00005",
        "2401.00006", "2401.00007",
    ]  # fmt: skip
    lines = BIBTEX.splitlines()
    told = [(lines[line - 1].split(",")[0], reason) for line, reason in read_references(BIBTEX, "bibtex").unreadable]
    assert told == [
        ("@article{jstor", "“jstor” names no arXiv paper."),
        ("@article{broken", "Not a whole BibTeX entry: a bracket, a comma or a quote is missing."),
    ]


RIS = """TY  - GEN
TI  - On arXiv:1111.11111
DO  - 10.48550/arXiv.2401.00001
AB  - As arXiv:2222.22222 shows
ER  -

TY  - JOUR
T1  - A
UR  - http://example.org/x
UR  - http://arxiv.org/abs/2401.00002
ER  -
TY  - JOUR
TI  - Elsewhere
DO  - 10.1/2401.00003
ER  -
TY  - GEN
M1  - arXiv:2401.00004
N1  - arXiv:2401.00004 [cs]
ER  -
AU  - Nobody
ER  -
TY  - GEN
UR  - http://arxiv.org/abs/2401.00005
""".replace("ER  -\n", "ER  - \n")  # as Zotero writes it


def test_ris_record_by_record() -> None:
    found = read_references(RIS, "ris")
    assert list(found.papers) == ["2401.00001", "2401.00002", "2401.00004"]
    lines = RIS.splitlines()
    assert [(lines[line - 1], reason.split(":")[0]) for line, reason in found.unreadable] == [
        ("TY  - JOUR", "“Elsewhere” names no arXiv paper."),
        ("AU  - Nobody", "Not a RIS record"),
        ("TY  - GEN", "Not a whole RIS record"),
    ]
    assert papers(RIS.replace("\n", "\r\n"), "ris") == list(found.papers)


def test_zoteros_own_exports_are_told_apart() -> None:
    items = [
        {"id": "x", "type": "article", "number": "arXiv:2401.00001", "title": "On arXiv:1111.11111"},
        {"URL": "http://arxiv.org/abs/2401.00002", "abstract": "arXiv:2222.22222", "issued": {"date-parts": [[2024]]}},
        {"title": "A book", "ISBN": "2401.00003"},
        "odd",
    ]
    found = read_references(json.dumps(items), "zotero")
    assert list(found.papers) == ["2401.00001", "2401.00002"]
    assert found.told() == [
        {"line": 3, "reason": "“A book” names no arXiv paper."},
        {"line": 4, "reason": "Not an object."},
    ]
    assert papers(BIBTEX, "zotero") == papers(BIBTEX, "bibtex")
    assert papers(f"\ufeff{RIS}", "zotero") == papers(RIS, "ris")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        *(("", style) for style in ("bibtex", "ris", "zotero")),
        ("hello", "bibtex"),
        *((text, "zotero") for text in ("[", "{}", "[" * 99_999)),
    ],
)
def test_what_is_not_in_the_format_is_refused(text: str, style: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_references(text, style)
    assert refused.value.field == "text"


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("x" * (references.MAX_TEXT + 1), "ids"),
        ("@a{" * 30_000, "bibtex"),
        ("@a{b," + "c=d," * 200_000, "bibtex"),
        ("\n".join(f"2401.{number:05d}" for number in range(references.MAX_PAPERS + 1)), "ids"),
    ],
)
def test_too_much_is_refused(text: str, style: str) -> None:
    with pytest.raises(TooLarge):
        read_references(text, style)


def test_what_cannot_be_read_is_told_in_bounds_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = read_references("secret words\n" * 1000, "ids")
        read_references("@article{secret, title = {", "bibtex")
    told = found.told()
    assert len(told) == references.MAX_UNREADABLE + 1
    assert told[-1] == {"line": 201, "reason": "800 more from here on name no arXiv paper."}
    assert "secret" not in caplog.text


@pytest.mark.parametrize("tag", ["AB", "DO", "UR", "ZZ", "TY"])
@pytest.mark.parametrize("lines", [100, 10_000])
def test_a_field_of_many_lines_is_put_together_once(tag: str, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = 0
    join = rispy.RisParser._add_single_value

    def count(parser: rispy.RisParser, record: dict[str, Any], name: str, value: Any, is_multi: bool = False) -> None:
        nonlocal copied
        copied += len(str(record.get(name, "")))
        join(parser, record, name, value, is_multi)

    monkeypatch.setattr(rispy.RisParser, "_add_single_value", count)
    text = f"TY  - JOUR\n{tag}  - \n" + "x\n" * lines + "UR  - https://arxiv.org/abs/2401.00001\nER  - \n"
    assert papers(text, "ris") == ["2401.00001"]
    assert copied <= len(text)


def test_a_ris_field_goes_on_over_lines() -> None:
    text = "TY  - JOUR\nTI  - A title\n  of three\n\nlines\nN1  - See\n  arXiv:\n2401.00001\nER  - \n"
    assert papers(text, "ris") == ["2401.00001"]
    told = read_references(text.replace("2401.00001", "none"), "ris").told()
    assert told == [{"line": 1, "reason": "“A title of three lines” names no arXiv paper."}]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (r"\ud800", "Names no arXiv paper."),
        (r"a\udfff\u0000b", "“ab” names no arXiv paper."),
        (r"\u001b[2J\u202eback\uffff", "“[2Jback” names no arXiv paper."),
        (r"\ud83d\ude00 on\ntwo lines", "“😀 on two lines” names no arXiv paper."),
    ],
)
def test_what_json_escapes_can_be_told(written: str, told: str) -> None:
    found = read_references(f'[{{"title": "{written}"}}, {{"title": "a", "archiveID": "arXiv:2401.55555"}}]', "zotero")
    assert found.told() == [{"line": 1, "reason": told}]
    assert list(found.papers) == ["2401.55555"]
    assert read_references(f'[{{"title": ["{written}"]}}]', "zotero").told()[0]["reason"] == "Names no arXiv paper."
