"""Paper ids: one spelling for each paper, whatever form it was written in. Pure, and about form alone.

No date is judged: `9912.00001` is a well-formed id. The table of cases that this file and the extension's share is
`tests/contract/ids.json`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from server.errors import BadPaperId

MAX_LENGTH = 300
_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"([a-z][a-z-]{0,30})(?:\.[a-z-]{2,})?/(\d{7})"
_VERSION = r"(?:v\d+)?"
_ID = re.compile(rf"(?:({_NEW})|{_OLD}){_VERSION}", re.ASCII | re.IGNORECASE)
_CANONICAL = re.compile(rf"(?:{_NEW}|[a-z][a-z-]{{0,30}}/\d{{7}})", re.ASCII)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
# Host -> the folders under which it shows a paper. A subdomain such as www or export changes nothing.
_PLACES = {
    "arxiv.org": ("abs", "pdf", "html", "format", "e-print", "src", "ps"),
    "alphaxiv.org": ("abs", "pdf", "overview", "html"),
    "huggingface.co": ("papers",),
    "hf.co": ("papers",),
    "hf.com": ("papers",),
}


def canonical(written: str) -> str:
    """Return the canonical id in a bare id, an `arXiv:` form or an abs/pdf/html/alphaXiv/Hugging Face address.

    Raises BadPaperId when there is none.
    """
    written = written.strip() if len(written) <= MAX_LENGTH else ""
    found = _ID.fullmatch(written) or _ID.fullmatch(_bare(written))
    if found is None:
        raise BadPaperId(
            "Not a paper id; write one such as 2401.12345, hep-th/9901001 or an arXiv address.", field="id"
        )
    return found[1] or f"{found[2].lower()}/{found[3]}"


def is_canonical(text: str) -> bool:
    """Whether `text` is already spelled as the canonical id."""
    return _CANONICAL.fullmatch(text) is not None


def web_address(paper_id: str) -> str:
    """Return the address at which anybody can read the paper."""
    return f"https://arxiv.org/abs/{paper_id}"


def _bare(written: str) -> str:
    """Return what is left of an id without its `arXiv:` or the address around it."""
    if written[:6].lower() == "arxiv:":
        return written[6:].strip()
    if _ADDRESS.match(written) or re.match(r"[a-z.]+\.(?:org|com|co)/", written, re.IGNORECASE):
        return _from_address(written)
    return written


def _from_address(written: str) -> str:
    try:
        parts = urlsplit(written if _ADDRESS.match(written) else f"https://{written}")
        host = (parts.hostname or "").lower() if parts.port != 0 else ""
    except ValueError:
        return ""
    for name, folders in _PLACES.items():
        folder, _, rest = unquote(parts.path).strip("/").partition("/")
        if (host == name or host.endswith("." + name)) and folder.lower() in folders:
            return re.sub(r"\.(?:pdf|md)$", "", rest, flags=re.IGNORECASE)
    return ""
