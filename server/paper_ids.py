"""Paper ids: one canonical spelling for each paper, whatever form it was written in. Pure.

Only the form is checked, not the date: `9912.00001` is well-formed. `extension/src/paper-ids.js` accepts the same forms
by the same patterns; `tests/contract/ids.json` has the cases for both.
"""

from __future__ import annotations

import re

from server.errors import BadPaperId

MAX_LENGTH = 300
_FLAGS = re.ASCII | re.IGNORECASE

# Spelled out, because `\s` differs between Python and JavaScript.
_SPACE = "[\t-\r \u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]"
_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"([a-z][a-z-]{0,30})(?:\.[a-z-]{2,})?/(\d{7})"
_ID = rf"(?:({_NEW})|{_OLD})(?:{_SPACE}*v\d+)?"
_DOI = r"10\.48550/arxiv\."
# What may precede an id: `arXiv:`, as in reference lists and search results, or a DOI's prefix.
_CITED = rf"(?:(?:arxiv|corr){_SPACE}+)?(?:preprint{_SPACE}+)?(?:arxiv(?::|{_SPACE})|abs/)"
_LABEL = rf"(?:{_CITED}|(?:doi:{_SPACE}*)?{_DOI}){_SPACE}*"
# What follows the id in arXiv's own stamp: `[cs.LG] 20 Jan 2024`.
_DATE = rf"{_SPACE}+\d{{1,2}}{_SPACE}+[a-z]{{3,9}}{_SPACE}+\d{{4}}"
_STAMP = rf"{_SPACE}*[\[(][a-z-]+(?:\.[a-z-]+)?[\])](?:{_DATE})?"
_BARE = re.compile(rf"(?:{_LABEL})?{_ID}(?:{_STAMP})?", _FLAGS)
_CANONICAL = re.compile(rf"(?:{_NEW}|[a-z][a-z-]{{0,30}}/\d{{7}})", re.ASCII)
_WRAPPED = re.compile(r"""\[([^\[\]]*)\]|\(([^()]*)\)|<([^<>]*)>|\{([^{}]*)\}|"([^"]*)"|'([^']*)'|“([^“”]*)”""")
_ENDS = re.compile(rf"^{_SPACE}+|(?<!{_SPACE}){_SPACE}*(?:[.,;]{_SPACE}*)?\Z")

_ADDRESS = re.compile(r"(?:(?:https?:)?//)?([a-z0-9.-]+)(?::\d{1,5})?/+([^?#]*)(?:[?#].*)?", _FLAGS | re.DOTALL)
# Host -> what precedes an id in its paths. Subdomains such as www or export are accepted.
_PLACES = {
    "arxiv.org": "(?:abs|pdf|html|format|e-print|src|ps)/+",
    "ar5iv.org": "(?:abs|pdf|html)/+",
    "alphaxiv.org": "(?:[a-z]{2}/+)?(?:abs|pdf|html|overview|resources)/+",
    "huggingface.co": "(?:[a-z]{2}/+)?papers/+",
    "hf.co": "(?:[a-z]{2}/+)?papers/+",
    "doi.org": _DOI,
}
_PATHS = {host: re.compile(rf"{before}{_ID}(?:\.pdf|\.md)?(?:{_SPACE}|/)*", _FLAGS) for host, before in _PLACES.items()}
_ESCAPE = re.compile("%([2-7][0-9a-f])", _FLAGS)


def canonical(written: str) -> str:
    """Return the canonical id in a bare id, an `arXiv:` form, a DOI or an abs/pdf/html/alphaXiv/Hugging Face address.

    Raises BadPaperId when there is none.
    """
    if is_canonical(written):
        return written
    text = _unwrapped(written) if len(written) <= MAX_LENGTH else ""
    found = _BARE.fullmatch(text) or _in_address(text)
    if found is None:
        raise BadPaperId(
            "Not a paper id; write one such as 2401.12345, hep-th/9901001 or an arXiv address.", field="id"
        )
    return found[1] or f"{found[2].lower()}/{found[3]}"


def is_canonical(text: str) -> bool:
    """Whether `text` is a canonical id."""
    return _CANONICAL.fullmatch(text) is not None


def web_address(paper_id: str) -> str:
    """Return the public address of the paper."""
    return f"https://arxiv.org/abs/{paper_id}"


def pdf_address(paper_id: str) -> str:
    """Return the address of the paper as a PDF."""
    return f"https://arxiv.org/pdf/{paper_id}"


def _unwrapped(written: str) -> str:
    """Return the text without brackets or quotes around it and without trailing punctuation."""
    text = _ENDS.sub("", written)
    wrapped = _WRAPPED.fullmatch(text)
    return _ENDS.sub("", wrapped[wrapped.lastindex or 0]) if wrapped else text


def _in_address(text: str) -> re.Match[str] | None:
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return None
    host, path = address[1].lower(), _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), address[2])
    place = next((name for name in _PATHS if host == name or host.endswith(f".{name}")), None)
    return _PATHS[place].fullmatch(path) if place else None
