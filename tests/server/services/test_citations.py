"""RIS, CSV and JSON, read back by what reads such files."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import rispy

from server.characters import for_terminal, one_line
from server.services.citations import COLUMNS, FORMATS, plain, ris, table
from server.services.person_names import names_of
from tests.server.services.library_entries import HOSTILE, REAL, entry, real_entries

needs_papers = pytest.mark.skipif(not REAL.exists(), reason=f"the real papers are not at {REAL}")


def read_ris(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rispy.loads("".join(ris(entries)))
    assert len(found) == len(entries)
    assert all("unknown_tag" not in one for one in found)
    return found


@needs_papers
def test_a_hundred_real_papers_pass_a_reader_of_ris() -> None:
    entries = real_entries()[:100]
    for one, back in zip(entries, read_ris(entries), strict=True):
        paper = one["paper"]
        assert back["title"] == " ".join(paper["title"].split())
        assert back["abstract"] == " ".join(paper["abstract"].split())
        assert (back["urls"], back["year"]) == ([paper["url"]], paper["published_at"][:4])
        assert len(back["authors"]) == len(names_of(paper))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_its_line(text: str) -> None:
    hostile = entry("2401.00001", text, abstract=text, authors=[text], tags=[text], note=text, doi=text)
    found = read_ris([hostile, entry("2401.00002", "After")])
    assert found[0]["title"] == (one_line(text) or "arXiv:2401.00001")
    assert found[1]["title"] == "After"


def test_ris_has_names_and_words_as_its_readers_want_them() -> None:
    one = entry(
        authors=["Laurens van der Maaten", "Sammy Davis Jr.", "Gemma Team"],
        tags=["a", "b c"],
        note="mine",
        doi="10.1/x",
        journal_ref="J 1",
    )
    back = read_ris([one])[0]
    assert back["authors"] == ["van der Maaten, Laurens", "Davis, Sammy, Jr.", "Gemma Team"]
    assert (back["keywords"], back["notes"], back["doi"]) == (["a", "b c"], ["mine"], "10.1/x")
    assert (back["type_of_reference"], read_ris([entry()])[0]["type_of_reference"]) == ("JOUR", "UNPB")


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_is_read_back(text: str) -> None:
    one = entry(title=text, authors=[text, "Ada Lovelace"], tags=["x", text], note=text, read=True)
    rows = list(csv.DictReader(io.StringIO("".join(table([one, entry("2401.00002")])), newline="")))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["id"] for row in rows] == ["2401.00001", "2401.00002"]
    assert rows[0]["title"].removeprefix("'").replace("\n'", "\n") == for_terminal(text)
    assert rows[0]["note"].removeprefix("'").replace("\n'", "\n") == for_terminal(text)
    assert (rows[0]["read"], rows[1]["read"]) == ("yes", "no")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\n@", "\r+", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(start: str) -> None:
    text = start + "HYPERLINK(1)"
    one = entry(title=text, abstract=text, authors=[text], categories=[text], tags=[text], note=text, doi=text)
    rows = list(csv.reader(io.StringIO("".join(table([one])), newline="")))
    cells = [cell for cell in rows[1] if "HYPERLINK" in cell]
    assert len(cells) >= 6
    for cell in cells:
        assert cell.startswith("'") or cell[0].isalnum() or text.split()[0] not in cell[:1]
        assert cell.lstrip()[0] not in "=+-@＝＋－＠"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "text",
    [
        "x;=cmd|' /C calc'!A0",
        "x;=cmd|' /C calc'!A0;y",
        "x; \t@SUM(1)",
        'x;"=cmd"',
        '";=cmd',
        "x\n=cmd",
        "x\r\n-cmd",
        "x\t+cmd;＝cmd",
        "x;\x01=cmd",
        "\u200e=cmd",
    ],
)
def test_no_other_separator_finds_a_formula(text: str, separator: str) -> None:
    one = entry(title=text, abstract=text, authors=["Ada", text], categories=[text], tags=["x", text], note=text)
    written = "".join(table([one]))
    cells = [cell for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator) for cell in row]
    assert any("cmd" in cell or "SUM" in cell for cell in cells)
    assert [cell for cell in cells if cell.lstrip(' \t\r\n"')[:1] in tuple("=+-@＝＋－＠")] == []
    assert all(line.startswith('"id",') for line in written.splitlines()[:1])


def test_csv_quotes_every_field_and_alters_no_other_text() -> None:
    text = 'A = b; c-d, e+f; x@y (1 - 2) "=" z'
    row = "".join(table([entry(title=text)])).split("\r\n")[1]
    assert row.startswith('"2401.00001","A = b; c-d, e+f; x@y (1 - 2) ""="" z","",')
    assert "," not in row.replace('","', "").replace(text.replace('"', '""'), "")


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_no_text_is_in_no_file(kind: str) -> None:
    text = "A\x01 \x1b[31mred\ufffe\uffff\x7f\x9b \u202etitle"
    one = entry(title=text, abstract=text, authors=[text], tags=[text], note=text, journal_ref=text)
    written = "".join(FORMATS[kind].write([one]))
    if kind == "json":  # which says what the library says, letter by letter
        assert json.loads(written) == {"items": [one]}
    else:
        assert for_terminal(written).replace("\r", "") == written.replace("\r", "")
        assert "red" in written


def test_json_is_what_the_library_says() -> None:
    entries = [entry(title=text, note=text) for text in HOSTILE]
    assert json.loads("".join(plain(entries))) == {"items": entries}
    assert json.loads("".join(plain([]))) == {"items": []}


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_saved_is_an_empty_file(kind: str) -> None:
    text = "".join(FORMATS[kind].write(iter(())))
    assert text.count("\n") <= 1
