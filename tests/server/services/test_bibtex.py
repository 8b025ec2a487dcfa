"""BibTeX, read back by two real parsers."""

from __future__ import annotations

import re
import warnings
from typing import Any

import bibtexparser
import pytest
from pylatexenc.latex2text import LatexNodes2Text

from server.services.bibtex import bibtex, key, latex, title
from server.services.person_names import names_of
from tests.server.services.library_entries import HOSTILE, REAL, entry, real_entries

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pybtex.database import BibliographyData, Person, parse_string

needs_papers = pytest.mark.skipif(not REAL.exists(), reason=f"the real papers are not at {REAL}")


def read(entries: list[dict[str, Any]]) -> tuple[BibliographyData, Any]:
    """Read a file by both parsers; both find one entry a paper and nothing that is broken."""
    text = "".join(bibtex(entries))
    found = parse_string(text, "bibtex")
    library = bibtexparser.parse_string(text)
    assert library.failed_blocks == []
    assert not library.comments
    assert not library.strings
    assert not library.preambles
    assert [one.key for one in library.entries] == [key(one["paper"]) for one in entries]
    assert list(found.entries) == [key(one["paper"]) for one in entries]
    for one in library.entries:
        fields = found.entries[one.key].fields
        for name in ("title", "eprint", "url", "abstract", "keywords", "annote"):
            theirs = one.fields_dict[name].value if name in one.fields_dict else None
            assert squeezed(theirs) == squeezed(fields.get(name)), name
    return found, library


def squeezed(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def shown(text: str) -> str:
    """What LaTeX makes of a field, mathematics left as it is."""
    # A reader of LaTeX that does not know these two by their long names.
    text = text.replace(r"\textbraceleft{}", r"\{").replace(r"\textbraceright{}", r"\}")
    plain = LatexNodes2Text(math_mode="verbatim").latex_to_text(text).replace("ˆ", "^")
    return " ".join(plain.split())


@pytest.mark.slow
@needs_papers
def test_a_hundred_real_papers_come_back_as_they_were() -> None:
    entries = real_entries()[:100]
    found, _ = read(entries)
    for one in entries:
        paper, back = one["paper"], found.entries[key(one["paper"])]
        # Two hyphens are a dash, as LaTeX has it.
        assert shown(back.fields["title"]) == " ".join(paper["title"].replace("--", "–").split())
        assert back.fields["eprint"] == paper["id"]
        assert back.fields["url"] == paper["url"]
        assert back.fields["year"] == paper["published_at"][:4]
        names = [shown(str(person).replace("{", "").replace("}", "")) for person in back.persons["author"]]
        assert len(names) == len(names_of(paper))
        for name, wanted in zip(back.persons["author"], names_of(paper), strict=True):
            parts = [*name.first_names, *name.middle_names, *name.prelast_names, *name.last_names, *name.lineage_names]
            assert shown(" ".join(parts)).replace(",", "") == wanted.replace(",", "")


@pytest.mark.slow
@needs_papers
def test_every_real_paper_is_read_by_both() -> None:
    entries = real_entries()
    assert len(entries) > 700
    read(entries)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_its_field(text: str) -> None:
    hostile = entry(
        "hep-th/9901001",
        text,
        abstract=text,
        authors=[text, "Ada Lovelace"],
        categories=[text],
        tags=[text],
        note=text,
        doi=text,
        journal_ref=text,
    )
    before, after = entry("2401.00002", "Before"), entry("2401.00003", "After")
    found, _ = read([before, hostile, after])
    assert found.entries[key(after["paper"])].fields["title"] == "After"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_note_comes_back_letter_by_letter(text: str) -> None:
    found, _ = read([entry(note=text)])
    wanted = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    assert shown(found.entries["arxiv-2401.00001"].fields.get("annote", "")) == wanted


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("R&D at 100% for $5 and $10", r"R\&D at 100\% for \$5 and \$10"),
        ("E^2 and a_b~c", r"E\textasciicircum{}2 and a\_b\textasciitilde{}c"),
        ("PanGu-$\\pi$ at 5%", r"PanGu-$\pi$ at 5\%"),
        ("Schr\\\"odinger's $\\alpha$-\\textit{cat}", "Schr\\\"odinger's $\\alpha$-\\textit{cat}"),
        (r"\aka known as \input{x}", r"\textbackslash{}aka known as \textbackslash{}input{x}"),
        (r"10\% of \{", r"10\% of \textbackslash{}\textbraceleft{}"),
        ("a { b", r"a \textbraceleft{} b"),
    ],
)
def test_latexs_own_characters_are_escaped_and_known_tex_is_kept(written: str, made: str) -> None:
    assert latex(written) == made


@pytest.mark.parametrize(
    "math",
    [
        r"\input{/etc/passwd}",
        r"\input /etc/passwd ",
        r"x^2 + \include{y}",
        r"\begin{input}{/etc/passwd}\end{input}",
        r"\immediate\write18{rm -rf .}",
        r"\openin5=/etc/passwd \read5 to\x",
        r"\csname input\endcsname{x}",
        r"\catcode`\@=0",
        r"\def\alpha{x}",
        r"\let\alpha\input",
        r"\gdef\a{}",
        r"\special{x}",
        r"\lstinputlisting{x}",
        r"\directlua{x}",
        r"\href{javascript:x}{y}",
        r"\alpha\expandafter\x",
        "^^5cinput{x}",
        "^^\\alpha",
        r"\@input{x}",
        r"\\input{x}",
        r"\\% the rest",
        r"\αinput",
    ],
)
def test_mathematics_only_draws(math: str) -> None:
    for text in (f"${math}$", f"On ${math}$ and $x$"):
        for made in (latex(text), title(text)):
            kept = re.findall(r"(?<!\\)\$[^$]*(?<!\\)\$", made)
            assert kept in ([], ["$x$"])
            commands = set(re.findall(r"\\([A-Za-z]+|.)", made))
            assert commands <= {"textbackslash", "textasciicircum", "alpha", *"$%_&#`="}
            assert not re.search(r"\^\^|(?<!\\)%", made)
    read([entry(title=f"${math}$", abstract=f"On ${math}$")])


@pytest.mark.parametrize(
    "math",
    [
        r"\alpha_{i}^2 \leq 5\%",
        r"\mathcal{O}(n \log n)",
        r"\sqrt{\frac{1}{2}}\,\mathbf{x}",
        r"\{a\mid b\}",
        r"3.2\times 10^{-4}",
        r"\left\lVert x\right\rVert_\infty \to 0",
    ],
)
def test_mathematics_that_draws_is_kept(math: str) -> None:
    assert latex(f"Of ${math}$") == f"Of ${math}$"
    assert latex("$a%b&c$ and $a\\%b$") == r"$a\%b\&c$ and $a\%b$"


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("Attention Is All You Need", "Attention Is All You Need"),
        ("BERT: Pre-training of Deep Transformers", "{BERT}: Pre-training of Deep Transformers"),
        ("LLaMA and GPT-4 (LLMs), T5", "{LLaMA} and {GPT-4} ({LLMs}), {T5}"),
        ("E^2-LLM", r"{E\textasciicircum{}2-LLM}"),
        ("The {BERT} of NLP", "The {BERT} of NLP"),
        ("$X$-ray of A Thing", "$X$-ray of A Thing"),
    ],
)
def test_capitals_that_mean_something_are_protected(written: str, made: str) -> None:
    assert title(written) == made


@pytest.mark.parametrize(
    ("name", "last", "particle", "first"),
    [
        ("Laurens van der Maaten", "Maaten", "van der", "Laurens"),
        ("Charles de la Vallée Poussin", "Vallée Poussin", "de la", "Charles"),
        ("Robert Downey Jr.", "Downey", "", "Robert"),
        ("Maaten, Laurens van der", "Maaten", "", "Laurens van der"),
        ("Ğülşen Çelik-Öztürk", "Çelik-Öztürk", "", "Ğülşen"),
        ("李飞飞", "李飞飞", "", ""),
    ],
)
def test_a_parser_finds_the_parts_of_a_name(name: str, last: str, particle: str, first: str) -> None:
    found, _ = read([entry(authors=[name])])
    person = next(iter(found.entries.values())).persons["author"][0]
    parts = (person.last_names, person.prelast_names, [*person.first_names, *person.middle_names])
    assert tuple(" ".join(words) for words in parts) == (last, particle, first)


@pytest.mark.parametrize("name", ["The ATLAS Collaboration", "Gemma Team", "Black and White", "others", "A, B, C, D"])
def test_a_team_is_one_author(name: str) -> None:
    found, _ = read([entry(authors=[name, "Ada Lovelace"])])
    persons = next(iter(found.entries.values())).persons["author"]
    assert persons == [Person("{" + name + "}"), Person("Ada Lovelace")]


def test_a_key_is_the_papers_own_whatever_else_is_exported() -> None:
    same = [entry(f"2401.{number:05d}", authors=["Jörg Müller-Ünal"]) for number in range(3)]
    keys = [key(one["paper"]) for one in same]
    assert keys == [f"mullerunal-2401.{number:05d}" for number in range(3)]
    assert key(entry("hep-th/9901001", authors=["李飞飞"])["paper"]) == "arxiv-hep-th-9901001"
    assert key(entry(authors=["Søren Ø. Løvstrøm"])["paper"]) == "lovstrom-2401.00001"
    assert all(re.fullmatch(r"[a-z0-9]+-[\w.-]+", key(entry(authors=[text])["paper"])) for text in HOSTILE)


def test_what_is_known_of_a_paper_is_in_its_entry() -> None:
    known = entry(
        "2401.00001",
        "On Things",
        authors=["Ada Lovelace"],
        categories=["cs.LG", "stat.ML"],
        doi="10.1000/xyz_1",
        tags=["to cite", "R&D"],
        note="for 50% of it",
    )
    text = "".join(bibtex([known]))
    for line in (
        "@misc{lovelace-2401.00001,",
        "  month = jan,",
        "  eprint = {2401.00001},",
        "  archivePrefix = {arXiv},",
        "  primaryClass = {cs.LG},",
        "  doi = {10.1000/xyz_1},",
        r"  keywords = {to cite, R\&D},",
        r"  annote = {for 50\% of it},",
    ):
        assert line in text.splitlines()
    assert "".join(bibtex([entry(journal_ref="Phys. Rev. D 76 (2007)")])).startswith("@article{")
    bare = "".join(bibtex([entry(title=None, published_at=None)]))
    assert bare.splitlines()[1] == "  title = {arXiv:2401.00001},"
    assert "year" not in bare
    assert "author" not in bare
