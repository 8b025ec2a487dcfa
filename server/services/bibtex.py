"""Papers as BibTeX. Text stays Unicode; LaTeX's own characters are escaped, and what sources write in TeX is kept.

Keys are the first author and the paper's id: unique, and the same whatever else is exported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from server.services.person_names import PersonName, is_collective, names_of, split_name

Entry = Mapping[str, Any]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPECIAL = {
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    # BibTeX counts braces, escaped ones too.
    "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
}  # fmt: skip
_ESCAPES = str.maketrans(_SPECIAL)
_ESCAPES_OUTSIDE_BRACES = str.maketrans({letter: text for letter, text in _SPECIAL.items() if letter not in "{}"})
# TeX that listings have in titles: accents, letters, escaped characters, fonts. Anything else may not be defined.
_KNOWN = re.compile(
    r"""\\(?:["'`^~=.](?=[A-Za-z{\\])|[&%$#_]|(?:[cvuHkrbdtijoOlL]|ss|ae|AE|oe|OE|aa|AA|emph|text(?:it|bf|sc|tt|rm|sf))(?![A-Za-z]))"""
)
# As Pandoc reads it: "$5 and $10" is no mathematics.
_MATH = re.compile(r"(?<!\\)\$(?=[^\s$])([^$]{1,1000})(?<=[^\s\\])\$(?!\d)")
_MATH_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|[&%#]")
# Commands that mathematics keeps: they draw, and neither read, write nor define. `^^5c` would be a backslash.
_MATH_NAMES = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi pi varpi
    rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi
    Psi Omega aleph beth hbar hslash imath jmath ell wp Re Im mho partial infty prime emptyset varnothing nabla surd
    top bot angle triangle square Box Diamond forall exists nexists neg lnot flat natural sharp clubsuit diamondsuit
    heartsuit spadesuit sum prod coprod int iint iiint oint bigcap bigcup bigsqcup bigvee bigwedge bigodot bigotimes
    bigoplus biguplus pm mp times div cdot ast star circ bullet cap cup uplus sqcap sqcup vee wedge lor land
    setminus wr diamond oplus ominus otimes oslash odot dagger ddagger amalg ltimes rtimes rightthreetimes boxtimes
    boxplus leq le leqslant geq ge geqslant ll gg equiv sim simeq approx approxeq cong neq ne doteq propto asymp
    prec succ preceq succeq subset supset subseteq supseteq subsetneq supsetneq in ni notin vdash dashv models perp
    mid nmid parallel nparallel bowtie lesssim gtrsim triangleq coloneqq not leftarrow rightarrow to gets
    leftrightarrow Leftarrow Rightarrow Leftrightarrow uparrow downarrow updownarrow mapsto longmapsto
    longrightarrow longleftarrow Longrightarrow implies iff hookrightarrow hookleftarrow rightharpoonup
    rightleftharpoons nearrow searrow swarrow nwarrow rightsquigarrow twoheadrightarrow leadsto circlearrowleft frac
    dfrac tfrac binom sqrt overline underline overbrace underbrace overset underset stackrel overrightarrow hat
    widehat check breve acute grave tilde widetilde bar vec dot ddot mathring left right middle big Big bigg Bigg
    bigl bigr Bigl Bigr biggl biggr lvert rvert lVert rVert vert Vert langle rangle lceil rceil lfloor rfloor lbrace
    rbrace lbrack rbrack backslash arccos arcsin arctan arg cos cosh cot csc deg det dim exp gcd hom inf ker lg lim
    liminf limsup ln log max min Pr sec sin sinh sup tan tanh bmod pmod mod operatorname limits nolimits
    displaystyle textstyle scriptstyle ldots cdots vdots ddots dots quad qquad enspace thinspace degree mathbb
    mathbf mathcal mathfrak mathit mathnormal mathrm mathscr mathsf mathtt boldsymbol bm bf cal it rm sf tt em text
    textbf textit textrm textsc textsf texttt textsuperscript textsubscript emph mbox ensuremath
"""
_MATH_COMMANDS = frozenset(_MATH_NAMES.split()) | set(",;:! {}%&#_$|>")
_OPENING, _CLOSING = "([“\"'‘", ")]”\"'’:;,.?!"  # around a word
_ASCII = str.maketrans({"ø": "o", "ß": "ss", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "þ": "th", "ð": "d"})


def bibtex(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield entries of a library as pieces of a BibTeX file."""
    for entry in entries:
        yield _entry(entry) + "\n"


def key(paper: Mapping[str, Any]) -> str:
    """Return the citation key of a paper, such as `vaswani-1706.03762`."""
    names = names_of(paper)
    last = split_name(names[0]).last if names else ""
    letters = unicodedata.normalize("NFKD", last.lower().translate(_ASCII))
    return f"{re.sub(r'[^a-z0-9]', '', letters)[:40] or 'arxiv'}-{paper['id'].replace('/', '-')}"


def _entry(entry: Entry) -> str:
    paper = entry["paper"]
    fields = {**_fields(paper), **_own_words(entry)}
    lines = [f"  {name} = {value}," for name, value in fields.items() if value not in ("", "{}")]
    kind = "article" if paper.get("journal_ref") else "misc"
    return "\n".join([f"@{kind}{{{key(paper)},", *lines, "}", ""])


def _fields(paper: Mapping[str, Any]) -> dict[str, str]:
    published = paper["published_at"]
    plain = {
        "eprint": paper["id"],
        "archivePrefix": "arXiv",
        "primaryClass": next(iter(paper["categories"]), ""),
        "doi": paper.get("doi") or "",
        "url": paper["url"],
    }
    return {
        "title": f"{{{title(paper['title'] or '') or 'arXiv:' + paper['id']}}}",
        "author": f"{{{' and '.join(_author(name) for name in names_of(paper))}}}",
        "journal": f"{{{latex(paper.get('journal_ref') or '')}}}",
        "year": f"{{{published[:4]}}}" if published else "",
        "month": MONTHS[int(published[5:7]) - 1] if published else "",
        # Addresses and numbers are read as they are, not as TeX.
        **{name: "{" + re.sub(r"[{}\s\\]", "", value) + "}" for name, value in plain.items()},
        "abstract": f"{{{latex(paper['abstract'] or '')}}}",
    }


def _own_words(entry: Entry) -> dict[str, str]:
    """Return the reader's tags and note; `annote` is not printed in a bibliography, as `note` is."""
    tags = ", ".join(entry.get("tags") or ())
    return {
        "keywords": f"{{{_escaped(_line(tags))}}}",
        "annote": f"{{{_escaped(_line(entry.get('note') or ''))}}}",
    }


def latex(text: str) -> str:
    """Return a source's text for LaTeX: mathematics and known TeX stay, all else is escaped."""
    return "".join(piece for _, piece in _pieces(_line(text)))


def title(text: str) -> str:
    """Return a title for LaTeX, with braces around words whose capitals a style must not take away."""
    pieces = _pieces(_line(text))
    if any(kind == "text" and re.search(r"(?<!\\text)[{}]", _without_macros(piece)) for kind, piece in pieces):
        return "".join(piece for _, piece in pieces)  # the source has braces of its own
    return "".join(
        piece if kind == "math" else re.sub(r"\S+", lambda word: _protected(word[0]), piece) for kind, piece in pieces
    )


def _without_macros(escaped: str) -> str:
    return re.sub(r"\\text[a-z]{1,20}\{\}", "", escaped)


def _protected(word: str) -> str:
    """Return a word in braces if it has capitals in it: BERT, LLaMA, GPT-4, T5."""
    inner = word.lstrip(_OPENING).rstrip(_CLOSING)
    if not any(_has_capital_inside(part) for part in inner.split("-")):
        return word
    before, _, after = word.partition(inner)
    return f"{before}{{{inner}}}{after}"


def _has_capital_inside(part: str) -> bool:
    letters = [letter for letter in part if letter.isalnum()]
    capitals = [place for place, letter in enumerate(letters) if letter.isupper()]
    return any(capitals) or (bool(capitals) and any(letter.isdigit() for letter in letters))


def _author(name: str) -> str:
    text = latex(name)
    if is_collective(name):
        return f"{{{text}}}"
    parts = split_name(name)
    if parts.suffix or "," in name:
        return latex(_inverted(parts))
    return text


def _inverted(parts: PersonName) -> str:
    last = f"{parts.particle} {parts.last}".strip()
    return ", ".join(part for part in (last, parts.suffix, parts.first) if part)


def _line(text: str) -> str:
    """Return a text on one line, without control characters."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Return (kind, LaTeX) of the pieces of a text: mathematics that only draws as it is, and all else escaped."""
    found: list[tuple[str, str]] = []
    keep_braces = _is_balanced(text)
    end = 0
    for math in _MATH.finditer(text):
        if _is_balanced(math[1]) and _only_draws(math[1]):
            inside = _MATH_TOKEN.sub(lambda token: _SPECIAL.get(token[0], token[0]), math[1])
            found += [("text", _tex(text[end : math.start()], keep_braces)), ("math", f"${inside}$")]
            end = math.end()
    return [*found, ("text", _tex(text[end:], keep_braces))]


def _only_draws(math: str) -> bool:
    """Return whether mathematics has no command but those known to be harmless."""
    tokens = (token[0] for token in _MATH_TOKEN.finditer(math))
    return "^^" not in math and all(token in _SPECIAL or token[1:] in _MATH_COMMANDS for token in tokens)


def _tex(text: str, keep_braces: bool) -> str:
    """Return text escaped, but for TeX that is known, and for braces where they are in pairs."""
    out, end = [], 0
    for macro in _KNOWN.finditer(text):
        out += [_escape_some(text[end : macro.start()], keep_braces), macro[0]]
        end = macro.end()
    return "".join([*out, _escape_some(text[end:], keep_braces)])


def _escape_some(text: str, keep_braces: bool) -> str:
    return text.translate(_ESCAPES_OUTSIDE_BRACES if keep_braces else _ESCAPES)


def _is_balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
